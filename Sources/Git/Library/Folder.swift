internal import Glibc

/// The names in a folder, in no order; none where there is no such folder.
func names(in folder: String) -> [String] { entries(of: folder).map(\.name) }

/// The paths of the folders in a folder, in no order. A link to a folder is none.
func folders(in folder: String) -> [String] {
    entries(of: folder).filter { $0.kind == DT_DIR }.map { "\(folder)/\($0.name)" }
}

private func entries(of folder: String) -> [(name: String, kind: Int)] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var entries: [(name: String, kind: Int)] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { entries.append((name, Int(entry.pointee.d_type))) }
    }
    return entries
}

package import AgentProtocol
internal import Foundation
package import Model

/// The output of builds on other nodes, kept where `berth logs --build` of the controller finds it.
package actor PieceLogCopies {
    /// Files kept; the oldest go as new ones come.
    static let mostFiles = 1000
    /// Bytes of one file; what is written beyond it is left out, with a note.
    static let fullSize = 8 << 20

    private struct Copy {
        /// The number of the next line, as far as it is known.
        var next: UInt64
        var size: Int
        var isFull: Bool
    }

    private let folder: String
    private let now: @Sendable () -> Timestamp
    private var copies: [Workpiece.ID: Copy] = [:]

    package init(folder: String, now: @escaping @Sendable () -> Timestamp) {
        self.folder = folder
        self.now = now
    }

    /// Adds lines; those that begin a log begin its copy anew. What the disk does not take is lost: a log is no reason
    /// to hold up an agent.
    package func take(_ lines: AgentProtocol.LogLines, from node: NodeName) {
        let (end, isBeyond) = lines.first.addingReportingOverflow(UInt64(lines.lines.count))
        let path = "\(folder)/\(lines.piece).log"
        let isNew = lines.first == 0 || !FileManager.default.fileExists(atPath: path)
        if isNew {
            makeRoom()
            guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
            else { return }
        }
        let start = isBeyond ? 0 : lines.first
        var copy = copies[lines.piece] ?? Copy(next: start, size: Self.size(path), isFull: false)
        if isNew { copy = Copy(next: start, size: 0, isFull: false) }
        let known = Int(clamping: copy.next > lines.first ? copy.next - lines.first : 0)
        var text: [String] = []
        if isBeyond {
            text.append("(lines of \(node) are left out: no log is as long as their number says)")
        } else if lines.first > copy.next {
            text.append("(\(lines.first - copy.next) lines of \(node) were lost on the way)")
        }
        if !isBeyond {
            text += lines.lines.dropFirst(known)
            copy.next = max(copy.next, end)
        }
        defer { copies[lines.piece] = copy }
        guard !copy.isFull else { return }
        let stamp = now().iso
        var bytes = Data(text.map { "\(stamp) \(Self.visible($0))\n" }.joined().utf8)
        if copy.size + bytes.count > Self.fullSize {
            copy.isFull = true
            bytes = Data("\(stamp) (the rest is left out here; it is on \(node))\n".utf8)
        }
        if Self.append(bytes, to: path) { copy.size += bytes.count }
    }

    private static func append(_ bytes: Data, to path: String) -> Bool {
        guard let file = FileHandle(forWritingAtPath: path) else { return false }
        defer { try? file.close() }  // SAFE: what was written is there
        do {
            try file.seekToEnd()
            try file.write(contentsOf: bytes)
            return true
        } catch {
            return false
        }
    }

    private static func size(_ path: String) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)  // SAFE: what is not there is empty
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0
    }

    /// What a terminal would take for an order is no part of a text.
    private static func visible(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 0x20 && $0 != "\t" || $0.value == 0x7f ? "?" : $0 }))
    }

    private func makeRoom() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []  // SAFE: then there is room
        guard names.count >= Self.mostFiles else { return }
        let dated = names.map { name -> (Date, String) in
            let path = "\(folder)/\(name)"
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)  // SAFE: what is gone is old
            return (attributes?[.modificationDate] as? Date ?? .distantPast, path)
        }
        for (_, path) in dated.sorted(by: { $0 < $1 }).prefix(names.count - Self.mostFiles + 1) {
            try? FileManager.default.removeItem(atPath: path)  // SAFE: it is gone already
        }
        copies = [:]
    }
}

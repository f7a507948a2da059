internal import Glibc
internal import Reconciler

/// Which commit of which branch a folder has checked out, as one text that differs when either does.
enum Checkout {
    /// `refs/heads/main 1f0c…`; `nil` for a folder that is no work tree of git.
    static func text(of folder: String) -> String? {
        let entry = "\(folder)/.git"
        let git = line(of: entry).flatMap { pointed(by: $0, from: folder) } ?? entry
        guard let head = line(of: "\(git)/HEAD") else { return nil }
        guard head.hasPrefix("ref: ") else { return head }
        let branch = String(head.dropFirst(5))
        let common = line(of: "\(git)/commondir").map { absolute($0, from: git) } ?? git
        return commit(of: branch, in: [git, common]).map { "\(branch) \($0)" } ?? branch
    }

    /// `gitdir: PATH`, which a linked work tree has in the place of the folder.
    private static func pointed(by line: String, from folder: String) -> String? {
        line.hasPrefix("gitdir: ") ? absolute(String(line.dropFirst(8)), from: folder) : nil
    }

    private static func commit(of reference: String, in folders: [String]) -> String? {
        var name = reference
        for _ in 0..<Bound.symbolicReferences {
            guard let found = folders.lazy.compactMap({ line(of: "\($0)/\(name)") }).first else {
                return folders.lazy.compactMap { packed(name, in: $0) }.first
            }
            guard found.hasPrefix("ref: ") else { return found }
            name = String(found.dropFirst(5))
        }
        return nil
    }

    private static func packed(_ name: String, in folder: String) -> String? {
        text(at: "\(folder)/packed-refs")?.split(separator: "\n").first { $0.hasSuffix(" \(name)") }
            .map { String($0.prefix { $0 != " " }) }
    }

    private static func absolute(_ path: String, from folder: String) -> String {
        path.hasPrefix("/") ? path : "\(folder)/\(path)"
    }

    private static func line(of path: String) -> String? {
        text(at: path)?.split(separator: "\n").first.map(String.init)
    }

    private static func text(at path: String) -> String? {
        do throws(HostError) {
            return try DurableFile(path: path).read(for: "look at \(path)").map { String(decoding: $0, as: UTF8.self) }
        } catch {
            // What cannot be read now tells nothing, as what is not there.
            return nil
        }
    }
}

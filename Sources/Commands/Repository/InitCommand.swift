internal import ArgumentParser
internal import Foundation
internal import Manifest

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Lay down a starter repository: one machine, three services, one sandbox.")

    @Argument(help: "The folder; it is made where it is missing, and no file in it is overwritten.")
    var directory: String

    func run() throws {
        let root = URL(filePath: directory, directoryHint: .isDirectory)
        var files = Starter.files
        files.append(
            (path: ".berth/berth.schema.json", text: Schemas.all().first { $0.file == "berth.json" }?.text ?? ""))
        let present = files.filter { FileManager.default.fileExists(atPath: root.appending(path: $0.path).path()) }
        guard present.isEmpty else {
            throw Complaint(
                "\(directory) has \(present[0].path) already, and nothing is overwritten; choose an empty folder")
        }
        for file in files {
            let target = root.appending(path: file.path)
            do {
                try FileManager.default.createDirectory(
                    at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(file.text.utf8).write(to: target)
            } catch {
                throw Complaint("\(target.path()) cannot be written: \(error.localizedDescription)")
            }
            Terminal.say("  \(file.path)")
        }
        Terminal.say(
            """

            What to do next:
              cd \(directory) && git init -b main && git add -A && git commit -m "First berth"
              berth validate                                # are the manifests in order?
              berth reconcile --dry-run                     # what would happen on this machine?
              berth serve                                   # follow the branch from now on
            """)
    }
}

internal import FoundationEssentials
internal import Reconciler

/// A file of ours in JSON.
struct RecordFile<Record: Codable & Equatable> {
    let file: DurableFile

    init(_ path: String) { file = DurableFile(path: path) }

    enum Content {
        case record(Record)
        case none
        /// Somebody else wrote it.
        case foreign
    }

    func read(for operation: String) throws(HostError) -> Content {
        guard let bytes = try file.read(for: operation) else { return .none }
        do {
            return .record(try JSONDecoder().decode(Record.self, from: Data(bytes)))
        } catch {
            return .foreign
        }
    }

    /// The record, where there is one that we can read. One that we cannot is made anew by what is asked next.
    func record(for operation: String) throws(HostError) -> Record? {
        if case .record(let record) = try read(for: operation) { return record }
        return nil
    }

    /// Does nothing where it says so already. Nobody else may read it.
    func write(_ record: Record, for operation: String) throws(HostError) {
        if try self.record(for: operation) == record, file.isPrivate { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes: [UInt8]
        do {
            bytes = Array(try encoder.encode(record)) + [UInt8(ascii: "\n")]
        } catch {
            throw HostError(operation, .refused, "cannot write \(file.path): \(error)")
        }
        _ = try file.write(bytes, for: operation)
    }
}

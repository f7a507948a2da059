internal import AgentProtocol
internal import GRPCCore
internal import SwiftProtobuf

/// Reads messages off a connection within the bounds of ``FrameCoding``. It stands in the generated services in the
/// place of the library's own, which has none but that on the bytes.
struct FrameDeserializer<Wire: Message>: MessageDeserializer {
    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> Wire {
        let copy = bytes.withUnsafeBytes { [UInt8]($0) }
        do {
            return try FrameCoding.message(copy)
        } catch {
            throw RPCError(code: .invalidArgument, message: error.message, cause: error)
        }
    }
}

package import AgentProtocol
internal import SwiftProtobuf

/// Frames as bytes. The same frame is the same bytes, whatever the order of its sets and dictionaries in memory.
package enum FrameCoding {
    /// How deep messages may be nested; ours are at most twelve deep.
    static let depth = 24

    package static func encode(_ frame: AgentFrame) -> [UInt8] { bytes(frame.wire) }
    package static func encode(_ frame: ControllerFrame) -> [UInt8] { bytes(frame.wire) }

    package static func agentFrame(_ bytes: [UInt8]) throws(LinkError) -> AgentFrame {
        try AgentFrame(wire: message(bytes))
    }

    package static func controllerFrame(_ bytes: [UInt8]) throws(LinkError) -> ReceivedByAgent {
        try ReceivedByAgent(wire: message(bytes))
    }

    static func bytes(_ message: some Message) -> [UInt8] {
        var options = BinaryEncodingOptions()
        options.useDeterministicOrdering = true
        do {
            return try message.serializedBytes(options: options)
        } catch {
            // Only a missing required field or a message of 2 GiB is an error: there is neither.
            preconditionFailure("a frame that cannot be written: \(error)")
        }
    }

    static func message<Wire: Message>(_ bytes: [UInt8]) throws(LinkError) -> Wire {
        guard bytes.count <= Bounds.frame else {
            throw LinkError(
                .malformed, "a frame of \(bytes.count) bytes came, and \(Bounds.frame) is the most that one may have")
        }
        guard FieldCount.isBounded(bytes) else {
            throw LinkError(.malformed, "a frame came that holds more than \(FieldCount.most) values")
        }
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = depth
        do {
            return try Wire(serializedBytes: bytes, options: options)
        } catch {
            throw LinkError(.malformed, "what came is no frame of this contract: \(error)")
        }
    }
}

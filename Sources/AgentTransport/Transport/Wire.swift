internal import AgentProtocol
internal import GRPCCore

extension FrameLink where Outgoing == ControllerFrame, Incoming == AgentFrame {
    /// The controller's end.
    static func toAgent() -> FrameLink {
        FrameLink(
            encode: { FrameCoding.encode($0) },
            decode: { bytes throws(LinkError) in .frame(try FrameCoding.agentFrame(bytes)) })
    }
}

extension FrameLink where Outgoing == AgentFrame, Incoming == ControllerFrame {
    /// The agent's end.
    static func toController() -> FrameLink {
        FrameLink(
            encode: { FrameCoding.encode($0) },
            decode: { bytes throws(LinkError) in
                switch try FrameCoding.controllerFrame(bytes) {
                case .frame(let frame): .frame(frame)
                case .answer(let answer): .answer(answer)
                }
            })
    }
}

extension MethodDescriptor {
    /// The conversation, whose messages both ends read and measure themselves.
    static let session = WireAgents.Method.Session.descriptor
}

internal import AgentProtocol
internal import GRPCCore

extension LinkError {
    /// What went wrong with a stream or a call, for whoever has to mend it.
    init(_ error: any Error, of other: String) {
        if let error = error as? LinkError {
            self = error
            return
        }
        guard let error = error as? RPCError else {
            self = LinkError(.lost, "\(other) is gone: \(String(describing: error))")
            return
        }
        if let cause = error.cause as? LinkError {
            self = cause
            return
        }
        let why = error.words
        switch error.code {
        case .permissionDenied, .unauthenticated, .failedPrecondition, .invalidArgument, .alreadyExists, .notFound:
            self = LinkError(.refused, error.message)
        case .unimplemented:
            self = LinkError(.refused, "\(other) does not know this call: \(error.message); upgrade it")
        // What the library says of a message over the bound that it was given, on either end.
        case .resourceExhausted where why.contains("maximum payload size"),
            .internalError where why.contains("Failed to decode message"):
            self = LinkError(
                .malformed,
                "\(other) sent what is no frame, or is over the \(Bounds.frame >> 20) MiB that one may have")
        case _ where why.contains("ALERT") || why.contains("CERTIFICATE"):
            self = LinkError(
                .refused,
                "\(other) refused this machine's certificate (\(why)): it was revoked, has ended, or its token was used "
                    + "already. Make a token at the controller (berth node token NODE) and start the agent once with "
                    + "--join TOKEN")
        default:
            self = LinkError(.lost, "\(other) is gone: \(why)")
        }
    }

    /// The code by which a refusal crosses the wire.
    var status: RPCError {
        switch failure {
        case .refused: RPCError(code: .permissionDenied, message: message)
        case .malformed: RPCError(code: .invalidArgument, message: message)
        case .lost: RPCError(code: .unavailable, message: message)
        }
    }
}

extension RPCError {
    /// How many causes are told of one failure.
    private static var mostCauses: Int { 4 }

    /// The message and those of its causes, the innermost last.
    var words: String {
        var words = [message]
        var next = cause
        while let one = next, words.count < Self.mostCauses {
            switch one {
            case let error as RPCError:
                words.append(error.message)
                next = error.cause
            case let error as RuntimeError:
                words.append(error.message)
                next = error.cause
            default:
                words.append(String(describing: one))
                next = nil
            }
        }
        return words.joined(separator: ": ")
    }
}

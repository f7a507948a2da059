internal import AgentProtocol
internal import Model
internal import Reconciler
internal import SwiftProtobuf

/// The most lines that are asked for at once (``Tail/lines``).
private let mostLines = 10_000

extension Tail: WireCoded {
    var wire: WireTail {
        .with {
            $0.container = container.text
            $0.lines = UInt32(clamping: lines)
        }
    }

    init(wire: WireTail, at path: FieldPath) throws(LinkError) {
        self.init(
            container: ContainerID(try path["container"].identifier(wire.container)),
            lines: try path["lines"].count(Int64(wire.lines), to: mostLines))
    }
}

extension TailAnswer: WireCoded {
    var wire: WireTailAnswer {
        .with {
            switch self {
            case .lines(let lines): $0.lines.lines = lines.map(\.wire)
            case .failed(let error): $0.failed = error.wire
            }
        }
    }

    init(wire: WireTailAnswer, at path: FieldPath) throws(LinkError) {
        switch wire.answer {
        case .lines(let lines):
            try path["lines"].atMost(mostLines, lines.lines.count)
            self = .lines(try path["lines"].list(lines.lines))
        case .failed(let error): self = .failed(try HostError(wire: error, at: path["failed"]))
        case nil: throw path.unknown
        }
    }
}

extension TimedLine: WireCoded {
    var wire: WireTimedLine {
        .with {
            $0.atMillis = at.milliseconds
            $0.text = text
        }
    }

    init(wire: WireTimedLine, at path: FieldPath) throws(LinkError) {
        self.init(at: try path["at_millis"].time(wire.atMillis), text: wire.text)
    }
}

extension LogLines: WireCoded {
    var wire: WireLogLines {
        .with {
            $0.piece = piece.text
            $0.first = first
            $0.lines = lines
        }
    }

    init(wire: WireLogLines, at path: FieldPath) throws(LinkError) {
        try path["lines"].atMost(Bounds.lines, wire.lines.count)
        for (index, line) in wire.lines.enumerated() { try path["lines"][index].atMost(Bounds.line, line.utf8.count) }
        self.init(
            piece: try path["piece"].piece(wire.piece), first: try path["first"].place(wire.first), lines: wire.lines)
    }
}

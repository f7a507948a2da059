internal import AgentProtocol
internal import Model
internal import SwiftProtobuf

// What begins a session and keeps it.

extension Release: WireCoded {
    var wire: WireRelease {
        .with {
            $0.major = UInt32(clamping: major)
            $0.minor = UInt32(clamping: minor)
        }
    }

    init(wire: WireRelease, at path: FieldPath) throws(LinkError) { self.init(Int(wire.major), Int(wire.minor)) }
}

extension Hello: WireCoded {
    /// The longest text that names one start of an agent, in bytes.
    private static let longestBoot = 128

    var wire: WireHello {
        .with {
            $0.node = node.text
            $0.release = release.wire
            $0.boot = boot
            $0.epoch = epoch.number
            $0.nowMillis = now.milliseconds
            $0.engine = engine
            $0.interrupted = interrupted.map(\.wire)
        }
    }

    init(wire: WireHello, at path: FieldPath) throws(LinkError) {
        try path["interrupted"].atMost(Bounds.orders, wire.interrupted.count)
        self.init(
            node: try path["node"].name(wire.node), release: try path["release"].one(wire.hasRelease, wire.release),
            boot: try path["boot"].word(wire.boot, longest: Self.longestBoot), epoch: Epoch(wire.epoch),
            now: try path["now_millis"].time(wire.nowMillis), engine: WireText.label(wire.engine),
            interrupted: try path["interrupted"].list(wire.interrupted))
    }
}

extension Interrupted: WireCoded {
    var wire: WireInterrupted {
        .with {
            $0.order = order.wire
            $0.action = action
            $0.remains = remains.wire
        }
    }

    init(wire: WireInterrupted, at path: FieldPath) throws(LinkError) {
        self.init(
            order: try path["order"].one(wire.hasOrder, wire.order), action: WireText.label(wire.action),
            remains: try Remains(wire: wire.remains, at: path["remains"]))
    }
}

extension Interrupted.Remains: WireCoded {
    var wire: WireInterrupted.Remains {
        switch self {
        case .found: .found
        case .notFound: .notFound
        case .unknown: .unknown
        }
    }

    init(wire: WireInterrupted.Remains, at path: FieldPath) throws(LinkError) {
        switch wire {
        case .found: self = .found
        case .notFound: self = .notFound
        case .unknown: self = .unknown
        case .unspecified, .UNRECOGNIZED: throw path.unknown
        }
    }
}

extension Welcome: WireCoded {
    var wire: WireWelcome {
        .with {
            $0.release = release.wire
            $0.epoch = epoch.number
            $0.installation = installation.text
            $0.nowMillis = now.milliseconds
        }
    }

    init(wire: WireWelcome, at path: FieldPath) throws(LinkError) {
        self.init(
            release: try path["release"].one(wire.hasRelease, wire.release), epoch: Epoch(wire.epoch),
            installation: InstallationID(try path["installation"].identifier(wire.installation)),
            now: try path["now_millis"].time(wire.nowMillis))
    }
}

extension Beat: WireCoded {
    var wire: WireBeat {
        .with {
            $0.number = number
            $0.nowMillis = now.milliseconds
        }
    }

    init(wire: WireBeat, at path: FieldPath) throws(LinkError) {
        self.init(number: wire.number, now: try path["now_millis"].time(wire.nowMillis))
    }
}

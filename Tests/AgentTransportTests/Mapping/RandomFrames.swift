import AgentProtocol
import Model
import Reconciler
import TestSupport

/// Makes frames of every kind, whole and odd: the same seed, the same frames.
struct RandomFrames {
    var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    // MARK: Parts

    mutating func roll(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }
    mutating func flag() -> Bool { random.oneIn(2) }
    mutating func count() -> Int { [0, 1, 17, 1 << 31, .max][roll(5)] }
    mutating func whole() -> Int64 { [.min, -1, 0, 1, 1_700_000_000_000, .max][roll(6)] }
    mutating func natural() -> UInt64 { [0, 1, 300, 1 << 40, .max][roll(5)] }
    mutating func port() -> UInt16 { UInt16.random(in: 1...UInt16.max, using: &random) }
    /// As far as a time or a span of them goes, in milliseconds.
    mutating func span() -> Int64 { [-1 << 52, -1, 0, 1, 1_700_000_000_000, 1 << 52][roll(6)] }
    mutating func time() -> Timestamp { Timestamp(milliseconds: span()) }

    mutating func any<Value>(_ values: some Collection<Value>) -> Value {
        guard let value = values.randomElement(using: &random) else { preconditionFailure("nothing to choose from") }
        return value
    }

    mutating func maybe<Value>(_ make: (inout Self) -> Value) -> Value? { flag() ? make(&self) : nil }

    mutating func list<Value>(_ most: Int = 3, _ make: (inout Self) -> Value) -> [Value] {
        (0..<roll(most + 1)).map { _ in make(&self) }
    }

    mutating func set<Value: Hashable>(_ make: (inout Self) -> Value) -> Set<Value> { Set(list(3, make)) }

    mutating func map<Key: Hashable, Value>(
        _ key: (inout Self) -> Key, _ value: (inout Self) -> Value
    ) -> [Key: Value] {
        Dictionary(list { (key(&$0), value(&$0)) }) { $1 }
    }

    mutating func text() -> String {
        any(["", "a", "Ümläut €", "line\nline", "\u{0}\u{7f}\"\\", "x=y;z", String(repeating: "long ", count: 60)])
            + (flag() ? "\(roll(1000))" : "")
    }

    /// Stands within a line.
    mutating func label() -> String {
        any(["", "a", "Ümläut €", "\"\\", "x=y;z", String(repeating: "long ", count: 60)])
    }

    mutating func texts() -> [String: String] { map({ $0.text() }, { $0.text() }) }
    mutating func word() -> String { any(["account", "main", "feature/login", "ß"]) + "\(roll(100))" }
    mutating func identifier() -> String { any(["berth-qa-account", "0f1e2d3c4b5a", "net_1.a"]) + "\(roll(100))" }
    mutating func path() -> String { "/" + any(["", "srv/code", "run/secrets/a b"]) + "\(roll(100))" }

    mutating func name<Kind>() -> Name<Kind> {
        let text = any(["a", "qa-login-error", "node-1", String(repeating: "n", count: 60)]) + "\(roll(100))"
        do { return try Name(text) } catch { preconditionFailure("\(error)") }
    }

    mutating func hex(_ digits: Int) -> String { String((0..<digits).map { _ in any("0123456789abcdef") }) }

    mutating func commit() -> CommitID {
        guard let commit = CommitID(hex(40)) else { preconditionFailure("40 digits are a commit") }
        return commit
    }

    mutating func subnet() -> Subnet {
        let prefix = 8 + roll(23)
        let base = UInt32.random(in: 0...UInt32.max, using: &random) & (~0 << UInt32(32 - prefix))
        guard let subnet = Subnet(base: base, prefix: prefix) else { preconditionFailure("it was masked") }
        return subnet
    }

    mutating func place() -> Place { Place(file: text(), line: roll(1000), column: roll(100)) }

    mutating func secret() -> SecretReference { flag() ? .file(path()) : .environment("SECRET_\(roll(9))") }

    mutating func key() -> RouteKey { RouteKey(sandbox: maybe { $0.name() }, service: name()) }

    mutating func error() -> HostError { HostError(label(), any(HostFailure.allCases), text()) }

    mutating func endpoint() -> Endpoint {
        Endpoint(
            scheme: any(Endpoint.Scheme.allCases), host: any(["10.0.0.7", "api.example.com"]), port: port(),
            hostHeader: any([.target, .preserve, .literal(text())]),
            trust: any([.system, .unverified, .file(path())]), isLiteral: flag())
    }

    // MARK: Frames

    static let kindsOfAgentFrames = 8

    mutating func agentFrame(_ kind: Int) -> AgentFrame {
        switch kind {
        case 0: .hello(hello())
        case 1: .observation(QuestionID(natural()), observation())
        case 2: .accepted(orderID())
        case 3: .outcome(orderID(), outcome())
        case 4: .hints(list { $0.hint() })
        case 5: .lines(LogLines(piece: pieceID(), first: min(natural(), UInt64(Int64.max)), lines: list { $0.text() }))
        case 6: .tail(QuestionID(natural()), tailAnswer())
        default: .beat(Beat(number: natural(), now: time()))
        }
    }

    static let kindsOfControllerFrames = 7

    mutating func controllerFrame(_ kind: Int) -> ControllerFrame {
        switch kind {
        case 0: .welcome(welcome())
        case 1: .refusal(text())
        case 2: .observe(QuestionID(natural()), inquiry(), known: maybe { ObservationID($0.natural()) })
        case 3: .perform(order())
        case 4: .withdraw(orderID())
        case 5: .tail(QuestionID(natural()), tail())
        default: .beat(Beat(number: natural(), now: time()))
        }
    }

    mutating func orderID() -> Order.ID { Order.ID(Epoch(natural()), natural()) }

    mutating func order() -> Order {
        Order(id: orderID(), uid: ResourceUID(identifier()), revision: maybe { $0.commit() }, action: action())
    }

    mutating func outcome() -> Outcome { flag() ? .failed(error()) : .done(maybe { $0.receipt() }) }

    mutating func receipt() -> Receipt {
        flag()
            ? .flip(Receipt.Flip(effectiveAt: time(), openOnOld: maybe { $0.count() }))
            : .drain(Receipt.Drain(finished: count(), dropped: count()))
    }

    mutating func release() -> Release { Release(roll(3), roll(40)) }

    mutating func hello() -> Hello {
        Hello(
            node: name(), release: release(), boot: hex(16), epoch: Epoch(natural()), now: time(), engine: label(),
            interrupted: list {
                Interrupted(order: $0.orderID(), action: $0.label(), remains: $0.any(Interrupted.Remains.allCases))
            })
    }

    mutating func welcome() -> Welcome {
        Welcome(
            release: release(), epoch: Epoch(natural()), installation: InstallationID(identifier()), now: time())
    }

    mutating func hint() -> Hint {
        switch roll(3) {
        case 0: .sandbox(name(), what: label())
        case 1: .code(CodeReference(name(), word()), what: label())
        default: .everything
        }
    }

    mutating func tail() -> Tail { Tail(container: ContainerID(identifier()), lines: 1 + roll(10_000)) }

    mutating func tailAnswer() -> TailAnswer {
        flag() ? .failed(error()) : .lines(list { TimedLine(at: $0.time(), text: $0.text()) })
    }
}

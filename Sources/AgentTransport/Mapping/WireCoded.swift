internal import AgentProtocol
internal import Model

/// A value that travels: to its message always, and back where the message holds to the rules.
protocol WireCoded {
    associatedtype Wire
    var wire: Wire { get }
    /// Throws as `.malformed`, with the path of what is wrong.
    init(wire: Wire, at path: FieldPath) throws(LinkError)
}

extension FieldPath {
    func list<Value: WireCoded>(_ wires: [Value.Wire]) throws(LinkError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(wires.count)
        for (index, wire) in wires.enumerated() { values.append(try Value(wire: wire, at: self[index])) }
        return values
    }

    func set<Value: WireCoded & Hashable>(_ wires: [Value.Wire]) throws(LinkError) -> Set<Value> {
        var values: Set<Value> = []
        for (index, wire) in wires.enumerated() {
            guard values.insert(try Value(wire: wire, at: self[index])).inserted else {
                throw self[index].wrong("is there twice")
            }
        }
        return values
    }

    func one<Value: WireCoded>(_ isThere: Bool, _ wire: @autoclosure () -> Value.Wire) throws(LinkError) -> Value {
        guard isThere else { throw wrong("is missing") }
        return try Value(wire: wire(), at: self)
    }

    func maybe<Value: WireCoded>(_ isThere: Bool, _ wire: @autoclosure () -> Value.Wire) throws(LinkError) -> Value? {
        isThere ? try Value(wire: wire(), at: self) : nil
    }

    func values<Value: WireCoded>(_ map: [String: Value.Wire]) throws(LinkError) -> [String: Value] {
        var values: [String: Value] = [:]
        for (key, wire) in map { values[key] = try Value(wire: wire, at: self) }
        return values
    }

    func named<Kind, Value: WireCoded>(_ map: [String: Value.Wire]) throws(LinkError) -> [Name<Kind>: Value] {
        var values: [Name<Kind>: Value] = [:]
        for (key, wire) in map { values[try name(key)] = try Value(wire: wire, at: self) }
        return values
    }

    /// Keys that are messages stand in lists beside their values.
    func keyed<Wire, Key: Hashable, Value>(
        _ wires: [Wire], _ entry: (Wire, FieldPath) throws(LinkError) -> (Key, Value)
    ) throws(LinkError) -> [Key: Value] {
        var values: [Key: Value] = [:]
        for (index, wire) in wires.enumerated() {
            let (key, value) = try entry(wire, self[index])
            guard values.updateValue(value, forKey: key) == nil else { throw self[index].wrong("is there twice") }
        }
        return values
    }
}

/// By the texts of its names.
func texts<Kind, Value>(_ map: [Name<Kind>: Value]) -> [String: Value] {
    Dictionary(uniqueKeysWithValues: map.map { ($0.key.text, $0.value) })
}

func wires<Kind, Value: WireCoded>(_ map: [Name<Kind>: Value]) -> [String: Value.Wire] {
    texts(map.mapValues(\.wire))
}

func wires(_ ports: [UInt16: UInt16]) -> [UInt32: UInt32] {
    Dictionary(uniqueKeysWithValues: ports.map { (UInt32($0.key), UInt32($0.value)) })
}

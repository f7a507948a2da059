import SwiftProtobuf

/// Which fields and enum values of the schema occur in messages, by the compiler's descriptors and the bytes alone.
struct Coverage {
    private let messages: [String: Google_Protobuf_DescriptorProto]
    private let enums: [String: Google_Protobuf_EnumDescriptorProto]

    /// `.berth.agent.v1.Hello.node`, `.berth.agent.v1.Interrupted.Remains.REMAINS_FOUND`.
    private(set) var found: Set<String> = []
    /// Bytes that the schema does not explain.
    private(set) var strange: [String] = []

    init(_ files: [Google_Protobuf_FileDescriptorProto]) {
        var messages: [String: Google_Protobuf_DescriptorProto] = [:]
        var enums: [String: Google_Protobuf_EnumDescriptorProto] = [:]
        func enter(_ message: Google_Protobuf_DescriptorProto, in scope: String) {
            let name = "\(scope).\(message.name)"
            messages[name] = message
            for inner in message.nestedType { enter(inner, in: name) }
            for inner in message.enumType { enums["\(name).\(inner.name)"] = inner }
        }
        for file in files {
            for message in file.messageType { enter(message, in: ".\(file.package)") }
            for one in file.enumType { enums[".\(file.package).\(one.name)"] = one }
        }
        self.messages = messages
        self.enums = enums
    }

    /// All there is to find. The first value of an enum means that nobody said, and is never written.
    var all: Set<String> {
        let fields = messages.flatMap { name, message in message.field.map { "\(name).\($0.name)" } }
        let values = enums.flatMap { name, one in one.value.dropFirst().map { "\(name).\($0.name)" } }
        return Set(fields + values)
    }

    mutating func add(_ bytes: [UInt8], _ type: String) { add(bytes[...], ".\(Protoc.package).\(type)") }

    private mutating func add(_ bytes: ArraySlice<UInt8>, _ type: String) {
        guard let message = messages[type] else {
            strange.append("no message \(type)")
            return
        }
        var rest = bytes
        while !rest.isEmpty {
            guard let tag = Self.number(&rest), let field = message.field.first(where: { $0.number == tag >> 3 }),
                let value = Self.value(&rest, tag & 7)
            else {
                strange.append("bytes of \(type)")
                return
            }
            found.insert("\(type).\(field.name)")
            switch (field.type, value) {
            case (.message, .bytes(let inner)): add(inner, field.typeName)
            case (.enum, .number(let number)): add(number, of: field.typeName)
            case (.enum, .bytes(var inner)):
                while let number = Self.number(&inner) { add(number, of: field.typeName) }
            case (.message, .number): strange.append("a number in \(type).\(field.name)")
            default: break
            }
        }
    }

    private mutating func add(_ number: UInt64, of name: String) {
        guard let value = enums[name]?.value.first(where: { $0.number == number }) else {
            strange.append("\(number) in \(name)")
            return
        }
        found.insert("\(name).\(value.name)")
    }

    private enum Value {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)
        case fixed
    }

    private static func value(_ rest: inout ArraySlice<UInt8>, _ form: UInt64) -> Value? {
        switch form {
        case 0: return number(&rest).map(Value.number)
        case 1, 5:
            rest = rest.dropFirst(form == 1 ? 8 : 4)
            return .fixed
        case 2:
            guard let length = number(&rest), length <= UInt64(rest.count) else { return nil }
            defer { rest = rest.dropFirst(Int(length)) }
            return .bytes(rest.prefix(Int(length)))
        default: return nil
        }
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            number |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return number }
        }
        return nil
    }
}

import SwiftProtobuf
import Testing

@Suite("The schema explains itself")
struct CommentTests {
    @Test("Every message, field, value and call says what it is")
    func comments() throws {
        for file in try Protoc.descriptors() {
            let silent = file.sourceCodeInfo.location.filter { place in
                Element(path: place.path)?.isToSay == true && place.leadingComments.isEmpty
            }
            #expect(silent.map { "\(file.name):\(($0.span.first ?? 0) + 1)" } == [])
        }
    }

    /// What stands at a place of a file, by the numbers of its descriptor.
    private enum Element {
        case message, enumeration, service
        /// Of a message: the field that it is of says enough.
        case innerMessage, innerEnumeration
        /// A field, a value of an enum, or a call of a service.
        case member

        var isToSay: Bool {
            switch self {
            case .message, .enumeration, .service, .member: true
            case .innerMessage, .innerEnumeration: false
            }
        }

        /// `nil` for what is part of an element, such as its name.
        init?(path: [Int32]) {
            guard path.count >= 2, path.count.isMultiple(of: 2) else { return nil }
            var element: Element?
            for number in stride(from: 0, to: path.count, by: 2).map({ path[$0] }) {
                switch (element, number) {
                case (nil, 4): element = .message
                case (nil, 5): element = .enumeration
                case (nil, 6): element = .service
                case (.message, 3), (.innerMessage, 3): element = .innerMessage
                case (.message, 4), (.innerMessage, 4): element = .innerEnumeration
                case (.message, 2), (.innerMessage, 2): element = .member
                case (.enumeration, 2), (.innerEnumeration, 2), (.service, 2): element = .member
                default: return nil
                }
            }
            guard let element else { return nil }
            self = element
        }
    }
}

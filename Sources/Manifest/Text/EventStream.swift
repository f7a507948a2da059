internal import CLibyaml

/// libyaml reading one text. Borrows the bytes: they must outlive it.
struct EventStream: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let bytes: UnsafeBufferPointer<UInt8>

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        parser = .allocate(capacity: 1)
        // Fails only when memory is exhausted, which nothing here survives.
        precondition(yaml_parser_initialize(parser) == 1, "libyaml has no memory")
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The next event. Nothing may be asked after the end of the stream.
    mutating func next() throws(Flaw) -> Event {
        var raw = yaml_event_t()
        guard yaml_parser_parse(parser, &raw) == 1 else { throw complaint() }
        defer { yaml_event_delete(&raw) }
        let mark = Mark(raw.start_mark)
        switch raw.type {
        case YAML_SCALAR_EVENT:
            let scalar = raw.data.scalar
            let text = String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
            return Event(
                kind: .scalar(text, isPlain: isPlain), mark: mark, anchor: Self.text(scalar.anchor),
                tag: Self.text(scalar.tag))
        case YAML_SEQUENCE_START_EVENT:
            let start = raw.data.sequence_start
            return Event(
                kind: .sequenceStart, mark: mark, anchor: Self.text(start.anchor), tag: Self.text(start.tag))
        case YAML_MAPPING_START_EVENT:
            let start = raw.data.mapping_start
            return Event(
                kind: .mappingStart, mark: mark, anchor: Self.text(start.anchor), tag: Self.text(start.tag))
        case YAML_ALIAS_EVENT:
            return Event(kind: .alias(Self.text(raw.data.alias.anchor) ?? ""), mark: mark)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return Event(kind: .collectionEnd, mark: mark)
        case YAML_DOCUMENT_START_EVENT: return Event(kind: .documentStart, mark: mark)
        case YAML_STREAM_END_EVENT: return Event(kind: .streamEnd, mark: mark)
        default: return Event(kind: .other, mark: mark)
        }
    }

    private func complaint() -> Flaw {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "unknown problem"
        if parser.pointee.error == YAML_READER_ERROR {
            return SyntaxSentence.unreadable(
                problem, at: Mark(ofByteAt: min(parser.pointee.problem_offset, bytes.count), in: bytes))
        }
        // At the end of a text without a last line feed libyaml points to the line after it.
        let end = Mark(ofByteAt: bytes.count, in: bytes)
        return SyntaxSentence.flaw(
            for: problem, at: min(Mark(parser.pointee.problem_mark), end),
            since: parser.pointee.context == nil ? nil : Mark(parser.pointee.context_mark), in: bytes)
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }
}

/// What libyaml saw.
struct Event {
    enum Kind {
        case scalar(String, isPlain: Bool)
        case sequenceStart, mappingStart, collectionEnd, documentStart, streamEnd
        case alias(String)
        /// The start of the stream and the end of a document, which tell nothing.
        case other
    }

    let kind: Kind
    let mark: Mark
    var anchor: String?
    var tag: String?
}

extension Mark {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int32(clamping: mark.line + 1), column: Int32(clamping: mark.column + 1))
    }
}

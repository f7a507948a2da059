/// One document of a file, and what is wrong with it that does not keep it from being read.
struct DocumentTree: Sendable {
    let root: Node
    let flaws: [Flaw]
}

/// Reads the text of a file into trees, within ``ReadingLimits``.
struct TreeReader: ~Copyable {
    private var events: EventStream
    private var anchors: [String: Anchored] = [:]
    private var flaws: [Flaw] = []
    private var nodes = 0

    /// What an alias stands for: its size counts again with every alias.
    private struct Anchored {
        let node: Node
        let size: Int
        let height: Int
    }

    /// All documents, in order; one without content is left out.
    ///
    /// Throws where the text as a whole cannot be understood.
    static func documents(of bytes: [UInt8]) throws(Flaw) -> [DocumentTree] {
        guard bytes.count <= ReadingLimits.bytes else {
            throw Flaw(
                mark: .start, code: "limit-bytes",
                message:
                    "the file has \(bytes.count) bytes, more than \(ReadingLimits.bytes); split it into several files")
        }
        // A result, for the closure of an array would lose the type of the error.
        let outcome: Result<[DocumentTree], Flaw> = bytes.withUnsafeBufferPointer { buffer in
            if let fault = StrictUTF8.firstFault(in: buffer) {
                let mark = Mark(ofByteAt: fault, in: buffer)
                return .failure(Flaw(mark: mark, code: "not-utf8", message: "not UTF-8 text; save the file as UTF-8"))
            }
            var reader = TreeReader(events: EventStream(buffer))
            do throws(Flaw) {
                return .success(try reader.documents())
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    private init(events: consuming EventStream) { self.events = events }

    private mutating func documents() throws(Flaw) -> [DocumentTree] {
        var documents: [DocumentTree] = []
        var count = 0
        while true {
            let event = try events.next()
            switch event.kind {
            case .streamEnd: return documents
            case .documentStart:
                count += 1
                guard count <= ReadingLimits.documents else {
                    throw Flaw(
                        mark: event.mark, code: "limit-documents",
                        message:
                            "more than \(ReadingLimits.documents) documents in one file; split it into several files")
                }
                anchors = [:]
                flaws = []
                let (root, _) = try node(from: try events.next(), depth: 0)
                if !root.isEmpty { documents.append(DocumentTree(root: root, flaws: flaws)) }
            case .scalar, .sequenceStart, .mappingStart, .collectionEnd, .alias, .other: continue
            }
        }
    }

    /// The node that begins with `event`, and how many levels it has below it.
    private mutating func node(from event: Event, depth: Int) throws(Flaw) -> (node: Node, height: Int) {
        let before = nodes
        try count(1, at: event.mark)
        if let tag = event.tag {
            note(event.mark, "tag", "\(quoted(tag)) is a YAML tag, which manifests do not use; remove it")
        }
        let node: Node
        var height = 0
        switch event.kind {
        case .scalar(let text, let isPlain):
            node = Node(mark: event.mark, content: .scalar(text, isPlain: isPlain))
        case .sequenceStart:
            try deepen(to: depth + 1, at: event.mark)
            (node, height) = try sequence(at: event.mark, depth: depth + 1)
        case .mappingStart:
            try deepen(to: depth + 1, at: event.mark)
            (node, height) = try mapping(at: event.mark, depth: depth + 1)
        case .alias(let name):
            return try anchored(name, at: event.mark, depth: depth)
        case .collectionEnd, .documentStart, .streamEnd, .other:
            throw Flaw(mark: event.mark, code: "syntax", message: "expected a value here; write one")
        }
        if let anchor = event.anchor {
            anchors[anchor] = Anchored(node: node, size: nodes - before, height: height)
        }
        return (node, height)
    }

    private mutating func sequence(at mark: Mark, depth: Int) throws(Flaw) -> (Node, Int) {
        var items: [Node] = []
        var height = 0
        while true {
            let event = try events.next()
            if case .collectionEnd = event.kind {
                return (Node(mark: mark, content: .sequence(items)), height + 1)
            }
            let item = try node(from: event, depth: depth)
            height = max(height, item.height)
            items.append(item.node)
        }
    }

    private mutating func mapping(at mark: Mark, depth: Int) throws(Flaw) -> (Node, Int) {
        var entries: [Entry] = []
        var seen: [String: Mark] = [:]
        var height = 0
        while true {
            let event = try events.next()
            if case .collectionEnd = event.kind {
                return (Node(mark: mark, content: .mapping(entries)), height + 1)
            }
            let key = try node(from: event, depth: depth)
            let value = try node(from: try events.next(), depth: depth)
            height = max(height, max(key.height, value.height))
            guard let name = name(of: key.node, at: event.mark) else { continue }
            if let first = seen.updateValue(event.mark, forKey: name) {
                seen[name] = first
                note(
                    event.mark, "duplicate-key",
                    "key \(quoted(name)) is here a second time, first at line \(first.line); remove one of them")
                continue
            }
            entries.append(Entry(key: name, mark: event.mark, value: value.node))
        }
    }

    private mutating func name(of key: Node, at mark: Mark) -> String? {
        switch key.content {
        case .scalar("<<", isPlain: true):
            note(mark, "merge-key", "merge keys (<<) are not supported; write the keys out, or use a template")
            return nil
        case .scalar(let text, _): return text
        case .sequence, .mapping:
            note(mark, "key", "a key must be a text, not \(key.noun)")
            return nil
        }
    }

    private mutating func anchored(_ name: String, at mark: Mark, depth: Int) throws(Flaw) -> (Node, Int) {
        guard let anchored = anchors[name] else {
            throw Flaw(
                mark: mark, code: "alias",
                message: "alias *\(name) stands for nothing; put &\(name) on a value above it in the same document")
        }
        try count(anchored.size - 1, at: mark)
        try deepen(to: depth + anchored.height, at: mark)
        return (anchored.node, anchored.height)
    }

    private mutating func count(_ more: Int, at mark: Mark) throws(Flaw) {
        nodes += more
        guard nodes <= ReadingLimits.nodes else {
            throw Flaw(
                mark: mark, code: "limit-nodes",
                message: "more than \(ReadingLimits.nodes) values in one file, aliases written out; "
                    + "split it into several files")
        }
    }

    private func deepen(to depth: Int, at mark: Mark) throws(Flaw) {
        guard depth <= ReadingLimits.depth else {
            throw Flaw(
                mark: mark, code: "limit-depth",
                message: "nested more than \(ReadingLimits.depth) levels deep; no manifest needs that, remove some")
        }
    }

    private mutating func note(_ mark: Mark, _ code: String, _ message: String) {
        if flaws.count < ReadingLimits.problems { flaws.append(Flaw(mark: mark, code: code, message: message)) }
    }
}

/// How much of a manifest repository is read, so that no file can take the reader's time or memory.
package enum ReadingLimits {
    /// Bytes of one file: 1 MiB, some thousand sandboxes.
    package static let bytes = 1 << 20
    /// Documents of one file.
    package static let documents = 1000
    /// How deep collections may nest. libyaml takes quadratic time in the depth, so reading stops at once.
    package static let depth = 64
    /// Nodes of one file once its aliases are written out: an alias bomb is nothing but a large number of nodes.
    package static let nodes = 100_000
    /// Problems reported of one file: who has a hundred to mend does not miss the next one.
    package static let problems = 100
    /// How long a chain of templates, or of environments that extend each other, may be.
    package static let chain = 16
    /// Bytes of a foreign text quoted in a message.
    package static let quotation = 60
}

internal import Testing

/// Scenarios through the binary, on a real engine and a real proxy. One at a time: an engine serves one daemon.
@Suite("End to end", .serialized) enum EndToEnd {}

/// A message as people are told it: what it begins with is said once (`await health of x: await health of x: …`).
func told(_ message: String) -> String {
    var text = message[...]
    while let colon = text.firstRange(of: ": "), text[colon.upperBound...].hasPrefix(text[..<colon.upperBound]) {
        text = text[colon.upperBound...]
    }
    return String(text)
}

/// `7 steps to do` for the `7 step(s)` of a pass that begins.
func steps(_ count: Int) -> String { "\(count) step\(count == 1 ? "" : "s") to do" }

internal import Model
internal import Reconciler

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

/// A cause in parentheses: those that it has at its end, `manifests/qa.yaml:3  (Achmad, 9f3c1e2)`, are not nested.
func aside(_ cause: String) -> String {
    guard let inner = cause.wholeMatch(of: /(.*[^ ]) +\(([^()]*)\)/) else { return "(\(cause))" }
    return "(\(inner.1), \(inner.2))"
}

extension Workpiece.ID {
    /// `account@4be1c2d` for `account-4be1c2d9f0a1-1f2e3d4c`: people know the commit, and not the digest of a recipe.
    var spoken: String {
        guard let parts = text.wholeMatch(of: /(.+)-([0-9a-f]{7})[0-9a-f]{5}-[0-9a-f]{8}/) else { return text }
        return "\(parts.1)@\(parts.2)"
    }
}

/// A branch or tag as it was asked for, with the commit that it stands for; a commit that was asked for itself is said
/// once.
func spoken(_ reference: some StringProtocol, at commit: some StringProtocol) -> String {
    isCommit(reference) ? "commit \(commit)" : "\(reference) @ \(commit)"
}

/// Whether these are the 40 digits of a commit.
func isCommit(_ reference: some StringProtocol) -> Bool {
    reference.utf8.count == 40 && reference.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
}

extension PassRecord {
    /// `berth destroy` goes to a commit that there is not: nothing is declared there.
    private var isDestruction: Bool { revision.text.utf8.allSatisfy { $0 == UInt8(ascii: "0") } }

    var spokenRevision: String { isDestruction ? "-" : revision.short }
    var spokenCause: String { isDestruction ? "berth destroy" : cause }
}

/// What the driver waits for, reads and keeps at most.
enum Bound {
    /// Of a configuration file, and of each file of ours.
    static let fileBytes = 1 << 20
    /// Of one configuration file: more is no configuration that a person wrote.
    static let tokens = 200_000
    /// Brackets in brackets, and code in strings.
    static let depth = 128
    /// Times that a file which somebody else writes meanwhile is read again.
    static let writeAttempts = 5
    /// Keys that a refusal names.
    static let namedKeys = 5
    /// Between two looks at the files.
    static let watchMillis = 1_000
    static let watchedFiles = 1_000
    /// From Apache's signal to the end of those that read the old file.
    static let reloadMillis = 1_500
    static let reloadPauseMillis = 10
    static let symbolicReferences = 5
    /// A driver in another process holds a gateway only for the time of one call.
    static let lockMillis = 10_000
    static let lockPauseMillis = 10
}

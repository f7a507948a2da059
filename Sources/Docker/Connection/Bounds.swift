/// Every limit of the adapter, with its reason.
enum Bounds {
    /// Mutations asked of the engine at once: beyond 8 on two cores only latency grows (`stack.md` §2).
    static let mutations = 8
    /// Stops wait for a process to end and cost the engine nothing meanwhile, so they do not take a mutation's turn.
    static let stops = 16
    /// As many as the engine itself downloads at once.
    static let pulls = 3
    /// Inspections at once within one survey.
    static let inspections = 8
    /// Connections of one client; the rest queue inside the client.
    static let connections = 128

    static let connect = Duration.seconds(5)
    static let read = Duration.seconds(30)
    /// A loaded engine takes seconds for one start.
    static let mutation = Duration.seconds(120)
    /// What a process is given to end by itself before it is killed, in seconds, as the engine counts.
    static let stopGrace = 10
    static let stop = Duration.seconds(60)
    /// A large image over a slow line.
    static let pull = Duration.seconds(1800)
    /// A large archive of images from a slow disk.
    static let load = Duration.seconds(1800)
    /// How long a removal that somebody else began is waited for.
    static let removal = Duration.seconds(30)
    static let removalPoll = Duration.milliseconds(100)

    /// An answer: the list of 10,000 containers is about 12 MB.
    static let reply = 64 << 20
    /// A line of a stream: an event, or the progress of a pull or a build.
    static let line = 1 << 20
    /// All lines of one pull.
    static let pullBody = 64 << 20
    /// What is read of a log to show its end.
    static let log = 256 << 10
    static let logLines = 20
    /// What is shown of it.
    static let output = 2 << 10
    /// A line that a container or a build writes, in bytes; the rest of a longer one is left out, and said to be.
    static let logLine = 64 << 10
    /// Lines of a container that are read ahead of who shows them.
    static let linesAhead = 1000
    /// How long a line waits before it is offered again to one who takes them slower than they come.
    static let slowReader = Duration.milliseconds(10)
    /// Where the engine puts what a container writes: three files of ten million bytes, the oldest thrown away.
    static let logFileSize = "10m"
    static let logFiles = "3"
    /// The engine's own words in a message of ours.
    static let words = 1000
    /// The files of one container together.
    static let archive = 16 << 20

    /// The file of names of one sandbox, in bytes: about 3,000 services.
    static let names = 128 << 10
    /// Sandboxes with such a file that one survey looks for: twice as many as an installation is made for.
    static let nameFolders = 20_000

    /// Hints not yet taken; when it overflows the oldest go, and the sweep finds what they said.
    static let hints = 1000
    /// Images come many at a time: after a hint that they changed, the next one waits so long.
    static let betweenImageHints = Duration.seconds(1)
    static let firstReconnect = Duration.milliseconds(100)
    static let lastReconnect = Duration.seconds(5)
}

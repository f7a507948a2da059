internal import Foundation

/// What the conductor asks of one of its processes: a line of JSON each.
enum Request: Codable, Sendable {
    /// Of a controller: looks at each node as soon as its agent is here, until `count` have been looked at. Answers with
    /// the seconds until they were connected, until they were seen, and how many looks failed on the way.
    case gather(count: Int)
    /// Of a controller: looks at all nodes at once, so often. Each look must see what is new, or nothing new. Answers with
    /// the milliseconds of each.
    case look(rounds: Int, isNew: Bool)
    /// Of a controller: one order after the other, of one node. Answers with the milliseconds of each.
    case order(node: Int, count: Int)
    /// Of a controller: one order of every node, all at once. Answers with the milliseconds of each, and of all.
    case orderAll
    /// Of a controller: nothing but what goes on by itself, for so long; with a look at all nodes every 30 s.
    case rest(seconds: Double, withLooks: Bool)
    /// Of agents: gets a certificate for each, by a token. Answers with the milliseconds of each.
    case join
    /// Of agents: dials, and stays connected from now on.
    case dial
    /// Of agents: whether each look sees something that the one before did not.
    case change(Bool)
}

struct Reply: Codable, Sendable {
    var figures: [Double] = []
    /// Why there are none, as a sentence.
    var error: String?

    func say() {
        do {
            Output.say(String(decoding: try JSONEncoder().encode(self), as: UTF8.self))
        } catch {
            FileHandle.standardError.write(Data("agent-bench: a reply cannot be written: \(error)\n".utf8))
            exit(2)
        }
    }

    static func to(_ work: () async throws -> [Double]) async {
        do { Reply(figures: try await work()).say() } catch { Reply(error: "\(error)").say() }
    }
}

extension Request {
    /// What the conductor asks. When it has gone, this process goes as well.
    static func all() -> AsyncStream<Request> {
        AsyncStream { stream in
            let reader = Thread {
                while let line = readLine() {
                    do { stream.yield(try JSONDecoder().decode(Request.self, from: Data(line.utf8))) } catch {
                        Reply(error: "no request: \(line)").say()
                    }
                }
                exit(0)
            }
            reader.start()
        }
    }
}

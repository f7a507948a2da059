internal import ConfigMap
internal import TestSupport
internal import Testing

@Suite("Random configurations are read as the real PHP reads them")
struct PropertyTests {
    @Test("What is set, PHP reads; everything else stays", arguments: [1, 2, 3, 4] as [UInt64])
    func sets(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let samples = (0..<150).map { _ in RandomConfig(using: &random) }
        let configs = try samples.map { try PHPConfig($0.bytes) }
        var files = samples.map(\.bytes)
        var edits: [(sample: Int, key: String, value: String)] = []
        for (index, config) in configs.enumerated() {
            let open = Set(config.entries.keys.filter { $0 != "k" && config.source(of: $0) != nil })
            #expect(open == samples[index].plain, "seed \(seed), sample \(index)")
            for key in open.sorted() {
                let value = "http://10.\(index % 256).0.2:\(Int.random(in: 1...65535, using: &random))/'\"\\$x{$"
                edits.append((index, key, value))
                files.append(
                    config.replacing([key: PHPString.source(of: value, like: config.source(of: key) ?? [])]))
            }
        }
        #expect(edits.count > 100)
        let verdicts = try await RealPHP.read(files)
        for (index, config) in configs.enumerated() {
            guard case .gives(let given) = verdicts[index] else {
                #expect(config.entries.isEmpty, "seed \(seed), sample \(index): \(verdicts[index])")
                continue
            }
            for key in config.entries.keys where key != "k" {
                guard let source = config.source(of: key) else { continue }
                #expect(given[key] == RealPHP.serialized(PHPString.value(of: source)), "seed \(seed), \(index) \(key)")
            }
        }
        for (index, edit) in edits.enumerated() {
            guard case .gives(var expected) = verdicts[edit.sample] else { continue }
            expected[edit.key] = RealPHP.serialized(Array(edit.value.utf8))
            #expect(verdicts[samples.count + index] == .gives(expected), "seed \(seed), \(edit)")
        }
    }

    /// One byte gone, doubled or another: most of these are mistakes, and some mean something else.
    @Test(
        "What we refuse PHP refuses, and what we set in damaged files PHP reads", arguments: [11, 12, 13] as [UInt64])
    func damage(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let alphabet = Array("'\"\\[](){};,$#/*<?>=&.\n aE0".utf8)
        var files: [[UInt8]] = []
        for _ in 0..<400 {
            var bytes = RandomConfig(using: &random).bytes
            let spot = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes.remove(at: spot)
            case 1: bytes.insert(alphabet[Int.random(in: 0..<alphabet.count, using: &random)], at: spot)
            default: bytes[spot] = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            files.append(bytes)
        }
        var edits: [(file: Int, key: String)] = []
        var refused: [Int: PHPProblem] = [:]
        let value = "http://10.0.0.2:8080"
        for (index, file) in files.enumerated() {
            do {
                let config = try PHPConfig(file)
                for key in config.entries.keys.sorted() where key.hasSuffix("_url") {
                    guard let source = config.source(of: key) else { continue }
                    edits.append((index, key))
                    files.append(config.replacing([key: PHPString.source(of: value, like: source)]))
                }
            } catch {
                refused[index] = error
            }
        }
        let verdicts = try await RealPHP.read(files)
        #expect(refused.count > 20, "the damage is too small")
        for (index, problem) in refused.sorted(by: { $0.key < $1.key }) {
            if case .gives = verdicts[index] {
                Issue.record(
                    "seed \(seed): we refuse \(problem), PHP does not: \(String(decoding: files[index], as: UTF8.self))"
                )
            }
        }
        var wrong = 0
        for (index, edit) in edits.enumerated() {
            guard case .gives(var expected) = verdicts[edit.file] else { continue }
            expected[edit.key] = RealPHP.serialized(Array(value.utf8))
            guard verdicts[400 + index] != .gives(expected) else { continue }
            wrong += 1
            let text = String(decoding: files[edit.file], as: UTF8.self)
            Issue.record("seed \(seed): \(edit.key) is not what PHP reads: \(verdicts[400 + index]) in \(text)")
        }
        #expect(wrong == 0)
    }
}

internal import Model

/// A question after a baseline, on the way that its requests take: to the gateway, by a socket that only we have.
struct ProbeQuestion {
    let socket: String
    let service: ServiceName

    /// What `GET path` says; a sentence where there is no answer.
    func ask(_ path: String) -> Result<Answer, Complaint> {
        guard path.hasPrefix("/"), path.utf8.allSatisfy({ (33...126).contains($0) }) else {
            return .failure(Complaint(text: "\(quoted(path)) is not a path to ask for"))
        }
        let question = [
            "GET \(path) HTTP/1.1", "host: \(service)", "x-berth-probe: \(service)", "user-agent: berth",
            "connection: close", "", "",
        ].joined(separator: "\r\n")
        do throws(LocalSocket.Failure) {
            let bytes = try LocalSocket(path: socket)
                .exchange(Array(question.utf8), within: Bound.probeMillis, atMost: Bound.probeBytes)
            return Answer(bytes).map { .success($0) }
                ?? .failure(Complaint(text: "GET \(path) is answered with no HTTP"))
        } catch {
            switch error {
            case .down: return .failure(Complaint(text: "the gateway does not run"))
            case .broken: return .failure(Complaint(text: "GET \(path) is not answered within \(Bound.probeMillis) ms"))
            }
        }
    }

    struct Complaint: Error, Hashable { let text: String }

    struct Answer: Hashable {
        let status: Int
        /// As much as was read.
        let body: [UInt8]
        private let isPlainText: Bool

        var isGood: Bool { (200...399).contains(status) }

        /// What it says of itself, where that is for people.
        var words: String {
            guard isPlainText else { return "" }
            let line = String(decoding: body.prefix { $0 != 10 && $0 != 13 }, as: UTF8.self)
            return line.isEmpty ? "" : ": \(line.prefix(Bound.versionCharacters))"
        }

        fileprivate init?(_ bytes: [UInt8]) {
            guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
            let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).lowercased()
            let lines = head.split(separator: "\r\n")
            let first = lines.first?.split(separator: " ") ?? []
            guard first.count >= 2, first[0].hasPrefix("http/1."), let status = Int(first[1]) else { return nil }
            self.status = status
            isPlainText = lines.contains { $0.hasPrefix("content-type:") && $0.contains("text/plain") }
            let rest = bytes[end.upperBound...]
            let isChunked = lines.contains { $0.hasPrefix("transfer-encoding:") && $0.contains("chunked") }
            body = isChunked ? Self.unchunked(rest) : Array(rest)
        }

        private static func unchunked(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
            var rest = bytes
            var body: [UInt8] = []
            while let line = rest.firstRange(of: [13, 10]) {
                let digits = String(
                    decoding: rest[..<line.lowerBound].prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
                guard let size = Int(digits, radix: 16), size > 0 else { break }
                rest = rest[line.upperBound...]
                body += rest.prefix(size)
                rest = rest.dropFirst(size + 2)
            }
            return body
        }
    }
}

extension BaselineProbe {
    /// Asks once; blocks.
    func ask(_ question: ProbeQuestion) -> ObservedBaseline {
        var observed = ObservedBaseline()
        if let healthPath {
            switch question.ask(healthPath) {
            case .success(let answer) where answer.isGood: break
            case .success(let answer): observed.complaint = "GET \(healthPath) answers \(answer.status)\(answer.words)"
            case .failure(let complaint): observed.complaint = complaint.text
            }
        }
        if let versionPath, case .success(let answer) = question.ask(versionPath), answer.isGood {
            observed.version = VersionText.read(answer.body, at: versionPointer)
        }
        return observed
    }
}

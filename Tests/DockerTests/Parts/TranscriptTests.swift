import Reconciler
import Testing

@testable import Docker

/// What a builder says, line by line.
@Suite struct TranscriptTests {
    private func read(_ answers: [String]) -> (lines: [String], problem: BuildTranscript.Problem?) {
        var transcript = BuildTranscript()
        let lines = answers.flatMap { transcript.read(Array($0.utf8)[...]) } + transcript.finish()
        return (lines, transcript.problem)
    }

    @Test func `lines are put together, and what was painted is plain`() {
        let answers = [
            #"{"stream":"Step 1/2 : FROM a"}"#, #"{"stream":"\n"}"#, #"{"stream":" ---\u003e 2b44\n"}"#,
            #"{"stream":"\u001b[91mtwo\n\u001b[0m"}"#, #"{"stream":"a\r\nb\n\nc"}"#, #"{"aux":{"ID":"sha256:1"}}"#,
            #"{"stream":"d"}"#, #"{"status":"Pulling","progressDetail":{}}"#,
        ]
        let (lines, problem) = read(answers)
        #expect(lines == ["Step 1/2 : FROM a", " ---> 2b44", "two", "a", "b", "", "cd"])
        #expect(problem == nil)
    }

    struct Case: CustomTestStringConvertible {
        let step: String
        let error: String
        let failure: HostFailure
        let words: String
        var testDescription: String { error }
    }

    @Test(arguments: [
        Case(
            step: "FROM --platform=linux/amd64 shop/base:1 AS x", error: #""error":"dial tcp: no route""#,
            failure: .unreachable,
            words: "its base image shop/base:1 is not on this node: load it, or give the node a way to its registry "
                + "(dial tcp: no route)"),
        Case(
            step: "FROM shop/base:1", error: #""error":"manifest unknown""#, failure: .refused,
            words: "its base image shop/base:1 is not on this node: load it, or give the node a way to its registry "
                + "(manifest unknown)"),
        Case(
            step: "RUN make", error: #""errorDetail":{"code":2},"error":"returned a non-zero code: 2""#,
            failure: .refused, words: "returned a non-zero code: 2; it last wrote: Step 1/9 : RUN make | cc: no input"),
        Case(
            step: "COPY a b", error: #""errorDetail":{"message":"no a"},"error":"COPY failed: no a""#,
            failure: .refused, words: "COPY failed: no a; it last wrote: Step 1/9 : COPY a b | cc: no input"),
    ])
    func `an error says what was being done`(example: Case) {
        let (_, problem) = read([
            "{\"stream\":\"Step 1/9 : \(example.step)\\n\"}", #"{"stream":" ---> Running in 12\ncc: no input\n"}"#,
            #"{"stream":"Removing intermediate container 12\n"}"#, "{\(example.error)}", #"{"error":"and another"}"#,
        ])
        #expect(problem == .init(failure: example.failure, words: example.words))
    }

    @Test func `of much output the end is kept`() {
        let (lines, problem) = read(
            (1...500).map { "{\"stream\":\"line \($0)\\n\"}" } + [#"{"error":"failed"}"#])
        #expect(lines.count == 500)
        #expect(problem?.words.hasPrefix("failed; it last wrote: line 481 | ") == true)
        #expect(problem?.words.hasSuffix(" | line 500") == true)
    }

    @Test func `what is not JSON is no success`() {
        #expect(read([#"{"stream":"ok\n"}"#, "<html>"]).problem?.failure == .unreachable)
    }
}

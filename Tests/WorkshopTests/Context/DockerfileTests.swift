import Model
import Testing

@testable import Workshop

@Suite("The images that a Dockerfile stands on")
struct DockerfileTests {
    struct Case: CustomTestStringConvertible {
        let text: String
        let bases: [String]
        var arguments: [String: String] = [:]
        var target: String?
        var testDescription: String { text.replacing("\n", with: " ⏎ ") }

        init(_ text: String, _ bases: [String], arguments: [String: String] = [:], target: String? = nil) {
            self.text = text
            self.bases = bases
            self.arguments = arguments
            self.target = target
        }
    }

    static let cases = [
        Case("", []),
        Case("FROM alpine:3.20", ["alpine:3.20"]),
        Case("from alpine", ["alpine"]),
        Case("FROM scratch\nCOPY a /", []),
        Case("# FROM busybox\nFROM alpine\n  # FROM x", ["alpine"]),
        Case("FROM --platform=linux/amd64 golang:1.22 AS build\nFROM build\nRUN x", ["golang:1.22"]),
        Case("FROM golang AS Build\nFROM alpine\nCOPY --from=build /a /b", ["alpine", "golang"]),
        Case("FROM golang\nFROM alpine\nCOPY --from=0 /a /b", ["alpine", "golang"]),
        Case("FROM alpine\nCOPY --from=nginx:1.25 /a /b", ["alpine", "nginx:1.25"]),
        Case("ARG TAG=3.20\nFROM alpine:${TAG}", ["alpine:3.20"]),
        Case("ARG TAG=3.20\nFROM alpine:$TAG", ["alpine:3.21"], arguments: ["TAG": "3.21"]),
        Case("ARG TAG\nFROM alpine:${TAG:-edge}", ["alpine:edge"]),
        Case("ARG TAG=1\nFROM alpine:${TAG:+edge}", ["alpine:edge"]),
        Case("ARG A=1 B=\"2\"\nARG C=$A.$B\nFROM x:$C", ["x:1.2"]),
        Case("FROM alpine\nARG TAG=9\nFROM x:${TAG:-1}", ["alpine", "x:1"]),
        // A value that doubles with every line: it would fill the memory.
        Case("ARG A=0123456789\n" + String(repeating: "ARG A=$A$A\n", count: 24) + "FROM ${A:-alpine}", ["alpine"]),
        Case("ARG A=0123456789\nFROM x:" + String(repeating: "$A", count: 1000) + "\nFROM alpine", ["alpine"]),
        Case("FROM alpine:$TAG", ["alpine:"], arguments: ["TAG": "1"]),
        Case("FROM \\\n  alpine\\\n:3", ["alpine"]),
        Case("FROM \\\n# comment\nalpine", ["alpine"]),
        Case("# escape=`\nFROM `\nalpine", ["alpine"]),
        Case("FROM alpine\nRUN <<EOF\nFROM no\nEOF\nFROM x", ["alpine", "x"]),
        Case("FROM alpine\nRUN cat <<-'END' > f\nFROM no\n\tEND\nCOPY <<A <<B /\nFROM a\nA\nFROM b\nB", ["alpine"]),
        Case("FROM a AS one\nFROM b AS two\nFROM c", ["a", "b"], target: "two"),
        Case("FROM a AS one\nFROM b AS two\nCOPY --from=x / /\nFROM c", ["a", "b", "x"], target: "TWO"),
        Case("FROM a\nFROM b\nFROM c", ["a", "b"], target: "1"),
    ]

    @Test("Are read without building it", arguments: cases)
    func bases(_ example: Case) {
        let found = Dockerfile(example.text, arguments: example.arguments, target: example.target).bases
        #expect(found.map(\.text).sorted() == example.bases)
    }
}

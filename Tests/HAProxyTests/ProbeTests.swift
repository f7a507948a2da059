internal import Foundation
internal import HAProxy
internal import Model
internal import Reconciler
internal import Testing

/// How baselines are asked how they do: on the way that their requests take.
@Suite(.serialized) struct ProbeTests {
    @Test func baselinesSayHowTheyDoAndWhichVersionTheyAre() async throws {
        try await Bench.run { bench in
            let server = try SpokenServer()
            defer { server.stop() }
            var gateway = bench.gateway
            gateway.probes = [
                key(nil, "account").service: BaselineProbe(
                    healthPath: "/health", versionPath: "/version", versionPointer: "/build/0/id~1x"),
                key(nil, "payment").service: BaselineProbe(healthPath: "/sick", versionPath: "/text"),
                key(nil, "mail").service: BaselineProbe(healthPath: "/endless", versionPath: "/endless"),
                key(nil, "gone").service: BaselineProbe(healthPath: "/"),
                key(nil, "absent").service: BaselineProbe(healthPath: "/"),
            ]
            try await bench.driver.configure(gateway)
            let wanted = gateway
            for (service, port) in [
                ("account", server.port), ("payment", server.port), ("mail", server.port), ("gone", FreePorts.one()),
            ] {
                let endpoint = Endpoint(scheme: .http, host: "localhost", port: port)
                _ = try await bench.driver.setRoute(
                    key(nil, service), to: .endpoint(endpoint, label: "\(service)@baseline"), on: gateway.name)
            }
            let names = ["account", "payment", "mail", "gone"].map { key(nil, $0).service }
            #expect(try await eventually { try await bench.driver.survey(wanted).baselines.count == names.count })
            let said = try await bench.driver.survey(wanted).baselines
            #expect(said[names[0]] == ObservedBaseline(complaint: nil, version: "4.2 b"))
            #expect(said[names[1]] == ObservedBaseline(complaint: "GET /sick answers 500: out of ink", version: "v7"))
            #expect(said[names[2]]?.complaint == nil, "a status is enough, however long the text")
            #expect(said[names[2]]?.version?.count == 200)
            #expect(said[names[3]]?.complaint == "GET / answers 503: target gone@baseline does not answer")
            #expect(server.hosts == ["localhost:\(server.port)"], "on the way that requests take")
            #expect(server.count(of: "/health") == 1, "no more often than its interval says")
        }
    }

    @Test func aVerdictThatTurnsIsAHint() async throws {
        try await Bench.run { bench in
            let server = try SpokenServer()
            defer { server.stop() }
            var gateway = bench.gateway
            let service = key(nil, "account").service
            gateway.probes = [service: BaselineProbe(healthPath: "/moody", intervalMillis: 100)]
            try await bench.driver.configure(gateway)
            let wanted = gateway
            let endpoint = Endpoint(scheme: .http, host: "127.0.0.1", port: server.port)
            _ = try await bench.driver.setRoute(
                key(nil, "account"), to: .endpoint(endpoint, label: "l"), on: gateway.name)
            #expect(
                try await eventually {
                    try await bench.driver.survey(wanted).baselines[service] == ObservedBaseline()
                })
            let hints = bench.driver.changes()
            server.turn()
            let hint = await hints.first { _ in true }
            #expect(hint == .everything)
            #expect(try await bench.driver.survey(wanted).baselines[service]?.complaint == "GET /moody answers 503")
        }
    }

    @Test func aSurveyDoesNotWaitForASilentBaseline() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            var gateway = bench.gateway
            gateway.probes = [key(nil, "account").service: BaselineProbe(healthPath: "/slow")]
            try await bench.driver.configure(gateway)
            let wanted = gateway
            #expect(try await bench.driver.survey(wanted).baselines == [:], "it has not answered yet")
            #expect(try await eventually { try await bench.driver.survey(wanted).baselines.count == 1 })
            let complaint = try await bench.driver.survey(wanted).baselines.values.first?.complaint
            #expect(complaint == "GET /slow is not answered within 2000 ms")
        }
    }

    @Test func aNameThatLeadsNowhereIsToldOfItsBaseline() async throws {
        try await Bench.run { bench in
            let endpoint = Endpoint(scheme: .http, host: "nobody.invalid", port: 80)
            _ = try await bench.driver.setRoute(
                key(nil, "account"), to: .endpoint(endpoint, label: "l"), on: bench.gateway.name)
            let said = try await bench.observed().baselines[key(nil, "account").service]
            #expect(said?.complaint == "nobody.invalid does not resolve on the gateway's node")
        }
    }
}

internal import HAProxy
internal import Model
internal import Reconciler
internal import Testing

/// The live tables are the truth, and the files follow them.
@Suite(.serialized) struct TableTests {
    @Test func readsBackWhatItWrote() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            _ = try await bench.driver.setRoute(key(Bench.qa, "sleepy"), to: .suspended, on: bench.gateway.name)
            _ = try await bench.driver.setRoute(key(Bench.qa, "fresh"), to: .starting, on: bench.gateway.name)
            let observed = try await bench.observed()
            #expect(observed.isRunning && observed.isCurrent)
            #expect(observed.moved == [])
            #expect(observed.sandboxes == [Bench.qa: Admission(port: bench.ports.lowerBound)])
            #expect(
                observed.routes == [
                    key(nil, "account"): bench.endpoint("account", bench.baseline),
                    key(nil, "payment"): bench.endpoint("payment", bench.baseline),
                    key(Bench.qa, "account"): bench.endpoint("account", bench.branch),
                    key(Bench.qa, "sleepy"): .suspended, key(Bench.qa, "fresh"): .starting,
                ])
            #expect(bench.file("changes.log").contains(" sandboxes qa 1\n"))
            #expect(bench.file("changes.log").contains(" ports \(bench.ports.lowerBound) qa\n"))
            let line =
                "qa:account serving|http|127.0.0.1|\(bench.branch.port)|127.0.0.1|account@branch|target|system|known\n"
            #expect(bench.file("changes.log").contains(line))
            var other = bench.gateway
            other.baseDomain = "elsewhere.example"
            try await bench.driver.configure(other)
            #expect(bench.file("changes.log") == "")
            #expect(bench.file("sandboxes.map") == "qa 1\n")
            #expect(bench.file("ports.map") == "\(bench.ports.lowerBound) qa\n")
            #expect(bench.file("routes.map").contains(line))
        }
    }

    @Test func everyVerbIsHarmlessWhenRepeated() async throws {
        try await Bench.run { bench in
            for _ in 0..<2 { try await bench.lay() }
            #expect(try bench.byHand("show map \(bench.folder)/routes.map").split(separator: "\n").count == 3)
            for _ in 0..<2 {
                _ = try await bench.driver.removeRoute(key(Bench.qa, "account"), on: bench.gateway.name)
                try await bench.driver.dismiss(Bench.qa, from: bench.gateway.name)
                try await bench.driver.configure(bench.gateway)
            }
            let observed = try await bench.observed()
            #expect(observed.sandboxes == [:])
            #expect(observed.routes.keys.sorted() == [key(nil, "account"), key(nil, "payment")])
            #expect(bench.file("sandboxes.map") == "" && bench.file("ports.map") == "", "configuring writes the files")
            #expect(observed.isCurrent)
        }
    }

    @Test func dismissClosesSelectionAndLeavesRoutes() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            try await bench.driver.dismiss(Bench.qa, from: bench.gateway.name)
            #expect(try bench.ask("/account", ["x-sandbox": "qa"]).target == "baseline")
            #expect(try bench.ask("/account", port: bench.ports.lowerBound).status == 404)
            #expect(try await bench.observed().routes[key(Bench.qa, "account")] != nil)
        }
    }

    @Test func admittingAgainMovesThePort() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let other = bench.ports.lowerBound + 3
            try await bench.driver.admit(Bench.qa, Admission(port: other), to: bench.gateway.name)
            #expect(try bench.ask("/account", port: other).target == "branch")
            #expect(try bench.ask("/account", port: bench.ports.lowerBound).status == 404)
            let thief = await failure {
                try await bench.driver.admit(sandbox("pr"), Admission(port: other), to: bench.gateway.name)
            }
            #expect(thief?.failure == .stale)
            #expect(thief?.message == "port \(other) belongs to sandbox qa")
            try await bench.driver.admit(Bench.qa, Admission(), to: bench.gateway.name)
            #expect(try await bench.observed().sandboxes == [Bench.qa: Admission()])
            #expect(try bench.ask("/account", port: other).status == 404)
        }
    }

    @Test func seesWhatWasEditedByHand() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let routes = "\(bench.folder)/routes.map"
            _ = try bench.byHand(
                "set map \(routes) qa:account serving|http|127.0.0.1|1|127.0.0.1|evil|target|system|known")
            _ = try bench.byHand("del map \(routes) :payment")
            _ = try bench.byHand("set map \(routes) :account nonsense")
            _ = try bench.byHand("add map \(routes) what? ever")
            let observed = try await bench.observed()
            let evil = Endpoint(scheme: .http, host: "127.0.0.1", port: 1)
            #expect(observed.routes == [key(Bench.qa, "account"): .endpoint(evil, label: "evil")])
            #expect(!observed.isCurrent)

            try await bench.driver.configure(bench.gateway)
            try await bench.lay()
            let mended = try await bench.observed()
            #expect(mended.isCurrent && mended.routes.count == 3)
            #expect(!bench.file("routes.map").contains("what?") && !bench.file("changes.log").contains("what?"))
        }
    }

    @Test func aDamagedRouteIsNotSentBackToTheGateway() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            _ = try bench.byHand(
                "set map \(bench.folder)/routes.map :account serving|http|nowhere|80|h|l|target|system|known")
            let answer = try bench.ask("/account")
            #expect(answer.status == 503)
            #expect(answer.body == "the route of :account is damaged\n")
        }
    }

    @Test func duplicatesAreCleanedWithoutAGap() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let routes = "\(bench.folder)/routes.map"
            _ = try bench.byHand("add map \(routes) qa:account suspended")
            #expect(try bench.ask("/account", port: bench.ports.lowerBound).target == "branch", "the first one counts")
            let observed = try await bench.observed()
            #expect(observed.routes[key(Bench.qa, "account")] == bench.endpoint("account", bench.branch))
            #expect(!observed.isCurrent)
            try await bench.driver.configure(bench.gateway)
            #expect(try bench.byHand("show map \(routes)").split(separator: "\n").count == 3)
            #expect(try await bench.observed().isCurrent)

            _ = try bench.byHand("add map \(routes) qa:account suspended")
            _ = try await bench.driver.removeRoute(key(Bench.qa, "account"), on: bench.gateway.name)
            #expect(try bench.ask("/account", port: bench.ports.lowerBound).target == "baseline")
        }
    }

    @Test func aNameThatMovedIsReported() async throws {
        try await Bench.run { bench in
            let named = Endpoint(scheme: .http, host: "localhost", port: bench.baseline.port)
            _ = try await bench.driver.setRoute(
                key(nil, "account"), to: .endpoint(named, label: "account@named"), on: bench.gateway.name)
            #expect(try await bench.observed().moved == [])
            let elsewhere = "serving|http|127.0.0.9|\(named.port)|localhost|account@named|target|system|known"
            _ = try bench.byHand("set map \(bench.folder)/routes.map :account \(elsewhere)")
            #expect(try await bench.observed().moved == [key(nil, "account")])
        }
    }

    @Test(arguments: [
        ("127.0.0.1", "a|b"), ("127.0.0.1", "a b"), ("127.0.0.1", ""), ("127.0.0.1", "a\nb"), ("127.0.0.1", "a;b"),
        ("127.0.0.1", "a<<"), ("127.0.0.1", "ü"), ("127.0.0.1", String(repeating: "l", count: 201)),
        ("a|b", "l"), ("a b", "l"), ("", "l"), ("h\r\nx: y", "l"), ("[::1]", "l"),
    ])
    func whatWouldReadAsSomethingElseCannotBeWritten(host: String, label: String) async throws {
        let driver = HAProxyDriver(directory: "/tmp/berth-nowhere")
        let target = RouteTarget.endpoint(Endpoint(scheme: .http, host: host, port: 80), label: label)
        let gateway = try GatewayName("main")
        let refusal = await failure { _ = try await driver.setRoute(key(nil, "account"), to: target, on: gateway) }
        #expect(refusal?.failure == .refused)
    }

    @Test func aNameWithoutAnIPv4AddressIsExplained() async throws {
        try await Bench.run { bench in
            for owner in [Bench.qa, nil] {
                let endpoint = Endpoint(scheme: .http, host: "nobody.invalid", port: 80, isLiteral: owner != nil)
                if owner == nil { try await bench.lay() }
                let refusal = await failure {
                    _ = try await bench.driver.setRoute(
                        key(owner, "account"), to: .endpoint(endpoint, label: "l"), on: bench.gateway.name)
                }
                #expect(refusal?.failure == .unreachable)
                let whose = owner == nil ? "baseline" : "target of sandbox qa"
                #expect(
                    refusal?.message.hasPrefix(
                        "the \(whose) for service account leads nowhere: nobody.invalid does not resolve (") == true)
            }
            #expect(try bench.ask("/account").target == "baseline", "what served goes on serving")
        }
    }

    @Test func aBaselineThatIsNowhereHoldsUpNothingAndSaysSo() async throws {
        try await Bench.run { bench in
            let endpoint = Endpoint(scheme: .http, host: "nobody.invalid", port: 80)
            let target = RouteTarget.endpoint(endpoint, label: "fresh@baseline")
            let flip = try await bench.driver.setRoute(key(nil, "fresh"), to: target, on: bench.gateway.name)
            #expect(flip.openOnOld == nil)
            let answer = try bench.ask("/fresh")
            #expect(answer.status == 502)
            #expect(answer.body == "cannot resolve nobody.invalid, where route :fresh leads\n")
            #expect(answer.route == "-/fresh@baseline by default")
            let observed = try await bench.observed()
            #expect(observed.routes == [key(nil, "fresh"): target])
            #expect(observed.moved == [], "nothing is gained by asking again before it resolves")
            #expect(observed.isCurrent)
        }
    }
}

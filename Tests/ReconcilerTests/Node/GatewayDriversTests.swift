import Model
import Reconciler
import TestSupport
import Testing

@Suite("Each gateway has the driver that its manifest chooses")
struct GatewayDriversTests {
    private static func gateway(_ driver: DesiredGateway.Driver) -> DesiredGateway {
        DesiredGateway(name: Sample.gatewayName, node: Sample.node, driver: driver, listeners: [], place: Sample.place)
    }

    private static let configFile = gateway(.configFileMap(ConfigFileMap(folder: "/srv/gateway")))

    @Test("Verbs go to the driver that configured the gateway")
    func dispatch() async throws {
        let (haproxy, file) = (FakeGateways(), FakeGateways())
        let drivers = GatewayDrivers(haproxy: haproxy, configFile: file)
        try await drivers.configure(Self.configFile)
        try await drivers.admit(Sample.name("qa"), Admission(), to: Sample.gatewayName)
        #expect(file.verbs == ["configure main", "admit qa"])
        #expect(haproxy.verbs == [])
        try await drivers.configure(Self.gateway(.traefikLabels(TraefikLabels())))
        #expect(try await drivers.survey(Self.gateway(.traefikLabels(TraefikLabels()))).isCurrent)
        #expect(file.verbs.count == 2)
    }

    @Test("A gateway that gets another driver is taken from the one before first")
    func changes() async throws {
        let (haproxy, file) = (FakeGateways(), FakeGateways())
        let drivers = GatewayDrivers(haproxy: haproxy, configFile: file)
        haproxy.has([Sample.gatewayName])
        #expect(try await drivers.survey(Self.configFile).isCurrent == false)
        try await drivers.configure(Self.configFile)
        #expect(haproxy.verbs == ["dismantle main"])
        #expect(file.verbs == ["configure main"])
        haproxy.has([Sample.gatewayName])
        let traefik = try await drivers.survey(Self.gateway(.traefikLabels(TraefikLabels())))
        #expect(!traefik.isCurrent, "what another driver left is seen")
        haproxy.has([])
        #expect(try await drivers.survey(Self.configFile).isCurrent)
    }

    @Test("After a restart, what a driver has on disk says whose a gateway is")
    func remembers() async throws {
        let (haproxy, file) = (FakeGateways(), FakeGateways())
        file.has([Sample.gatewayName])
        let drivers = GatewayDrivers(haproxy: haproxy, configFile: file)
        try await drivers.dismiss(Sample.name("qa"), from: Sample.gatewayName)
        #expect(file.verbs == ["dismiss qa"])
        try await drivers.dismantle(Sample.gatewayName)
        #expect(file.verbs == ["dismiss qa", "dismantle main"])
        #expect(haproxy.verbs == [])
    }
}

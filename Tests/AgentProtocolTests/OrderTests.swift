import AgentProtocol
import Model
import Reconciler
import Testing

@Suite("Orders and their bounds")
struct OrderTests {
    @Test("An order of a later epoch is later, whatever its number")
    func order() {
        let ids = [Order.ID(Epoch(2), 1), Order.ID(Epoch(1), 9), Order.ID(Epoch(1), 10)]
        #expect(ids.sorted() == [Order.ID(Epoch(1), 9), Order.ID(Epoch(1), 10), Order.ID(Epoch(2), 1)])
        #expect("\(ids[0])" == "2.1")
        #expect(Epoch(9) < Epoch(10))
    }

    @Test("A link's error is told in its own words")
    func errors() {
        #expect("\(LinkError(.refused, "no; do this"))" == "no; do this")
    }

    @Test("Silence is more than three missed heartbeats, and a slow reader is known before that")
    func bounds() {
        #expect(Bounds.silence > Bounds.beat * 3)
        #expect(Bounds.sending < Bounds.silence)
        #expect(Bounds.handshake < Bounds.silence)
        #expect(Bounds.lines * Bounds.line < Bounds.frame)
        #expect(Bounds.remembered > Bounds.orders)
    }
}

import AgentProtocol
import AgentTransport

// `make fuzz`: what comes over a link is read as a frame or refused, whatever it is. libFuzzer makes the bytes and looks
// for crashes, for what takes too long and for what takes too much memory.

/// The first byte chooses the direction; the rest is a frame.
@_cdecl("LLVMFuzzerTestOneInput")
package func test(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    guard let direction = input.first else { return 0 }
    let bytes = [UInt8](input.dropFirst())
    if direction.isMultiple(of: 2) { readByController(bytes) } else { readByAgent(bytes) }
    return 0
}

/// What is read must be written in a way that is read as the same again.
private func readByController(_ bytes: [UInt8]) {
    guard let frame = try? FrameCoding.agentFrame(bytes) else { return }
    guard let again = try? FrameCoding.agentFrame(FrameCoding.encode(frame)), again == frame else {
        preconditionFailure("a frame of an agent that changes when it is sent on: \(frame)")
    }
}

private func readByAgent(_ bytes: [UInt8]) {
    guard let received = try? FrameCoding.controllerFrame(bytes), case .frame(let frame) = received else { return }
    guard let again = try? FrameCoding.controllerFrame(FrameCoding.encode(frame)), again == received else {
        preconditionFailure("a frame of a controller that changes when it is sent on: \(frame)")
    }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

/// SwiftPM calls the entry of an executable so; libFuzzer's own `main` is not linked that way.
@_cdecl("FrameFuzz_main")
package func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
    var (count, arguments) = (count, arguments)
    return runDriver(&count, &arguments, test)
}

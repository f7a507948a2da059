import Commands

@main
enum Program {
    nonisolated static func main() async { await Berth.start() }
}

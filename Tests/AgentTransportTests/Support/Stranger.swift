import AgentTransport

/// Somebody who speaks gRPC with a library that is not ours, and measures nothing.
enum Stranger {
    /// Opens a session with the certificate and key of `pem`, sends frames of these bytes, and prints what comes.
    static func converse(
        at address: HostPort, showing pem: String, trusting authority: String, frames: [String], in scratch: Scratch
    ) throws -> Program {
        try Program(["/usr/bin/python3", "-c", script, "\(address)", pem, authority] + frames, in: scratch)
    }

    /// A frame is hex, or a number of zeros.
    private static let script = """
        import grpc, sys
        address, pem, authority, *frames = sys.argv[1:]
        read = lambda path: open(path, "rb").read()
        proof = grpc.ssl_channel_credentials(read(authority), read(pem), read(pem))
        channel = grpc.secure_channel(address, proof, [
            ("grpc.ssl_target_name_override", "controller.berth"), ("grpc.max_send_message_length", -1)])
        plain = lambda bytes: bytes
        session = channel.stream_stream(
            "/berth.agent.v1.Agents/Session", request_serializer=plain, response_deserializer=plain)
        messages = [bytes(int(one[5:])) if one.startswith("zero:") else bytes.fromhex(one) for one in frames]
        try:
            for answer in session(iter(messages), timeout=60):
                print("answer", answer.hex())
            print("end")
        except grpc.RpcError as error:
            print(error.code().name, error.details())
        """
}

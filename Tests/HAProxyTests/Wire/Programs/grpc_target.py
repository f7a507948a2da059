"""A gRPC server over HTTP/2 without TLS. Its messages are plain bytes, so that nothing has to be generated.

Prints its port, and then a line for each call that its client gave up."""
import signal
import sys
import time
from concurrent import futures

import grpc

LIFE_SECONDS = 120


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def unary(request, context):
    metadata = dict(context.invocation_metadata())
    context.send_initial_metadata((("x-began", "yes"),))
    context.set_trailing_metadata((("x-ended", "yes"), ("x-heard-bin", b"\x00\xff\x01")))
    context.set_details("")
    return b"|".join([request, metadata.get("x-sent", "nothing").encode()])


def fail(request, context):
    context.set_trailing_metadata((("x-why", request.decode()),))
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not now: äöü")


def stream(request, context):
    for number in range(int(request)):
        yield b"%d" % number


def talk(requests, context):
    """Answers each message before the next one comes."""
    for request in requests:
        yield b"re: " + request


def collect(requests, context):
    return b"%d" % sum(len(request) for request in requests)


def hang(request, context):
    context.add_callback(lambda: say("given up"))
    end = time.monotonic() + LIFE_SECONDS
    while context.is_active() and time.monotonic() < end:
        time.sleep(0.01)
    return b""


def linger(requests, context):
    """One message at once, and one more when the client sends something."""
    yield b"first"
    for request in requests:
        yield request


def main():
    signal.alarm(LIFE_SECONDS)
    server = grpc.server(
        futures.ThreadPoolExecutor(16),
        options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 16 << 20)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("berth.Wire", {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "Hang": grpc.unary_unary_rpc_method_handler(hang),
        "Stream": grpc.unary_stream_rpc_method_handler(stream),
        "Collect": grpc.stream_unary_rpc_method_handler(collect),
        "Talk": grpc.stream_stream_rpc_method_handler(talk),
        "Linger": grpc.stream_stream_rpc_method_handler(linger),
    }),))
    say(str(server.add_insecure_port("127.0.0.1:0")))
    server.start()
    server.wait_for_termination()


main()

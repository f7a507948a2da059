"""Calls the gRPC target through a gateway: PORT AUTHORITY CHECK. Prints `well`, or fails with what was wrong."""
import queue
import signal
import sys

import grpc

LIFE_SECONDS = 90
CALL_SECONDS = 30


class Client:
    def __init__(self, port, authority):
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[
            ("grpc.default_authority", authority), ("grpc.enable_http_proxy", 0),
            ("grpc.max_receive_message_length", 16 << 20), ("grpc.enable_retries", 0)])

    def of(self, kind, name):
        return getattr(self.channel, kind)(f"/berth.Wire/{name}")

    def unary(self):
        call = self.of("unary_unary", "Unary")
        answer, seen = call.with_call(b"hello", timeout=CALL_SECONDS, metadata=(("x-sent", "metadata"),))
        assert answer == b"hello|metadata", answer
        assert dict(seen.initial_metadata()).get("x-began") == "yes", seen.initial_metadata()
        assert dict(seen.trailing_metadata()).get("x-ended") == "yes", seen.trailing_metadata()
        assert dict(seen.trailing_metadata()).get("x-heard-bin") == b"\x00\xff\x01", seen.trailing_metadata()
        assert seen.code() == grpc.StatusCode.OK

    def large(self):
        message = bytes(range(256)) * (12 << 10)
        answer = self.of("unary_unary", "Unary")(message, timeout=CALL_SECONDS)
        assert answer == message + b"|nothing", len(answer)

    def many(self):
        """Three hundred calls, thirty at once on one connection."""
        call = self.of("unary_unary", "Unary")
        for turn in range(10):
            calls = [(number, call.future(b"%d" % number, timeout=CALL_SECONDS)) for number in range(30)]
            for number, future in calls:
                assert future.result() == b"%d|nothing" % number

    def status(self):
        try:
            self.of("unary_unary", "Fail")(b"reason", timeout=CALL_SECONDS)
            raise AssertionError("it did not fail")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
            assert error.details() == "not now: äöü", error.details()
            assert dict(error.trailing_metadata()).get("x-why") == "reason", error.trailing_metadata()

    def unknown(self):
        try:
            self.of("unary_unary", "Nowhere")(b"", timeout=CALL_SECONDS)
            raise AssertionError("it did not fail")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error

    def stream(self):
        answers = list(self.of("unary_stream", "Stream")(b"1000", timeout=CALL_SECONDS))
        assert answers == [b"%d" % number for number in range(1000)], len(answers)

    def collect(self):
        pieces = (b"x" * 1000 for _ in range(1000))
        answer = self.of("stream_unary", "Collect")(pieces, timeout=CALL_SECONDS)
        assert answer == b"1000000", answer

    def talk(self):
        """The next message is sent only when the last was answered: nothing may be held back on the way."""
        words = queue.Queue()
        answers = self.of("stream_stream", "Talk")(iter(words.get, None), timeout=CALL_SECONDS)
        for number in range(100):
            words.put(b"%d" % number)
            assert next(answers) == b"re: %d" % number
        words.put(None)
        assert list(answers) == []
        assert answers.code() == grpc.StatusCode.OK

    def deadline(self):
        try:
            self.of("unary_unary", "Hang")(b"", timeout=0.5)
            raise AssertionError("it did not end")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error

    def linger(self):
        """An open stream: says `open`, then repeats each line of its input that the target repeats."""
        words = queue.Queue()
        answers = self.of("stream_stream", "Linger")(iter(words.get, None), timeout=LIFE_SECONDS)
        assert next(answers) == b"first"
        say("open")
        for line in sys.stdin:
            words.put(line.strip().encode())
            say(next(answers).decode())
        words.put(None)
        assert list(answers) == []

    def load(self):
        """Calls one after the other until its input ends; none may fail."""
        call, count = self.of("unary_unary", "Unary"), 0
        import threading
        end = threading.Event()
        threading.Thread(target=lambda: (sys.stdin.read(), end.set()), daemon=True).start()
        while not end.is_set():
            assert call(b"%d" % count, timeout=CALL_SECONDS) == b"%d|nothing" % count
            count += 1
            if count == 20:
                say("open")
        assert count > 20, count


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main():
    signal.alarm(LIFE_SECONDS)
    port, authority, *checks = sys.argv[1:]
    client = Client(port, authority)
    for check in checks:
        getattr(client, check)()
        say(f"{check} well")


main()

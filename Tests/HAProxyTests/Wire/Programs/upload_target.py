"""Takes bodies of any size, keeping none of them, and answers with their length and digest. Prints its port."""
import hashlib
import signal
import socket
import sys
import threading

LIFE_SECONDS = 120
PIECE = 1 << 20


class Reader:
    def __init__(self, connection):
        self.connection, self.room, self.data = connection, bytearray(PIECE), b""

    def fill(self):
        count = self.connection.recv_into(self.room)
        if not count:
            raise EOFError
        self.data += bytes(memoryview(self.room)[:count])

    def line(self):
        while (end := self.data.find(b"\r\n")) < 0:
            self.fill()
        line, self.data = self.data[:end], self.data[end + 2:]
        return line

    def body(self, count, digest):
        while count:
            if self.data:
                piece, self.data = self.data[:count], self.data[count:]
                digest.update(piece)
                count -= len(piece)
                continue
            got = self.connection.recv_into(self.room, min(count, PIECE))
            if not got:
                raise EOFError
            digest.update(memoryview(self.room)[:got])
            count -= got


def serve(connection):
    reader = Reader(connection)
    try:
        while True:
            method = reader.line().split()[0]
            fields = {}
            while line := reader.line():
                name, value = line.split(b":", 1)
                fields[name.lower()] = value.strip()
            digest, total, kind = hashlib.sha256(), 0, "length"
            if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
                kind = "chunked"
                assert b"content-length" not in fields
                while size := int(reader.line(), 16):
                    reader.body(size, digest)
                    total += size
                    assert reader.line() == b""
                while reader.line():
                    pass
            else:
                total = int(fields.get(b"content-length", 0))
                reader.body(total, digest)
            words = f"{method.decode()} {kind} {total} {digest.hexdigest()}".encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(words), words))
    except (EOFError, OSError):
        connection.close()


def main():
    signal.alarm(LIFE_SECONDS)
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()

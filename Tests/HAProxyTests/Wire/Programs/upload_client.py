"""Sends a body through a gateway: PORT PATH BYTES KIND, where the kind is `chunked` or `length`. Prints `well`."""
import hashlib
import signal
import socket
import sys

LIFE_SECONDS = 110
PIECE = 1 << 20


def main():
    signal.alarm(LIFE_SECONDS)
    port, path, size, kind = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
    block = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(PIECE // 32))
    framing = "transfer-encoding: chunked" if kind == "chunked" else f"content-length: {size}"
    connection = socket.create_connection(("127.0.0.1", port))
    connection.settimeout(60)
    connection.sendall(f"POST {path} HTTP/1.1\r\nhost: upload.example\r\n{framing}\r\n\r\n".encode())
    digest = hashlib.sha256()
    for number in range(size // PIECE):
        # No two pieces are equal: one that is lost, doubled or moved changes the digest.
        start = b"%016d" % number
        digest.update(start)
        rest = memoryview(block)[len(start):]
        digest.update(rest)
        if kind == "chunked":
            connection.sendall(b"%x\r\n%s" % (PIECE, start))
            connection.sendall(rest)
            connection.sendall(b"\r\n")
        else:
            connection.sendall(start)
            connection.sendall(rest)
    if kind == "chunked":
        connection.sendall(b"0\r\n\r\n")
    answer = b""
    wanted = f"POST {kind} {size} {digest.hexdigest()}".encode()
    while not answer.endswith(wanted):
        piece = connection.recv(65536)
        assert piece, answer
        answer += piece
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    sys.stdout.write("well\n")


main()

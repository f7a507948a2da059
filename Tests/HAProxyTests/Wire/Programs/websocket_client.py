"""Talks to the WebSocket target through a gateway: PORT PATH CHECK. Prints `well`, or fails with what was wrong."""
import asyncio
import hashlib
import signal
import sys

import websockets

LIFE_SECONDS = 90


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def all(socket):
    assert socket.subprotocol == "wire", socket.subprotocol
    await socket.send("hello äöü")
    assert await socket.recv() == "hello äöü"
    block = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range((1 << 20) // 32))
    await socket.send(block)
    assert await socket.recv() == block
    # Four pieces of one message.
    await socket.send([block[at:at + (256 << 10)] for at in range(0, 1 << 20, 256 << 10)])
    assert await socket.recv() == block
    await asyncio.wait_for(await socket.ping(b"from the client"), 20)
    await socket.send("ping me")
    assert await socket.recv() == "ponged"
    for number in range(200):
        await socket.send(str(number))
        assert await socket.recv() == str(number)
    await socket.send("close 4321 enough of this")
    await socket.wait_closed()
    assert socket.close_code == 4321, socket.close_code
    assert socket.close_reason == "enough of this", socket.close_reason


async def linger(socket):
    """Says `open`, then repeats each line of its input that the target repeats."""
    say("open")
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        await socket.send(line.strip())
        say(await socket.recv())
    await socket.close(1000)


async def main():
    port, path, check = sys.argv[1:]
    url = f"ws://127.0.0.1:{port}{path}"
    async with websockets.connect(
            url, extra_headers={"x-sandbox": "qa"}, max_size=4 << 20, ping_interval=None,
            subprotocols=["wire"]) as socket:
        greeting = await socket.recv()
        say(greeting)
        await {"all": all, "linger": linger}[check](socket)
    say(f"{check} well")


signal.alarm(LIFE_SECONDS)
asyncio.run(main())

"""A WebSocket server that repeats what it hears. `close CODE WORDS` has it close. Prints its port."""
import asyncio
import signal
import sys

import websockets

LIFE_SECONDS = 120


async def serve(socket, path):
    await socket.send(f"path {path} sandbox {socket.request_headers.get('x-sandbox')}")
    async for message in socket:
        if isinstance(message, str) and message.startswith("close "):
            _, code, words = message.split(" ", 2)
            await socket.close(int(code), words)
            return
        if message == "ping me":
            await asyncio.wait_for(await socket.ping(b"from the target"), 20)
            message = "ponged"
        await socket.send(message)


async def main():
    server = await websockets.serve(serve, "127.0.0.1", 0, max_size=4 << 20, ping_interval=None, subprotocols=["wire"])
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.Future()


signal.alarm(LIFE_SECONDS)
asyncio.run(main())

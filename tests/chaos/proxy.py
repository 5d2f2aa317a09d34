"""The line between the site and one database server: a TCP proxy that can cut it, swallow what
is sent, delay it or refuse it, so that a host vanishes without root.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any

from tests.conftest import free_port

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset
PIECE = 65536


class Proxy:
    """Listens on loopback, on a port of its own, as long as it is not closed. Counts what it
    did, so that an event can show that it happened.
    """

    def __init__(self, target: int) -> None:
        self.target, self.port = target, free_port()
        self.delay, self.swallows = 0.0, False
        self.made = self.cuts = self.swallowed = self.delayed = 0
        self.ends: set[asyncio.StreamWriter] = set()
        self.server: asyncio.Server | None = None
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.do(self.listen())

    def do(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(30)

    async def listen(self) -> None:
        self.server = await asyncio.start_server(
            self.carry, "127.0.0.1", self.port, reuse_address=True, backlog=512
        )

    async def deafen(self) -> None:
        if self.server:
            self.server.close()
            self.server = None

    async def reset(self) -> None:
        for end in list(self.ends):
            self.ends.discard(end)
            if not end.transport.is_closing():
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                self.cuts += 1
            end.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.made += 1
        self.ends.add(writer)
        try:
            there, onward = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            self.ends.discard(writer)
            writer.transport.abort()
            return
        self.ends.add(onward)
        await asyncio.gather(
            self.pump(reader, onward), self.pump(there, writer), return_exceptions=True
        )
        for end in (writer, onward):
            self.ends.discard(end)
            end.close()

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(PIECE):
                if self.delay:
                    self.delayed += 1
                    await asyncio.sleep(self.delay)
                if self.swallows:
                    self.swallowed += len(piece)
                    continue
                writer.write(piece)
                await writer.drain()
        finally:
            if not self.swallows:  # a host that vanished does not say that it has gone
                writer.close()

    def cut(self) -> int:
        """Reset every line that there is; how many ends. New ones are made as before."""
        before = self.cuts
        self.do(self.reset())
        return self.cuts - before

    def swallow(self) -> None:
        """From now on nothing arrives and nobody is told so."""
        self.swallows = True

    def refuse(self) -> None:
        """As a host does on which nobody listens."""
        self.do(self.deafen())
        self.cut()

    def restore(self) -> None:
        """Carry again. A line that has swallowed anything is reset, as by a host that comes
        back.
        """
        self.delay = 0.0
        if self.swallows:
            self.swallows = False
            self.cut()
        if self.server is None:
            self.do(self.listen())

    def close(self) -> None:
        self.do(self.deafen())
        self.do(self.reset())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

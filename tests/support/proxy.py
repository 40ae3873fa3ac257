"""A TCP line to a local server that a test can delay, cut, reset, refuse, or make swallow every packet (by a socket filter of Linux)."""

import asyncio
import ctypes
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Self

LOOPBACK = "127.0.0.1"
SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27  # <asm-generic/socket.h>: packets are dropped before TCP sees them, so nobody acknowledges
DROP_ALL = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # classic BPF: return 0
PROGRAM = struct.pack("HL", 1, ctypes.addressof(DROP_ALL))
RST_ON_CLOSE, FIN_ON_CLOSE = struct.pack("ii", 1, 0), struct.pack("ii", 0, 0)  # SO_LINGER


class Proxy:
    """Listens on `port` and forwards to `target`, a port of this machine that may be set later. What it is told holds until `restore`."""

    def __init__(self, target: int = 0) -> None:
        self.target, self.port = target, 0
        self._lines = list[tuple[asyncio.StreamWriter, asyncio.StreamWriter]]()
        self._delay_seconds, self._deaf = 0.0, (False, False)
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> Self:
        threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True).start()
        self._run(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def delay(self, seconds: float) -> None:
        """Hold every piece back for that long, in both directions."""
        self._delay_seconds = seconds

    def cut(self) -> None:
        """End every connection in order (FIN); new ones are welcome."""
        self._run(self._end(FIN_ON_CLOSE))

    def reset(self) -> None:
        """Break every connection (RST); new ones are welcome."""
        self._run(self._end(RST_ON_CLOSE))

    def refuse(self) -> None:
        """Break every connection and refuse new ones."""
        self._loop.call_soon_threadsafe(self._server.close)
        self.reset()

    def blackhole(self, *, from_client: bool = True, from_server: bool = True, newcomers: bool = True) -> None:
        """Drop every packet of these directions, unacknowledged; `newcomers`: of later connections too. Nobody is told."""
        for client, server in self._lines:
            _filter(client.get_extra_info("socket"), from_client)
            _filter(server.get_extra_info("socket"), from_server)
        if newcomers:
            self._deaf = (from_client, from_server)
            for ear in self._server.sockets:
                _filter(ear, from_client)

    def restore(self) -> None:
        """A good line again; what was not acknowledged is sent again by TCP itself."""
        self._delay_seconds = 0.0
        self.blackhole(from_client=False, from_server=False)
        if not self._server.is_serving():
            self._run(self._listen())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            target_reader, target_writer = await asyncio.open_connection(LOOPBACK, self.target)
            self._lines.append(line := (writer, target_writer))
            for end, deaf in zip(line, self._deaf, strict=True):
                _filter(end.get_extra_info("socket"), deaf)
            await asyncio.gather(self._pump(reader, target_writer), self._pump(target_reader, writer))
            self._lines.remove(line)
        writer.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await source.read(65_536):
                await asyncio.sleep(self._delay_seconds)
                sink.write(piece)
                await sink.drain()
        sink.close()

    async def _end(self, linger: bytes) -> None:
        lines = list(self._lines)  # a client may be back at once
        for end in (end for line in lines for end in line):
            with suppress(OSError):  # closed meanwhile
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            end.transport.abort()
        while any(line in self._lines for line in lines):
            await asyncio.sleep(0.01)


def _filter(ear: socket.socket, deaf: bool) -> None:
    with suppress(OSError):  # nothing to detach, or closed meanwhile
        ear.setsockopt(socket.SOL_SOCKET, *((SO_ATTACH_FILTER, PROGRAM) if deaf else (SO_DETACH_FILTER, 0)))

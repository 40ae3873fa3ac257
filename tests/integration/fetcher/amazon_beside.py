"""The simulator on its three ports, served by a thread of the test's process: a process of its own takes a second to start."""

import asyncio
import threading
from pathlib import Path

from deploy.local.amazon.app import build
from deploy.local.amazon.process import AmazonSimulator, Ports, arguments
from deploy.local.amazon.server import PortServer, port_servers
from deploy.local.amazon.settings import parse
from tests.support.reading import wait_until


class AmazonBeside(AmazonSimulator):
    """The same command line, the same answers over the same sockets."""

    def __init__(self, folder: Path, ports: Ports, options: dict[str, str | int | Path | None]) -> None:
        super().__init__(folder, ports, options)
        settings = parse(arguments(ports, options)[3:])
        self._servers = port_servers(build(settings).on_ports(settings))
        self._thread = threading.Thread(target=asyncio.run, args=(_served(self._servers),), name="amazon", daemon=True)

    def start(self) -> None:
        """Return when all three ports answer."""
        self._thread.start()
        wait_until(lambda: all(server.started for server in self._servers))

    def stop(self) -> None:
        """End in order."""
        for server in self._servers:
            server.should_exit = True
        self._thread.join()


async def _served(servers: list[PortServer]) -> None:
    await asyncio.gather(*(server.serve() for server in servers))

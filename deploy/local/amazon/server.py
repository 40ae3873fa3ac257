"""Serve the three ports in one process until SIGTERM or SIGINT."""

import asyncio
import signal
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool

from deploy.local.amazon.app import Simulator
from deploy.local.amazon.privileges import become_ordinary_user, started_by_root
from deploy.local.amazon.settings import Settings


class PortServer(uvicorn.Server):
    """One port; signals are left to `serve`, which ends all ports together."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Handle none."""
        yield


async def serve(simulator: Simulator, settings: Settings) -> None:
    """Answer on all ports; the control port opens last, so that its `/ready` speaks for the others."""
    if started_by_root():
        await run_in_threadpool(simulator.world.documents[0].pdf)  # loads the PDF library while we may still read it
    servers = [
        _server(simulator.api, settings.port),
        _server(simulator.documents, settings.documents_port),
        _server(simulator.control, settings.control_port),
    ]
    become_ordinary_user()
    for asking in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(asking, _end, servers)
    await asyncio.gather(*(server.serve() for server in servers))


def _server(app: Starlette, port: int) -> PortServer:
    config = uvicorn.Config(
        app, port=port, log_level="warning", access_log=False, lifespan="off", server_header=False, timeout_graceful_shutdown=1
    )
    config.load()
    return PortServer(config)


def _end(servers: list[PortServer]) -> None:
    for server in servers:
        server.should_exit = True

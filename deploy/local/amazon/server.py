"""Serve the ports in one process until SIGTERM or SIGINT."""

import asyncio
import signal
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool

from deploy.local.amazon.parties import BUYER
from deploy.local.amazon.privileges import become_ordinary_user
from deploy.local.amazon.seeded import Recipe, seeded_world
from deploy.local.amazon.trouble import CALM, Rates


class PortServer(uvicorn.Server):
    """One port; signals are left to `serve`, which ends all ports together."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Handle none."""
        yield


async def serve(apps: Mapping[int, Starlette]) -> None:
    """Answer on all ports; the last one, which should be the control port, opens last, so that its `/ready` speaks for the others."""
    servers = port_servers(apps)
    become_ordinary_user()
    for asking in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(asking, _end, servers)
    await asyncio.gather(*(server.serve() for server in servers))


def port_servers(apps: Mapping[int, Starlette]) -> list[PortServer]:
    """One for each port, in this order, not serving yet."""
    return [_server(app, port) for port, app in apps.items()]


def load_for_later(rates: Rates) -> None:
    """Load what serves and draws while we may still read it: become_ordinary_user takes the rights away."""
    asyncio.run(run_in_threadpool(int))
    variants = [CALM] if rates.calm else [CALM, Rates(scanned=1.0), Rates(factur_x=1.0), Rates(locked=1.0)]
    for variant in variants:
        seeded_world(Recipe(1, 1, datetime.now(UTC), BUYER, rates=variant)).documents[0].pdf()


def _server(app: Starlette, port: int) -> PortServer:
    config = uvicorn.Config(
        app, port=port, log_level="warning", access_log=False, lifespan="off", server_header=False, timeout_graceful_shutdown=1
    )
    config.load()
    return PortServer(config)


def _end(servers: list[PortServer]) -> None:
    for server in servers:
        server.should_exit = True

"""`python -m deploy.local.amazon --port P --control-port C`: the simulator as a process of its own; also `achats simulator`."""

import asyncio
import sys
from collections.abc import Sequence

from deploy.local.amazon.app import build
from deploy.local.amazon.privileges import started_by_root
from deploy.local.amazon.server import load_for_later, serve
from deploy.local.amazon.settings import parse
from deploy.local.amazon.static_pairs import ready_app, static_app


def run(arguments: Sequence[str]) -> None:
    """Build the accounts, or read the published pairs, then serve them until SIGTERM or SIGINT."""
    settings = parse(arguments)
    if settings.static is not None:
        asyncio.run(serve({settings.port: static_app(settings.static), settings.control_port: ready_app()}))
        return
    if started_by_root():
        load_for_later(settings.ways.rates)
    asyncio.run(serve(build(settings).on_ports(settings)))


if __name__ == "__main__":
    run(sys.argv[1:])

"""`python -m deploy.local.amazon --port P --documents-port D --control-port C`: the simulator as a process of its own."""

import asyncio
import sys

from deploy.local.amazon.app import build
from deploy.local.amazon.server import serve
from deploy.local.amazon.settings import parse


def main() -> None:
    """Build the account, then serve it."""
    settings = parse(sys.argv[1:])
    asyncio.run(serve(build(settings), settings))


if __name__ == "__main__":
    main()

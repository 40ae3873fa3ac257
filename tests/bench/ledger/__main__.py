"""`make bench-ledger`: what the book costs where COPY of the same content into two bare tables is 1.00, in one run on one PostgreSQL.

ARGS = parts of it (postings growth ingest life reading hordak), and a number: the largest book of the curve (default 10^6).
"""

import logging
import os
import platform
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import structlog

from tests.bench.ledger.figures import Figure
from tests.bench.ledger.hordak import hordak
from tests.bench.ledger.ingest import ingest
from tests.bench.ledger.life import life
from tests.bench.ledger.postings import growth, postings
from tests.bench.ledger.reading import reading
from tests.support.local import SessionDatabase, session_postgres

type Part = Callable[[SessionDatabase], Iterator[Figure]]


def main(arguments: list[str]) -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    largest = next((int(float(argument)) for argument in arguments if argument[0].isdigit()), 10**6)
    parts: dict[str, Part] = {
        "postings": postings,
        "growth": lambda server: growth(server, largest),
        "ingest": ingest,
        "life": life,
        "reading": lambda server: reading(server, largest),
        "hordak": hordak,
    }
    wanted = [argument for argument in arguments if argument in parts] or list(parts)
    for name in wanted:
        print(
            f"{name}: {platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {datetime.now(UTC):%Y-%m-%d %H:%M}"
        )
        with session_postgres() as server:
            for figure in parts[name](server):
                print(f"  {figure}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

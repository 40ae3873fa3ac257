"""`make bench-fairness`: how long connections wait from the moment their run is due until it starts, on two workers and one PostgreSQL.

One day's slots are pressed into a minute and a half; a run is a second of waiting, so that nothing but the scheduling is measured.
"""

import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from statistics import median

import psycopg
import structlog

from services.fetcher.adapters.announcing import SERVICE
from services.fetcher.adapters.connections import ConnectionDesk
from services.fetcher.adapters.jobs import WATCH_SECONDS, Worker
from services.fetcher.adapters.tries import Tries
from services.fetcher.domain.company import Choices
from services.fetcher.domain.schedule import next_slot, slot
from services.fetcher.main import MIGRATIONS
from services.kernel.clock import SystemClock
from services.kernel.migrate import migrate
from services.kernel.postgres import PostgresStore
from services.kernel.probes import Health
from tests.adapters.fetcher_bench import SEALER, HeldClock
from tests.simulation.memory.amazon import AmazonWorld, MemoryAmazon
from tests.support.local import new_database, session_postgres

DAY, PRESSED, RUN_SECONDS, SOON = timedelta(hours=20, minutes=20), timedelta(seconds=90), 1.0, timedelta(seconds=5)
BEYOND = timedelta(minutes=10)
MOST = 2.0
"""No connection may wait longer than so many times the median and a look: due evenly between two looks has a ratio of 2 by itself."""

COMPANY = """
insert into fetcher.company (company_id, name, siren, plan, file_code, test_environment, sealed_address, choices)
values (%s, %s, '732829320', 'essentiel', 'X', false, '', %s)
"""
CONNECTION = """
insert into fetcher.connection (connection_id, company_id, marketplace_id, state, sealed_refresh_token, opened_at, since)
values (%s, %s, 'A13V1IB3VIYZZH', 'active', '', now(), now())
"""
AGENDA = "insert into fetcher.agenda (connection_id, kind, due_at) values (%s, 'daily', %s)"


class Started:
    """When each run started: the whole work of a run here."""

    def __init__(self) -> None:
        self.at = dict[str, datetime]()

    def __call__(self, run_id: str) -> None:
        """Take note, and wait as for Amazon."""
        self.at.setdefault(run_id, datetime.now(UTC))
        time.sleep(RUN_SECONDS)


def populate(url: str, connections: int) -> dict[str, datetime]:
    """So many connected companies; when each is due. None whose real slot is near: it would run twice."""
    begins, day = datetime.now(UTC) + SOON, datetime.now(UTC).date()
    far = (name for number in count() if next_slot("daily", name := f"company-{number}", begins) > begins + BEYOND)
    names = list(islice(far, connections))
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    due = {f"con-{name}": begins + (slot("daily", name, day) - midnight) / DAY * PRESSED for name in names}
    choices = Choices().model_dump_json()
    with psycopg.connect(url) as session, session.cursor() as cursor:
        cursor.executemany(COMPANY, [(name, name, choices) for name in names])
        cursor.executemany(CONNECTION, [(f"con-{name}", name) for name in names])
        cursor.executemany(AGENDA, list(due.items()))
    return due


@contextmanager
def workers(url: str, started: Started) -> Generator[None]:
    """Two workers, each with a store of its own, as processes have."""
    stop, threads, stores = threading.Event(), list[threading.Thread](), list[PostgresStore]()
    amazon = MemoryAmazon(AmazonWorld([]), HeldClock()).as_amazon()
    for _ in range(2):
        store = PostgresStore(url, SERVICE, pool_size=8)
        tries = Tries(store, started)
        worker = Worker(url, tries, tries, ConnectionDesk(store, amazon, SEALER, SystemClock()).start_due_runs, Health(frozenset()))
        stores.append(store)
        threads.append(threading.Thread(target=worker.run, args=(stop,), daemon=True))
        threads[-1].start()
    yield
    stop.set()
    for thread in threads:
        thread.join(30)
    for store in stores:
        store.close()


def waits(url: str, due: dict[str, datetime], started: Started) -> list[float]:
    """Seconds from due to started, shortest first."""
    with psycopg.connect(url) as session:
        runs = dict(session.execute("select run_id, connection_id from fetcher.run").fetchall())
    return sorted((at - due[runs[run_id]]).total_seconds() for run_id, at in started.at.items())


def told(seconds: Sequence[float], started: Started) -> str:
    """What came out."""
    per_second = Counter(int(at.timestamp()) for at in started.at.values())
    middle = median(seconds)
    share = f"p99 {seconds[len(seconds) * 99 // 100]:.2f} s, longest {seconds[-1]:.2f} s = {seconds[-1] / middle:.2f} times the median"
    return f"{len(seconds)} runs: median wait {middle:.2f} s, {share}; most starts in one second {max(per_second.values())}"


def main() -> int:
    """0 when everybody had a run, and nobody waited too long."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    connections, started = int(sys.argv[1]) if sys.argv[1:] else 1000, Started()
    with session_postgres() as server, new_database(server) as url:
        migrate(url, SERVICE, MIGRATIONS, with_outbox=True)
        due = populate(url, connections)
        with workers(url, started):
            end = max(due.values()) + timedelta(seconds=60)
            while len(started.at) < connections and datetime.now(UTC) < end:
                time.sleep(0.2)
        seconds = waits(url, due, started)
    sys.stdout.write(f"{told(seconds, started)}\n")
    return int(len(seconds) != connections or seconds[-1] > MOST * median(seconds) + WATCH_SECONDS)


if __name__ == "__main__":
    sys.exit(main())

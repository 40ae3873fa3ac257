"""The breaker as rows of a real PostgreSQL, and a batch of garbage that parks no more than the limit lets through."""

from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.kernel.breaker import Trip, Tripped
from services.kernel.clock import SystemClock
from services.kernel.envelope import Delivery, Event, deliver
from services.kernel.errors import Poison
from services.kernel.loop import OncePerEvent
from services.kernel.migrate import migrate
from services.kernel.postgres import PostgresBreaker, PostgresStore, Transaction
from tests.support.kernel import TYPES, ThingDone, outgoing, record

TRIP = Trip("20 records in a row were refused", "things", 3, 41, 23, 150)


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Generator[PostgresStore]:
    migrate(database_url, "sample", tmp_path, with_outbox=True)
    store = PostgresStore(database_url, "sample")
    yield store
    store.close()


def refuse(_event: Event[Any], _transaction: Transaction) -> None:
    """A deployment that went wrong: nothing can be handled."""
    raise Poison("not today")


def batch(count: int) -> list[Delivery]:
    """That many events that read well."""
    return [deliver(record(outgoing("things", n), n), TYPES) for n in range(count)]


def test_a_trip_is_one_row_that_others_see_until_it_is_resumed(store: PostgresStore, database_url: str):
    """Two processes trip at once: one row; another process, or this one after a restart, sees it; resumed, it can trip again."""
    ours, other = PostgresBreaker(store), PostgresStore(database_url, "sample")
    assert not ours.tripped()
    ours.trip(TRIP)
    PostgresBreaker(other).trip(TRIP)
    assert PostgresBreaker(other).tripped()
    columns = "reason, topic, partition, record_offset, refused, seen, resumed_by, tripped_at is not null"
    with psycopg.connect(database_url, autocommit=True) as operator:
        row = ("20 records in a row were refused", "things", 3, 41, 23, 150, None, True)
        assert [row] == operator.execute(f"select {columns} from sample.breaker".encode()).fetchall()
        operator.execute("update sample.breaker set resumed_at = now(), resumed_by = 'ada'")
        assert not ours.tripped()
        ours.trip(TRIP)
        assert ours.tripped()
    other.close()


def test_garbage_parks_no_more_than_the_limit(store: PostgresStore, database_url: str):
    """
    60 events whose handling is refused, delivered again after each trip: 19 are parked before each,
    and what was parked before the restart is parked once and does not count again.
    """
    parked = list[int]()
    for _ in range(4):
        handle = OncePerEvent(store, "sample", "parked", {ThingDone: refuse}, SystemClock())
        with suppress(Tripped):
            handle(batch(60))
        with psycopg.connect(database_url) as reader:
            parked += [count for (count,) in reader.execute("select count(*) from sample.outbox").fetchall()]
    assert [19, 38, 57, 60] == parked

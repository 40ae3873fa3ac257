"""The breaker, in memory and in PostgreSQL: whoever trips stops every process of the service, until an operator says otherwise."""

from typing import Protocol

import pytest

from services.kernel.breaker import Trip
from services.kernel.envelope import Place
from services.kernel.errors import Skipped
from services.kernel.ports import Breaker
from services.kernel.postgres import PostgresBreaker
from tests.adapters.schemas import PostgresSchema
from tests.simulation.memory.breaker import MemoryBreaker
from tests.simulation.memory.store import MemoryStore

FIRST = Trip("20 records in a row were refused", "things", 3, 41, 23, 150)
SECOND = Trip("51 of the last 200 records were refused", "things", 0, 7, 51, 200)


class Stopped(Protocol):
    """A service's breaker, as two of its processes see it, and its operator."""

    here: Breaker
    elsewhere: Breaker

    def open(self) -> list[str]:
        """Why the service stops."""
        ...

    def resume(self) -> None:
        """Close what is open."""
        ...

    def skip(self, place: Place, skipped: Skipped) -> None:
        """Ask to skip the record."""
        ...


class MemoryStopped:
    """One store for both processes."""

    def __init__(self) -> None:
        self._store = MemoryStore()
        self.here: Breaker = MemoryBreaker(self._store)
        self.elsewhere: Breaker = MemoryBreaker(self._store)

    def open(self) -> list[str]:
        """From the twin's rows."""
        return [trip.reason for trip in self._store.rows["breaker"].values()]

    def resume(self) -> None:
        """As the twin does."""
        MemoryBreaker(self._store).resume()

    def skip(self, place: Place, skipped: Skipped) -> None:
        """A row of the twin."""
        with self._store.connection() as session:
            session.table("skip")[place] = skipped


class PostgresStopped:
    """A pool for each process; the operator writes SQL."""

    def __init__(self, schema: PostgresSchema) -> None:
        self._store = schema.store
        self.here: Breaker = PostgresBreaker(schema.store)
        self.elsewhere: Breaker = PostgresBreaker(schema.elsewhere)

    def open(self) -> list[str]:
        """From the rows."""
        with self._store.connection() as connection:
            return [reason for (reason,) in connection.execute("select reason from breaker where resumed_at is null")]

    def resume(self) -> None:
        """As the runbook says."""
        with self._store.connection() as connection:
            connection.execute("update breaker set resumed_at = now(), resumed_by = 'ada' where resumed_at is null")

    def skip(self, place: Place, skipped: Skipped) -> None:
        """As the runbook says."""
        with self._store.connection() as connection:
            connection.execute(
                "insert into skip (topic, partition, record_offset, asked_by, why) values (%s, %s, %s, %s, %s)",
                [*place, *skipped.args],
            )


@pytest.fixture(params=["memory", "real"])
def stopped(request: pytest.FixtureRequest) -> Stopped:
    """A service that runs."""
    if request.param == "memory":
        return MemoryStopped()
    real: PostgresSchema = request.getfixturevalue("sample")
    real.empty()
    return PostgresStopped(real)


def test_a_trip_stops_every_process_until_it_is_resumed(stopped: Stopped):
    """Goal: nobody goes on by himself. Case: one process trips; each sees it; resumed, each goes on, and either can trip again."""
    assert (False, False) == (stopped.here.tripped(), stopped.elsewhere.tripped())
    stopped.here.trip(FIRST)
    assert (True, True) == (stopped.here.tripped(), stopped.elsewhere.tripped())
    stopped.resume()
    assert (False, False) == (stopped.here.tripped(), stopped.elsewhere.tripped())
    stopped.elsewhere.trip(SECOND)
    assert [SECOND.reason] == stopped.open()
    assert stopped.here.tripped()


def test_one_trip_is_open_however_many_trip(stopped: Stopped):
    """Goal: one thing to resume. Case: a second process trips for another reason: the first one stands, and one answer closes it."""
    stopped.here.trip(FIRST)
    stopped.elsewhere.trip(SECOND)
    assert [FIRST.reason] == stopped.open()
    stopped.resume()
    assert not stopped.here.tripped()


def test_skips_are_read_with_who_asked_and_why(stopped: Stopped):
    """The place is the key; the words go into the parked record. What is skipped stops nobody."""
    assert {} == stopped.here.skips()
    stopped.skip(("things", 3, 41), Skipped("ada", "bug 42"))
    found = {place: str(skipped) for place, skipped in stopped.elsewhere.skips().items()}
    assert {("things", 3, 41): "An operator asked to skip this record: ada: bug 42"} == found
    assert not stopped.here.tripped()

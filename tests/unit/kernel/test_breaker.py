"""The breaker's limits, and the loop around it: stopped means no source, not ready, nothing committed; resumed means all comes again."""

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from services.kernel.breaker import Fuse, Trip, Tripped
from services.kernel.envelope import Delivery, Record, deliver
from services.kernel.errors import Skipped, Unreadable
from services.kernel.loop import consume
from services.kernel.probes import Health
from tests.simulation.memory.breaker import MemoryBreaker
from tests.simulation.memory.store import MemoryStore
from tests.support.kernel import TYPES, outgoing, record

TRIP = Trip("20 records in a row were refused", "things", 0, 1, 20, 20)


def deliveries(story: str) -> list[Delivery]:
    """One delivery a letter: `.` can be read, `x` cannot, `s` is skipped, `r` was parked before and given back, and cannot be read."""
    refusals = {".": None, "x": Unreadable("no value"), "s": Skipped("ada", "bug 42"), "r": Unreadable("no value")}
    records = [record(outgoing("things", n), n) for n in range(len(story))]
    again = [replace(one, headers=(*one.headers, ("achats-parked", b"{}"))) for one in records]
    came = [again[n] if letter == "r" else records[n] for n, letter in enumerate(story)]
    return [Delivery(one, None, refusals[letter]) for one, letter in zip(came, story, strict=True)]


def allowed(story: str) -> int:
    """How many of the story's records a fuse lets through."""
    fuse, rest, passed = Fuse(), deliveries(story), 0
    try:
        while rest:
            batch = fuse.allowed(rest)
            fuse.count(batch)
            passed, rest = passed + len(batch), rest[len(batch) :]
    except Tripped:
        pass
    return passed


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("x" * 19 + ".", 20),
        ("x" * 60, 19),
        ("x" * 19 + "." + "x" * 30, 39),
        ("s" * 300, 300),
        ("r" * 300, 300),
        ("x" * 10 + "r" + "x" * 15 + ".", 27),
        ("x" * 10 + "s" + "x" * 15 + ".", 27),
        ("..x." * 100, 400),
        ("xx.." * 100, 200),
        ("x..." * 50 + "x" * 3, 201),
        ("xx.." * 49 + "...", 199),
        ("xx.." * 30 + "." * 200, 320),
    ],
)
def test_how_many_pass_before_the_breaker_trips(story: str, expected: int):
    """20 in a row, or more than 50 of the last 200 once 200 were seen. What an operator skips or gives back counts for nothing."""
    assert expected == allowed(story)


def test_a_trip_names_the_record_before_which_it_stops():
    """The first record that is not handled, and what was counted; afterwards the fuse counts anew."""
    fuse, batch = Fuse(), deliveries("." * 4 + "x" * 30)
    fuse.count(fuse.allowed(batch))
    with pytest.raises(Tripped) as caught:
        fuse.allowed(batch[23:])
    assert Trip("20 records in a row were refused", "things", 0, 23, 20, 24) == caught.value.trip
    assert 7 == len(fuse.allowed(batch[23:30]))


class Log:
    """A log whose reader starts, each time it is opened, behind what was committed."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records, self.committed, self.opened, self.closed = list(records), 0, 0, 0

    def open(self) -> "Log":
        self.opened += 1
        self._next = self.committed
        return self

    def poll(self, limit: int, wait_seconds: float) -> Sequence[Record]:
        batch = self.records[self._next : self._next + limit]
        self._next += len(batch)
        return batch

    def commit(self, records: Sequence[Record]) -> None:
        self.committed = records[-1].offset + 1

    def close(self) -> None:
        self.closed += 1


class Watched(MemoryBreaker):
    """A breaker that, asked often enough while tripped, notes what it sees and is resumed; and stops the loop when all is read."""

    def __init__(self, log: Log, health: Health, stop: threading.Event) -> None:
        super().__init__(MemoryStore())
        self._log, self._health, self._stop = log, health, stop
        self.trips = list[Trip]()
        self.seen = list[tuple[int, bool, float | None]]()
        self._asked = 0

    def trip(self, trip: Trip) -> None:
        self.trips.append(trip)
        super().trip(trip)

    def tripped(self) -> bool:
        self._asked += super().tripped()
        if self._asked > 2:
            self.seen.append((self._log.committed, self._health.ready(), REGISTRY.get_sample_value("achats_breaker_tripped")))
            self._asked = 0
            self.resume()
        if self._log.committed == len(self._log.records):
            self._stop.set()
        return super().tripped()


def test_a_tripped_breaker_stops_the_loop_until_it_is_resumed(monkeypatch: pytest.MonkeyPatch):
    """
    60 unreadable records. The loop hands on what the fuse lets through, commits nothing of the batch, is not ready, has no source;
    resumed three times it goes on behind what it handled, and in the end has handled each record once.
    """
    monkeypatch.setattr("services.kernel.loop.TRIPPED_SECONDS", 0.0)
    log = Log([record(outgoing("unknown", n), n) for n in range(60)])
    health, stop, handled, fuse = Health(frozenset({"consume"})), threading.Event(), list[int](), Fuse()
    breaker = Watched(log, health, stop)

    def handle(batch: Sequence[Delivery]) -> None:
        for delivery in batch:
            if delivery.record.offset not in handled:
                refused = [Delivery(delivery.record, None, Unreadable("no value"))]
                fuse.allowed(refused)
                fuse.count(refused)
                handled.append(delivery.record.offset)

    consume(log.open, handle, TYPES, breaker, health, stop)
    assert list(range(60)) == handled
    assert [(0, False, 1.0)] * 3 == breaker.seen
    assert [19, 38, 57] == [trip.offset for trip in breaker.trips]
    assert (4, 4) == (log.opened, log.closed)


def test_a_process_looks_at_the_row_before_it_consumes():
    """Tripped by another process, or before the restart: no source is opened."""
    stop, health, breaker = threading.Event(), Health(frozenset({"consume"})), MemoryBreaker(MemoryStore())
    breaker.trip(TRIP)
    log = Log([record(outgoing("things", 1))])
    loop = threading.Thread(target=consume, args=(log.open, print, TYPES, breaker, health, stop))
    loop.start()
    while "consume" not in health.able:
        stop.wait(0.01)
    stop.set()
    loop.join(10)
    assert (0, False) == (log.opened, health.ready())


def test_what_a_poll_brought_is_not_handled_when_another_process_tripped_meanwhile():
    """Case: whoever tripped gave its partition up, and our poll brought it: the row was there before the record."""
    stop, health, breaker, handled = threading.Event(), Health(frozenset({"consume"})), MemoryBreaker(MemoryStore()), list[int]()

    class Late(Log):
        def poll(self, limit: int, wait_seconds: float) -> Sequence[Record]:
            breaker.trip(TRIP)
            return super().poll(limit, wait_seconds)

        def close(self) -> None:
            stop.set()

    log = Late([record(outgoing("things", 1))])
    consume(log.open, lambda batch: handled.append(len(batch)), TYPES, breaker, health, stop)
    assert ([], 0) == (handled, log.committed)


def test_a_record_to_skip_is_not_looked_into():
    """An event that reads well, and one that does not: both are refused as skipped, with who asked and why."""
    skipped = Skipped("ada", "bug 42")
    for message in (outgoing("things", 1), outgoing("things", 1)):
        delivery = deliver(record(message, 7), TYPES, {("things", 0, 7): skipped})
        assert (None, skipped) == (delivery.event, delivery.refusal)
    assert ("skipped", "An operator asked to skip this record: ada: bug 42") == (skipped.reason, str(skipped))
    assert deliver(record(outgoing("things", 1), 8), TYPES, {("things", 0, 7): skipped}).event is not None

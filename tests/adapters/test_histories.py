"""A migration of history, in memory and in PostgreSQL: asked for, estimated, accepted, run beside the daily runs, paused, done."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

import psycopg
import pytest

from services.fetcher.adapters.backfill import Backfill
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.jobs import HISTORY_QUEUE
from services.fetcher.domain.history import Migration, NotPossibleNow, State
from services.fetcher.domain.records import Run
from services.fetcher.handler import Collect
from services.fetcher.stages.ports import ConsentWithdrawn
from services.fetcher.web.running import (
    ImportOff,
    JustSynchronised,
    MigrationOpen,
    NameMissing,
    NothingConnected,
    QuoteMissing,
    Running,
)
from tests.adapters.fetcher_bench import ORIGIN, Bench, HeldClock, fetcher_database, open_bench, real_bench
from tests.simulation.memory.amazon import AmazonWorld
from tests.simulation.memory.fetcher_jobs import work
from tests.simulation.memory.shelf import MemoryShelf

SINCE = date(2026, 4, 1)
LONG_AGO = ORIGIN - timedelta(days=150)


@dataclass
class House:
    """A connected company with six documents of this month and six of half a year ago; two workers, one for each queue."""

    bench: Bench
    shelf: MemoryShelf = field(default_factory=MemoryShelf)

    def __post_init__(self) -> None:
        company = self.bench.company()
        self.old = AmazonWorld.made_up(Random(7), [company], LONG_AGO).purchases
        self.world = AmazonWorld([*self.old, *AmazonWorld.made_up(Random(8), [company], ORIGIN).purchases])
        self.bench.amazon.world = self.world
        self.first = self.bench.connect()
        self.running = Running(self.bench.store, self.bench.clock)

    def collect(self, check: Callable[[], None] = lambda: None) -> Collect:
        """The story of one process."""
        return Collect(self.bench.progress, self.bench.desk, self.shelf, self.world, self.bench.clock, check)

    def work(self) -> None:
        """Every job of the daily lanes."""
        while work(self.bench.jobs, "w1", self.collect(), self.bench.clock):
            pass

    def backfill(self, check: Callable[[], None] = lambda: None) -> bool:
        """One job of the lane of histories; whether there was one."""
        story = Backfill(self.bench.store, self.bench.desk, self.collect(check), self.bench.clock)
        queue_clock = HeldClock()
        queue_clock.moment = self.bench.now()
        return work(self.bench.jobs, "w2", story, queue_clock, HISTORY_QUEUE)

    def migration(self) -> Migration:
        """The latest one."""
        return self.running.migrations("acme")[0].migration

    def steps(self) -> list[tuple[str, str]]:
        """What was done, by whom."""
        return [(step.state.value, step.who) for step in self.running.migrations("acme")[0].steps]

    def accepted(self) -> Migration:
        """A migration whose quote was accepted; the first import is through."""
        self.work()
        self.running.request("acme", SINCE, "Jeanne")
        self.backfill()
        self.running.approve("acme", self.migration().migration_id, "Paul", "D-12")
        return self.migration()

    def said_in(self, run_id: str) -> set[str]:
        """The PDFs that were said in a run."""
        events = self.bench.said("invoice.collected")
        return {event.data.document.sha256 for event in events if event.run and event.run.run_id == run_id}


@pytest.fixture(params=["memory", "real"])
def house(request: pytest.FixtureRequest) -> Generator[House]:
    """In memory, then in PostgreSQL."""
    with open_bench(request) as bench:
        yield House(bench)


def test_a_migration_from_the_request_to_its_end(house: House) -> None:
    """
    six documents of half a year ago: no regular run finds them
    asked for: their orders are counted and nothing is kept; accepted: a run of its own says them, with an import start of its own
    its marker is of the kind `history`; later settings begin with the migrated period
    """
    house.work()
    house.running.request("acme", SINCE, "Jeanne")
    before = house.bench.said("invoice.collected")
    assert house.backfill()
    assert (State.ESTIMATED, len({one.order_id for one in house.old})) == (house.migration().state, house.migration().orders)
    assert before == house.bench.said("invoice.collected")
    assert not house.backfill()
    house.running.approve("acme", house.migration().migration_id, "Paul", " D-12 ")
    assert house.backfill()
    run_id = house.migration().run_id
    assert {one.sha256 for one in house.old} == house.said_in(run_id)
    marker = house.bench.said("collection.finished")[-1].data
    assert ("history", run_id, len(house.said_in(run_id)), SINCE) == (
        marker.kind,
        marker.run_id,
        marker.emitted,
        marker.settings.import_start,
    )
    assert (SINCE - timedelta(days=45), ORIGIN.date()) == (marker.window_from, marker.window_to)
    assert [
        ("requested", "Jeanne"),
        ("estimated", "achats"),
        ("approved", "Paul"),
        ("running", "achats"),
        ("done", "achats"),
    ] == house.steps()
    accepted = house.running.migrations("acme")[0].steps[2].quote
    assert accepted is not None
    assert ("D-12", "2026-04-01", house.migration().orders) == (accepted["reference"], accepted["since"], accepted["orders"])
    with house.bench.store.transaction() as transaction:
        book = Companies(transaction)
        assert SINCE == book.company("acme").settings(ORIGIN.date()).import_start
        assert house.first.run_id == last(book, house.first).run_id


def last(book: Companies, run: Run) -> Run:
    """The latest run as people see it."""
    found = book.last_run(run.connection_id)
    assert found is not None
    return found


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("steps", [0, 1, 2, 4, 8, 16, 24])
def test_a_migration_is_taken_up_where_it_was_killed(house: House, steps: int) -> None:
    """Killed after so many steps; the job comes back, and each document is said once."""
    run_id, left = house.accepted().run_id, iter(range(steps))

    def until_killed() -> None:
        if next(left, None) is None:
            raise Killed

    with pytest.raises(Killed):
        house.backfill(until_killed)
    house.bench.die("w2")
    assert 1 == house.bench.jobs.retry_stalled()
    assert house.backfill()
    assert {one.sha256 for one in house.old} == house.said_in(run_id)
    [marker] = [one.data for one in house.bench.said("collection.finished") if one.data.kind == "history"]
    assert len([one for one in house.bench.said("invoice.collected") if one.run and one.run.run_id == run_id]) == marker.emitted
    assert State.DONE is house.migration().state


def test_a_daily_run_does_not_wait_for_a_migration(house: House) -> None:
    """It is due in the middle of one: the migration gives way at its next step, counts no try, and goes on after it."""
    run_id, calls = house.accepted().run_id, list[str]()

    def daily_comes() -> None:
        calls.append("step")
        if len(calls) == 5:
            calls.append(house.bench.next_run(house.first).run_id)

    assert house.backfill(daily_comes)
    assert 6 == len(calls)
    assert State.RUNNING is house.migration().state
    assert not house.backfill()
    house.work()
    assert house.bench.progress.run(calls[-1]).finished
    assert house.backfill()
    assert State.DONE is house.migration().state
    assert {one.sha256 for one in house.old} == house.said_in(run_id)


def test_a_migration_is_paused_and_goes_on(house: House) -> None:
    """Paused in the middle: nothing more is asked, no job waits, daily runs do not take it up; a person lets it go on."""
    migration, calls = house.accepted(), list[str]()

    def paused() -> None:
        calls.append("step")
        if len(calls) == 5:
            house.running.move("acme", migration.migration_id, State.PAUSED, "Jeanne")

    assert house.backfill(paused)
    assert 5 == len(calls)
    assert not house.backfill()
    house.bench.next_run(house.first)
    house.work()
    assert house.backfill(paused)
    assert 5 == len(calls)
    house.running.move("acme", migration.migration_id, State.RUNNING, "Paul")
    assert house.backfill()
    assert State.DONE is house.migration().state
    assert [("paused", "Jeanne"), ("running", "Paul"), ("done", "achats")] == house.steps()[-3:]


def test_what_a_person_may_ask(house: House) -> None:
    """One migration at a time, with a name and a quote, of one's own company, while the import is on; a refused one makes room."""
    with pytest.raises(NameMissing):
        house.running.request("acme", SINCE, "  ")
    house.running.request("acme", SINCE, "Jeanne")
    with pytest.raises(MigrationOpen):
        house.running.request("acme", SINCE, "Jeanne")
    first = house.migration()
    with pytest.raises(QuoteMissing):
        house.running.approve("acme", first.migration_id, "Paul", " ")
    with pytest.raises(NotPossibleNow):
        house.running.approve("acme", first.migration_id, "Paul", "D-12")
    house.bench.connect("other")
    with pytest.raises(NotPossibleNow):
        house.running.move("other", first.migration_id, State.REFUSED, "Eve")
    house.running.move("acme", first.migration_id, State.REFUSED, "Jeanne")
    house.bench.clock.sleep(60)
    house.running.request("acme", SINCE, "Jeanne")
    assert [State.REQUESTED, State.REFUSED] == [shown.migration.state for shown in house.running.migrations("acme")]
    house.work()
    while house.backfill():
        pass
    with house.bench.store.transaction() as transaction:
        book = Companies(transaction)
        book.choose("acme", book.company("acme").choices.model_copy(update={"automatic_import": False}))
    with pytest.raises(ImportOff):
        house.running.approve("acme", house.migration().migration_id, "Paul", "D-12")


def test_a_synchronisation_is_a_run_at_once_and_not_every_minute(house: House) -> None:
    """Not while the last run is new; then one job, however often it is clicked; nothing without a connection that stands."""
    house.work()
    with pytest.raises(JustSynchronised):
        house.running.synchronise("acme")
    house.bench.clock.sleep(15 * 60)
    house.running.synchronise("acme")
    with pytest.raises(JustSynchronised):
        house.running.synchronise("acme")
    [run_id] = house.bench.jobs.waiting()
    assert "sync_now" == house.bench.progress.run(run_id).kind
    house.bench.desk.lost(house.first, ConsentWithdrawn())
    with pytest.raises(NothingConnected):
        house.running.synchronise("acme")


def test_a_step_is_never_changed(request: pytest.FixtureRequest) -> None:
    """Neither what was accepted nor by whom: PostgreSQL refuses it to everybody."""
    with fetcher_database(request) as url, real_bench(url) as bench:
        House(bench).accepted()
        for change in ("update {} set who = ''", "delete from {}", "truncate {}"):
            with psycopg.connect(url) as session, pytest.raises(psycopg.errors.RaiseException, match="never changed"):
                session.execute(change.format("fetcher.migration_step").encode())


def test_a_daily_run_leaves_the_history_to_its_migration(house: House) -> None:
    """
    a migration has read its period and gives way; the daily run asks nothing about an order of that time, so it takes no allowance for it
    once the migration is done, what it found is everybody's: a correction of half a year ago is a daily run's
    """
    run_id, calls = house.accepted().run_id, list[str]()

    def daily_comes() -> None:
        calls.append("step")
        if house.bench.progress.scan(run_id).finished_at is not None and not calls[-1].startswith("run-"):
            calls.append(house.bench.next_run(house.first).run_id)

    assert house.backfill(daily_comes)
    house.work()
    assert house.bench.progress.run(calls[-1]).finished
    old = {one.order_id for one in house.old}
    assert set() == old & {row["order_id"] for row in house.bench.rows("report")}
    assert {None} == {row["asked_at"] for row in house.bench.rows("order_line") if row["order_id"] in old}
    assert house.backfill()
    assert {one.sha256 for one in house.old} == house.said_in(run_id)
    assert {False} == {row["of_history"] for table in ("order_line", "wanted") for row in house.bench.rows(table)}

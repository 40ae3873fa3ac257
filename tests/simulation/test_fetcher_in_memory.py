"""The fetcher in memory, without faults: a made-up account is collected whole, and a process that wakes up late says nothing late."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from schemas.invoice_classified.v1 import InvoiceClassified
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.classification import classify
from services.fetcher.adapters.collection import PostgresProgress
from services.fetcher.domain.records import Run
from services.fetcher.handler import AT_ONCE, Collect
from services.ledger.domain.posting import Entry, post
from tests.adapters.fetcher_bench import ORIGIN, Bench, memory_bench
from tests.simulation.memory.amazon import AmazonWorld
from tests.simulation.memory.fetcher import NAMES, STATEMENTS, FetcherStore, unheeded
from tests.simulation.memory.fetcher_jobs import work
from tests.simulation.memory.purchases import Purchase
from tests.simulation.memory.shelf import MemoryShelf

RULEBOOK = read_rulebook()


@dataclass
class Fetcher:
    """A bench with an account behind it, and the work of one process."""

    bench: Bench
    world: AmazonWorld
    shelf: MemoryShelf = field(default_factory=MemoryShelf)
    at_once: int = 2

    def __post_init__(self) -> None:
        self.bench.amazon.world = self.world

    def collect(self, progress: PostgresProgress | None = None) -> Collect:
        """The story of one process."""
        progress, at_once = progress or self.bench.progress, self.at_once
        return Collect(progress, self.bench.desk, self.shelf, self.world, self.bench.clock, lambda: None, at_once=at_once)

    def work(self) -> None:
        """Every job that waits."""
        while work(self.bench.jobs, "w1", self.collect(), self.bench.clock):
            pass

    def said(self) -> list[tuple[str, int, int]]:
        """Run, place in it and revision of each document that was said."""
        return [(event.run.run_id, event.run.seq or 0, event.data.revision) for event in self.bench.said("invoice.collected") if event.run]


def fetcher(bench: Bench, seed: int, documents: int = 6, at_once: int = 2) -> Fetcher:
    """A fetcher and the account of the company `acme`."""
    return Fetcher(bench, AmazonWorld.made_up(Random(seed), [bench.company()], ORIGIN, documents), at_once=at_once)


@pytest.mark.parametrize("seed", range(8))
def test_a_made_up_account_is_collected_whole(seed: int) -> None:
    """On the first day what is there, the day after what came late: each PDF once, and what becomes of it is as foretold."""
    with memory_bench() as bench:
        ours = fetcher(bench, seed)
        run = bench.connect()
        ours.work()
        prompt = [purchase for purchase in ours.world.purchases if purchase.lateness != "pending"]
        assert [(run.run_id, place, 1) for place in range(1, len(prompt) + 1)] == ours.said()
        for _ in range(2 * 24 * 6):
            bench.clock.sleep(600)
            bench.desk.start_due_runs()
        ours.work()
        collected = bench.said("invoice.collected")
        assert {purchase.sha256 for purchase in ours.world.purchases} == {event.data.document.sha256 for event in collected}
        silent = sum(purchase.lateness == "silent" for purchase in ours.world.purchases)
        assert len(ours.world.purchases) + silent == len(collected)
        assert {purchase.sha256: purchase.outcome for purchase in ours.world.purchases} == {
            event.data.document.sha256: outcome(classify(event.data, RULEBOOK), ours.world) for event in collected
        }
        assert [] == [waiting for event in bench.said("collection.finished")[1:] for waiting in event.data.waiting]


def outcome(answer: object, world: AmazonWorld) -> str:
    """What the ledger makes of the classifier's answer, whose amounts are the truth."""
    if not isinstance(answer, InvoiceClassified):
        return "held"
    [truth] = [purchase for purchase in world.purchases if purchase.sha256 == answer.document.sha256]
    assert (truth.number, truth.kind, truth.gross_cents) == (answer.number, answer.type, answer.totals.gross_cents)
    return "recorded" if isinstance(post(answer), Entry) else "held"


def test_every_query_is_answered_in_memory() -> None:
    """None of the .sql files is missing, and nothing is answered that nobody asks."""
    assert set(NAMES.values()) == set(STATEMENTS)


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("at_once", [2, AT_ONCE])
@pytest.mark.parametrize("each", [11, pytest.param(1, marks=pytest.mark.long)])
def test_killed_before_any_statement_a_run_is_taken_up_and_adds_up(each: int, at_once: int) -> None:
    """Every so many statements of an import, one kill each: whoever takes the run up says each document once, numbered 1 to N."""
    with memory_bench() as bench:
        statements = len(traced(fetcher(bench, seed=3, at_once=at_once), bench.connect()))
        whole = len(bench.said("invoice.collected"))
    for place in range(0, statements, each):
        with memory_bench() as bench:
            ours, run = fetcher(bench, seed=3, at_once=at_once), bench.connect()
            with pytest.raises(Killed):
                traced(ours, run, kill_before=place)
            ours.collect()(run.run_id)
            assert list(range(1, whole + 1)) == [event.run.seq for event in bench.said("invoice.collected") if event.run]
            assert [whole] == [event.data.emitted for event in bench.said("collection.finished")]


@pytest.mark.parametrize("at_once", [2, AT_ONCE])
def test_killed_before_each_kind_of_statement_nothing_is_kept_twice(at_once: int) -> None:
    """At the first and the last of each statement's turns: the same documents, and the same things wanted, waiting and counted."""
    with memory_bench() as bench:
        names = traced(fetcher(bench, seed=3, at_once=at_once), bench.connect())
        whole = _standing(bench)
    turns = {turn for name in set(names) for turn in (names.index(name), len(names) - 1 - names[::-1].index(name))}
    for turn in sorted(turns):
        with memory_bench() as bench:
            ours, run = fetcher(bench, seed=3, at_once=at_once), bench.connect()
            with pytest.raises(Killed):
                traced(ours, run, kill_before=turn)
            ours.collect()(run.run_id)
            assert whole == _standing(bench), f"killed before {names[turn]}"


def _standing(bench: Bench) -> tuple[object, ...]:
    """What a run leaves, without when: a killed one takes longer."""
    wanted = sorted((row["order_id"], row["number"], row["trouble"], row["next_attempt_at"]) for row in bench.rows("wanted"))
    waiting = sorted((row["order_id"], row["place"], row["number"], row["reason"]) for row in bench.rows("waiting"))
    collected = sorted(event.data.document.sha256 for event in bench.said("invoice.collected"))
    counted = [(event.data.day, event.data.count, event.data.digest) for event in bench.said("emissions.counted")]
    return wanted, waiting, collected, counted, len(bench.rows("amazon_transaction"))


def traced(ours: Fetcher, run: Run, kill_before: int = -1) -> list[str]:
    """The statements of an import, which is killed before one of them."""
    store, names = ours.bench.store, list[str]()
    assert isinstance(store, FetcherStore)

    def before(name: str) -> None:
        if len(names) == kill_before:
            raise Killed
        names.append(name)

    store.before = before
    try:
        ours.collect()(run.run_id)
    finally:
        store.before = unheeded
    return names


class Frozen(PostgresProgress):
    """Stands still before its first order is looked at, while something else happens."""

    def __init__(self, bench: Bench, meanwhile: Callable[[], None]) -> None:
        super().__init__(bench.store)
        self._meanwhile: list[Callable[[], None]] = [meanwhile]

    def orders_to_look_at(self, run: Run, after: str, limit: int) -> Mapping[str, int]:
        """Late."""
        while self._meanwhile:
            self._meanwhile.pop()()
        return super().orders_to_look_at(run, after, limit)


def test_a_process_that_wakes_up_after_the_run_is_finished_says_nothing_more_in_it() -> None:
    """
    process A freezes before it says its first document; its job goes to process B, which finishes the run: marker with N documents
    a payment is amended, and the next day's run, of process C, has read so when A wakes up
    in A's run there are N documents; the amendment is said in C's
    """
    with memory_bench() as bench:
        ours = fetcher(bench, seed=3)
        run = bench.connect()

        def meanwhile() -> None:
            ours.collect()(run.run_id)
            ours.world.purchases = [amended(purchase) for purchase in ours.world.purchases]
            read_payments(bench, bench.next_run(run))

        ours.collect(Frozen(bench, meanwhile))(run.run_id)
        [marker] = bench.said("collection.finished")
        assert marker.data.emitted == len(ours.said()) > 0
        ours.work()
        assert {1, 2} == {revision for _, _, revision in ours.said()}
        for finished in bench.said("collection.finished"):
            assert finished.data.emitted == sum(run_id == finished.data.run_id for run_id, _, _ in ours.said())


def amended(purchase: Purchase) -> Purchase:
    """The same document, another amount charged for it."""
    return replace(purchase, items=tuple(replace(item, net_cents=item.net_cents + 2_00) for item in purchase.items))


def read_payments(bench: Bench, run: Run) -> None:
    """The scan of a run that then stops."""
    account, scan = bench.desk.open(run), bench.progress.scan(run.run_id)
    while scan.finished_at is None:
        page = account.transactions(run.window_from, run.started_at, scan.next_page_token)
        scan = bench.progress.keep_page(run, page, bench.clock.now())

"""The fetcher in memory, without faults: a made-up account is collected whole."""

from dataclasses import dataclass, field
from random import Random

import pytest

from schemas.invoice_classified.v1 import InvoiceClassified
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.classification import classify
from services.fetcher.adapters.collection import PostgresProgress
from services.fetcher.handler import Collect
from services.ledger.domain.posting import Entry, post
from tests.adapters.fetcher_bench import ORIGIN, Bench, memory_bench
from tests.simulation.memory.amazon import AmazonWorld
from tests.simulation.memory.fetcher_jobs import work
from tests.simulation.memory.shelf import MemoryShelf

RULEBOOK = read_rulebook()


@dataclass
class Fetcher:
    """A bench with an account behind it, and the work of one process."""

    bench: Bench
    world: AmazonWorld
    shelf: MemoryShelf = field(default_factory=MemoryShelf)

    def __post_init__(self) -> None:
        self.bench.amazon.world = self.world

    def collect(self, progress: PostgresProgress | None = None) -> Collect:
        """The story of one process."""
        return Collect(progress or self.bench.progress, self.bench.desk, self.shelf, self.world, self.bench.clock, lambda: None)

    def work(self) -> None:
        """Every job that waits."""
        while work(self.bench.jobs, "w1", self.collect(), self.bench.clock):
            pass

    def said(self) -> list[tuple[str, int, int]]:
        """Run, place in it and revision of each document that was said."""
        return [(event.run.run_id, event.run.seq or 0, event.data.revision) for event in self.bench.said("invoice.collected") if event.run]


def fetcher(bench: Bench, seed: int, documents: int = 6) -> Fetcher:
    """A fetcher and the account of the company `acme`."""
    return Fetcher(bench, AmazonWorld.made_up(Random(seed), [bench.company()], ORIGIN, documents))


@pytest.mark.parametrize("seed", range(8))
def test_a_made_up_account_is_collected_whole(seed: int) -> None:
    """On the first day what is there, the day after what came late: each PDF once, and what becomes of it is as foretold."""
    with memory_bench() as bench:
        ours = fetcher(bench, seed)
        run = bench.connect()
        ours.work()
        prompt = [purchase for purchase in ours.world.purchases if purchase.lateness != "pending"]
        assert [(run.run_id, place, 1) for place in range(1, len(prompt) + 1)] == ours.said()
        bench.clock.sleep(2 * 86_400)
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

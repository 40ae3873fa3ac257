"""Mistakes that the seeds must find, each planted where it would be made: in what ships, or in the twin of an SQL statement.

The SQL mistakes are planted in real SQL as well (tests/adapters).
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest

from services.classifier import handler as classifier
from services.kernel.envelope import Delivery, Outgoing, Record
from services.kernel.errors import Unavailable
from services.kernel.loop import OncePerEvent
from tests.simulation import processes
from tests.simulation.memory.ledger import MemoryBooks
from tests.simulation.memory.ledger_mistakes import (
    LastOutcomeStays,
    MarkedBeforeSending,
    MarkerFirst,
    NobodyFenced,
    PredecessorLives,
    VatForgotten,
    every_delivery_counts,
)
from tests.simulation.memory.notifier_mistakes import MarksBeforeMailing, TakesWithoutWriting
from tests.simulation.memory.store import MemorySession, MemoryStore, MemoryTransaction
from tests.simulation.memory.store_mistakes import ClaimsEverything, ForgetsBeforeTheAcknowledgement, NewestFirst
from tests.simulation.world import PatientSource, World
from tests.support.reference_classifier import AnswerAll

type Planted = AbstractContextManager[object]


def no_claim() -> Planted:
    """The inbox is not asked: every repeat is handled again."""

    def begin(_: MemoryStore, session: MemorySession) -> MemoryTransaction:
        return ClaimsEverything.Always(session)

    return patch.object(MemoryStore, "begin", begin)


def offset_first() -> Planted:
    """Offsets are committed as records are read, before they are handled."""
    read = PatientSource.poll

    def poll(self: PatientSource, limit: int, wait_seconds: float) -> Sequence[Record]:
        records = read(self, limit, wait_seconds)
        self.commit(records)
        return records

    return patch.object(PatientSource, "poll", poll)


@contextmanager
def publish_after_commit() -> Generator[None]:
    """What a transaction says goes to Kafka after its commit; there is no outbox."""
    started = World.__init__

    def world(self: World, *given: Any) -> None:
        started(self, *given)
        for name in ("fetcher", "notifier"):
            store = self.stores[name]
            vars(store)["transaction"] = partial(_published_behind, store, self.sender(name))

    with patch.object(World, "__init__", world):
        yield


@contextmanager
def _published_behind(store: MemoryStore, sender: Any) -> Generator[MemoryTransaction]:
    said = list[Any]()
    with store.connection() as session:
        transaction = store.begin(session)
        vars(transaction)["send"] = said.append
        heads = session.table("outbox_head")
        yield transaction
        heads["said"] = heads.get("said", 0) + len(said)
    sender.send(said)


def line_forgotten() -> Planted:
    """The VAT line of an entry is not written; its amount goes to the expense, so that the entry balances."""
    return patch.object(processes, "MemoryBooks", VatForgotten)


def sent_before_acknowledged() -> Planted:
    """The outbox forgets a message before Kafka has it."""
    return patch.object(processes, "MemoryOutbox", ForgetsBeforeTheAcknowledgement)


def announced_before_acknowledged() -> Planted:
    """The book counts as announced before Kafka has what it says."""
    return patch.object(processes, "MemoryAnnouncements", MarkedBeforeSending)


def unacknowledged_counts() -> Planted:
    """The classifier sends and does not look at what was acknowledged."""

    class Careless(AnswerAll):
        """Sends once."""

        def __call__(self, deliveries: Sequence[Delivery]) -> None:
            """Whatever comes of it."""
            with suppress(Unavailable):
                self.sender.send(self.answers(deliveries))

    return patch.object(processes, "AnswerAll", Careless)


def marker_counted_early() -> Planted:
    """A run is finished as soon as its marker is there, before its invoices."""
    return patch.object(processes, "MemoryBooks", partial(MemoryBooks, check=MarkerFirst()))


@contextmanager
def epoch_ignored() -> Generator[None]:
    """Whoever writes owns the partition: nobody compares epochs or ends the session of a former owner."""
    with (
        patch.object(processes, "MemoryBooks", partial(MemoryBooks, check=NobodyFenced())),
        patch.object(processes, "MemoryPositions", PredecessorLives),
    ):
        yield


def parked_in_silence() -> Planted:
    """The classifier parks a record and does not say so in its stream."""
    park = vars(classifier)["_park"]

    def silent(*given: Any) -> tuple[Outgoing, ...]:
        return park(*given)[:1]

    return patch.object(classifier, "_park", silent)


def mail_before_the_row() -> Planted:
    """The letter goes out before anything is written down of the attempt."""
    return patch.object(processes, "MemoryDesk", TakesWithoutWriting)


def row_before_the_mail() -> Planted:
    """The letter counts as sent before it goes out."""
    return patch.object(processes, "MemoryDesk", MarksBeforeMailing)


@contextmanager
def redelivery_is_a_duplicate() -> Generator[None]:
    """The same event again counts as a duplicate of its run, and takes the place of what it was first."""
    with pytest.MonkeyPatch.context() as shipped, patch.object(processes, "MemoryBooks", LastOutcomeStays):
        every_delivery_counts(shipped)
        yield


def outbox_out_of_order() -> Planted:
    """The outbox is read without its order."""
    return patch.object(processes, "MemoryOutbox", NewestFirst)


def poison_swallowed() -> Planted:
    """A record that cannot be read is passed over."""
    return patch.object(OncePerEvent, "_park", _pass_over)


def _pass_over(*_: object) -> None:
    """Nothing is kept."""


MISTAKES: tuple[Callable[[], Planted], ...] = (
    no_claim,
    offset_first,
    publish_after_commit,
    line_forgotten,
    sent_before_acknowledged,
    announced_before_acknowledged,
    unacknowledged_counts,
    marker_counted_early,
    epoch_ignored,
    parked_in_silence,
    mail_before_the_row,
    row_before_the_mail,
    redelivery_is_a_duplicate,
    outbox_out_of_order,
    poison_swallowed,
)

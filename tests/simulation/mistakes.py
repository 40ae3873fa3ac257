"""Mistakes, each planted where it would be made: in a shipped function, or in the twin of an SQL statement (tests/adapters plants those in SQL)."""

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import patch

from services.classifier import handler as classifier
from services.kernel.envelope import Delivery, Outgoing, Record, RunPosition
from services.kernel.errors import Poison, Unavailable
from services.kernel.loop import OncePerEvent
from services.ledger import handler as ledger
from services.ledger.domain import standing
from services.ledger.domain.posting import Entry, NoEntry
from services.ledger.domain.standing import NoNews, Outcome
from services.ledger.handler import Page
from services.notifier.handler import Due
from tests.simulation.memory.ledger import MemoryBooks
from tests.simulation.memory.ledger_check import CommitCheck
from tests.simulation.memory.notifier import MemoryDesk, due_of, is_due
from tests.simulation.memory.store import MemoryOutbox, MemoryTransaction
from tests.simulation.memory.store_mistakes import ClaimsEverything, ForgetsBeforeTheAcknowledgement, NewestFirst
from tests.simulation.world import PatientSource, World
from tests.support.reference_classifier import AnswerAll

type Mistake = Callable[[], AbstractContextManager[object]]


def no_claim() -> AbstractContextManager[object]:
    """The inbox is not asked: every repeat is handled again."""
    return patch.object(MemoryTransaction, "claim", ClaimsEverything.Always.claim)


def offset_first() -> AbstractContextManager[object]:
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

    def unwritten(_: MemoryTransaction) -> None:
        """Nothing is written into the outbox."""

    def world(self: World, *given: Any) -> None:
        started(self, *given)
        for name, store in (("fetcher", self.fetched), ("notifier", self.stores["notifier"])):
            sender, begin = self.sender(name), store.transaction
            store.transaction = partial(_published_behind, begin, sender)

    with patch.object(MemoryTransaction, "write_outbox", unwritten), patch.object(World, "__init__", world):
        yield


@contextmanager
def _published_behind(begin: Callable[[], AbstractContextManager[Any]], sender: Any) -> Generator[Any]:
    with begin() as transaction:
        yield transaction
    sender.send(transaction._outgoing)


def line_forgotten() -> AbstractContextManager[object]:
    """An entry of three lines or more loses one, and balances all the same."""
    post = standing.post

    def forgetful(document: Any) -> Entry | NoEntry:
        entry = post(document)
        if isinstance(entry, NoEntry) or len(entry.lines) < 3:
            return entry
        lost, *kept, last = entry.lines
        return replace(entry, lines=(*kept, last._replace(cents=last.cents + lost.cents)))

    return patch.object(standing, "post", forgetful)


def sent_before_acknowledged() -> AbstractContextManager[object]:
    """The outbox forgets a message before Kafka has it."""
    return patch.object(MemoryOutbox, "announce", ForgetsBeforeTheAcknowledgement.announce)


def unacknowledged_counts() -> AbstractContextManager[object]:
    """The classifier sends and does not look at what was acknowledged."""

    def once(self: Any, deliveries: Sequence[Delivery]) -> None:
        said = [outgoing for delivery in deliveries for outgoing in classifier.answer(delivery, self._rulebook, "2026-03-02T08:00:00Z")]
        with suppress(Unavailable):
            self._sender.send(said)

    return patch.object(AnswerAll, "__call__", once)


def marker_counted_early() -> AbstractContextManager[object]:
    """A run is finished as soon as its marker is there."""
    return patch.object(CommitCheck, "_complete", lambda *_: True)


def epoch_ignored() -> AbstractContextManager[object]:
    """Whoever writes last owns the partition: neither its epoch nor where it stood is compared."""
    return patch.object(CommitCheck, "_in_force", lambda *_: True)


def parked_in_silence() -> AbstractContextManager[object]:
    """The classifier parks a record and does not say so in its stream."""
    park = classifier._park

    def silent(record: Record, refusal: Poison, now: str) -> tuple[Outgoing, ...]:
        return park(record, refusal, now)[:1]

    return patch.object(classifier, "_park", silent)


def mail_before_the_row() -> AbstractContextManager[object]:
    """The letter goes out before anything is written down of the attempt."""

    def take(self: MemoryDesk, now: Any, _: Any) -> Due | None:
        contacts, rows = self._store.rows["contact"], self._store.rows["notification"]
        row = next((row for row in rows.values() if is_due(row, contacts.get(row.company_id), now)), None)
        return due_of(row, contacts[row.company_id]) if row else None

    return patch.multiple(MemoryDesk, take=take, bind=lambda *_: None)


@contextmanager
def redelivery_is_a_duplicate() -> Generator[None]:
    """The same event again counts as a duplicate of its run, and the last outcome is the one that counts."""
    no_news = ledger.no_news

    def counted(*given: Any) -> NoNews | None:
        reason = no_news(*given)
        return NoNews.DUPLICATE if reason is NoNews.REDELIVERED else reason

    def count(self: Page, company_id: str | None, run: RunPosition | None, outcome: Outcome) -> None:
        if company_id and run and run.seq:
            self.outcomes[company_id, run.run_id, run.seq] = outcome

    with (
        patch.object(ledger, "no_news", counted),
        patch.object(Page, "count", count),
        patch.object(MemoryBooks, "_replaces", lambda _, before, kind: before is not kind),
    ):
        yield


def outbox_out_of_order() -> AbstractContextManager[object]:
    """The outbox is read without its order."""
    return patch.object(MemoryOutbox, "waiting", NewestFirst.waiting)


def poison_swallowed() -> AbstractContextManager[object]:
    """A record that cannot be read is passed over."""
    return patch.object(OncePerEvent, "_park", lambda *_: None)


MISTAKES: tuple[Mistake, ...] = (
    no_claim,
    offset_first,
    publish_after_commit,
    line_forgotten,
    sent_before_acknowledged,
    unacknowledged_counts,
    marker_counted_early,
    epoch_ignored,
    parked_in_silence,
    mail_before_the_row,
    redelivery_is_a_duplicate,
    outbox_out_of_order,
    poison_swallowed,
)

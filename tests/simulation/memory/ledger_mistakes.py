"""Mistakes for the seeds to find: a ledger process in memory with one part that is wrong, and mistakes in what ships."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from services.kernel.envelope import Outgoing, RunPosition
from services.ledger import handler
from services.ledger.domain import standing
from services.ledger.domain.posting import VAT_ACCOUNTS, Entry
from services.ledger.domain.standing import NoNews, Outcome
from services.ledger.handler import Page, Version
from tests.simulation.memory.ledger import MemoryAnnouncements, MemoryBooks, Parts, Send
from tests.simulation.memory.ledger_check import CommitCheck
from tests.simulation.memory.ledger_messages import Batch
from tests.simulation.memory.ledger_positions import MemoryPositions
from tests.simulation.memory.ledger_rows import BatchRow
from tests.simulation.memory.ledger_schema import Backend
from tests.simulation.memory.store import MemorySession


class EpochIgnored(CommitCheck):
    """The position moves on for whoever stands where the book stands, whatever his epoch."""

    def _in_force(self, batch: BatchRow, epoch: int, next_offset: int) -> bool:
        return batch.from_offset == next_offset


class OffsetIgnored(CommitCheck):
    """The position moves on from wherever the writer believes it to stand."""

    def _in_force(self, batch: BatchRow, epoch: int, next_offset: int) -> bool:
        return batch.epoch == epoch


class NobodyFenced(CommitCheck):
    """The position moves on for everybody, from anywhere."""

    def _in_force(self, batch: BatchRow, epoch: int, next_offset: int) -> bool:
        return True


class BalanceNotChecked(CommitCheck):
    """Nobody adds the lines up."""

    def _check_entries(self, batch: BatchRow, entries: object) -> None:
        pass


class MarkerFirst(CommitCheck):
    """The run is finished as soon as its marker is there, whatever is missing."""

    def _complete(self, counts: object, emitted: int) -> bool:
        return True


class PredecessorLives(MemoryPositions):
    """Whoever takes a partition leaves the session of its former owner alone."""

    def _end(self, predecessor: Backend) -> None:
        pass


class VatForgotten(MemoryBooks):
    """The VAT line is not written; its amount goes to the expense, so that the entry still balances."""

    def _write_entry(self, session: MemorySession, batch: BatchRow, entry_id: int, version: Version, entry: Entry) -> None:
        deductible = VAT_ACCOUNTS["domestic"].deductible
        vat = sum(line.cents for line in entry.lines if line.account == deductible)
        first, *rest = (line for line in entry.lines if line.account != deductible)
        lines = (first._replace(cents=first.cents + vat), *rest)
        super()._write_entry(session, batch, entry_id, version, replace(entry, lines=lines))


class LineForgotten(MemoryBooks):
    """The first line of an entry is not written."""

    def _write_entry(self, session: MemorySession, batch: BatchRow, entry_id: int, version: Version, entry: Entry) -> None:
        super()._write_entry(session, batch, entry_id, version, replace(entry, lines=entry.lines[1:]))


class SourceKeyNotUnique(MemoryBooks):
    """The same source may be booked twice."""

    def _claim_source(self, session: MemorySession, entry: Entry, entry_id: int) -> None:
        pass


class ParkedNotReplaced(MemoryBooks):
    """What was parked stays counted as parked, though it was booked later."""

    def _replaces(self, before: Outcome, kind: Outcome) -> bool:
        return False


class LastOutcomeStays(MemoryBooks):
    """Any outcome takes the place of the one before."""

    def _replaces(self, before: Outcome, kind: Outcome) -> bool:
        return True


class MarkedBeforeSending(MemoryAnnouncements):
    """The book counts as announced before anybody acknowledged it."""

    def _announce(self, book: Any, limit: int, send: Send) -> int:
        said = list[Outgoing]()

        def keep(messages: Sequence[Outgoing]) -> int:
            said.extend(messages)
            return len(said)

        super()._announce(book, limit, keep)
        return send(said) if said else 0


class OrderLost(MemoryAnnouncements):
    """A batch's messages are said last first."""

    def _waiting(self, session: MemorySession, book: int, places: range, limit: int) -> list[Batch]:
        return [(seq, messages[::-1]) for seq, messages in super()._waiting(session, book, places, limit)]


def redelivery_is_a_duplicate(monkeypatch: pytest.MonkeyPatch) -> None:
    """In what ships: the same event again is another event that says the same."""

    def no_news(*about: Any) -> NoNews | None:
        reason = standing.no_news(*about)
        return NoNews.DUPLICATE if reason is NoNews.REDELIVERED else reason

    monkeypatch.setattr(handler, "no_news", no_news)


def every_delivery_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """In what ships: the same event again is a duplicate, and takes the place of what it was first."""

    def count(page: Page, company_id: str | None, run: RunPosition | None, outcome: Outcome) -> None:
        if company_id is not None and run is not None and run.seq is not None:
            page.outcomes[company_id, run.run_id, run.seq] = outcome

    redelivery_is_a_duplicate(monkeypatch)
    monkeypatch.setattr(Page, "count", count)


def nothing_shipped(_monkeypatch: pytest.MonkeyPatch) -> None:
    """What ships stays as it is."""


SOUND = Parts()


@dataclass(frozen=True, slots=True)
class Mistake:
    """A ledger built of `parts`, after `patch` has changed what ships."""

    parts: Parts = SOUND
    patch: Callable[[pytest.MonkeyPatch], None] = nothing_shipped


MISTAKES: dict[str, Mistake] = {
    "epoch ignored": Mistake(Parts(check=EpochIgnored)),
    "offset ignored": Mistake(Parts(check=OffsetIgnored)),
    "nobody fenced": Mistake(Parts(check=NobodyFenced, positions=PredecessorLives)),
    "balance not checked": Mistake(Parts(check=BalanceNotChecked)),
    "marker counted before the invoices": Mistake(Parts(check=MarkerFirst)),
    "predecessor lives": Mistake(Parts(positions=PredecessorLives)),
    "line forgotten": Mistake(Parts(books=LineForgotten)),
    "VAT forgotten": Mistake(Parts(books=VatForgotten)),
    "source key not unique": Mistake(Parts(books=SourceKeyNotUnique)),
    "parked not replaced": Mistake(Parts(books=ParkedNotReplaced)),
    "marked before the acknowledgement": Mistake(Parts(announcements=MarkedBeforeSending)),
    "order lost": Mistake(Parts(announcements=OrderLost)),
    "redelivery is a duplicate": Mistake(patch=redelivery_is_a_duplicate),
    "every delivery counts": Mistake(Parts(books=LastOutcomeStays), every_delivery_counts),
}

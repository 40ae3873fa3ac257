"""Where an invoice stands in the book, and what an event about it changes: the first booking wins until a person decides otherwise."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from schemas.classification_held.v1 import ClassificationHeld
from schemas.invoice_classified.v1 import InvoiceClassified
from schemas.invoice_described.v1 import Hold as ShownHold
from services.ledger.domain.holds import Conflict, Hold, SameDocument
from services.ledger.domain.originals import Credit, post_credit
from services.ledger.domain.posting import Entry, NoEntry, post

type Document = InvoiceClassified | ClassificationHeld

ENVIRONMENT = {"settings", "rulebook_version", "connection_id"}  # what a document was handled under, not what it says


class Outcome(StrEnum):
    """What became of an event of a run. The first four are also how an invoice stands; OVERTAKEN counts with the archived."""

    RECORDED = "recorded"
    HELD = "held"
    NO_ENTRY = "no_entry"
    ARCHIVED = "archived"
    PARKED = "parked"
    DUPLICATE = "duplicate"
    OVERTAKEN = "overtaken"


class NoNews(StrEnum):
    """Why an event changes nothing."""

    REDELIVERED = "redelivered"  # the same event again: it counts nowhere
    DUPLICATE = "duplicate"  # another event that says the same
    OVERTAKEN = "overtaken"  # a revision lower than the highest seen: noted, never booked


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """A fiscal year of a company; it is closed when everything up to its end is."""

    starts: date
    ends: date
    closed_through: date

    def closes(self, day: date) -> bool:
        """Whether the day lies in this year and the year is closed."""
        return self.starts <= day <= self.ends <= self.closed_through


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a document is booked: an entry, or why there is none."""

    outcome: Outcome
    entry: Entry | None = None
    hold: ShownHold | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the book says of an invoice. `entry` = the one that stands: its id, or itself while its batch is being written."""

    version: int
    revision: int
    events: frozenset[str]
    contents: frozenset[tuple[int, bytes]]
    entry: int | Entry | None
    posting: bytes | None


NOTHING = Standing(version=0, revision=0, events=frozenset(), contents=frozenset(), entry=None, posting=None)


def content_of(document: Document) -> bytes:
    """SHA-256 of what the document says, whatever settings and rulebook it was handled under."""
    said = document.model_dump_json(exclude=ENVIRONMENT)
    return hashlib.sha256(f"{document.ce_type}\n{said}".encode()).digest()


def judge(document: Document, years: Sequence[FiscalYear], bearer: str | None = None, credit: Credit | None = None) -> Verdict:
    """How the document is booked, apart from what the book already says of its invoice.

    `years` = the company's fiscal years; `bearer` = the invoice that first brought this PDF, None when it is new: another's is held, unless
    a person said that the two invoices are distinct. `credit` = what a credit note takes from the invoice it names.
    """
    if isinstance(document, ClassificationHeld):
        shown = ShownHold(stage="classification", reason=document.reason, sentence=document.sentence, next_action=document.next_action)
        return Verdict(Outcome.HELD, hold=shown)
    if document.issue_date < document.settings.cut_over or any(year.closes(document.issue_date) for year in years):
        return Verdict(Outcome.ARCHIVED)
    try:
        if bearer not in (None, document.invoice_id) and SameDocument.code() not in document.lifted:
            raise SameDocument
        closed_through = _closed_through(document, years)
        entry = post_credit(document, credit, closed_through) if credit else post(document, closed_through)
    except Hold as hold:
        return _held(hold)
    return Verdict(Outcome.NO_ENTRY) if isinstance(entry, NoEntry) else Verdict(Outcome.RECORDED, entry)


def _closed_through(document: InvoiceClassified, years: Sequence[FiscalYear]) -> date | None:
    """The last closed day of the year the document belongs to; None when nothing of it is closed."""
    return next((year.closed_through for year in years if year.starts <= document.issue_date <= year.ends), None)


def no_news(standing: Standing, event_id: str, revision: int, content: bytes) -> NoNews | None:
    """Why the event changes nothing, or None when it does."""
    if event_id in standing.events:
        return NoNews.REDELIVERED
    if (revision, content) in standing.contents:
        return NoNews.DUPLICATE
    return NoNews.OVERTAKEN if revision < standing.revision else None


def against(standing: Standing, verdict: Verdict, same: Collection[bytes] = ()) -> Verdict:
    """The verdict where an entry may stand already: the same posting brings facts only, anything else is a conflict.

    `same` = digests of postings that differ from the verdict's in nothing that matters.
    """
    if standing.posting is None or verdict.outcome is Outcome.HELD:
        return verdict
    if verdict.entry is not None and standing.posting in (verdict.entry.digest, *same):
        return replace(verdict, entry=None)
    return _held(Conflict())


def advance(standing: Standing, event_id: str, revision: int, content: bytes, verdict: Verdict) -> Standing:
    """Where the invoice stands after the event: one version further."""
    return Standing(
        version=standing.version + 1,
        revision=revision,
        events=standing.events | {event_id},
        contents=standing.contents | {(revision, content)},
        entry=verdict.entry or standing.entry,
        posting=verdict.entry.digest if verdict.entry else standing.posting,
    )


def _held(hold: Hold) -> Verdict:
    shown = ShownHold(stage="booking", reason=hold.code(), sentence=hold.sentence(), next_action=hold.next_action)
    return Verdict(Outcome.HELD, hold=shown)

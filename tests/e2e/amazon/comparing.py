"""Held against the simulator's truth: each final document said once with its very bytes, everything else held for the true reason."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.local.amazon.facts import Document
from deploy.local.amazon.papers import Kind as Paper
from deploy.local.amazon.trouble import Rates
from deploy.local.amazon.truth import announced_at, final_at, waits_for
from deploy.local.amazon.world import World
from schemas.invoice_collected.v1 import InvoiceCollected
from services.fetcher.domain.records import Kind
from services.fetcher.domain.waiting import LATE_AFTER, NEVER_AFTER, OVERDUE_AFTER, Waiting
from services.fetcher.domain.wanting import RUNGS
from services.fetcher.domain.windows import SETTLING
from services.kernel.envelope import Event

ONE_DAY = timedelta(days=1)
LAST_RUNG = RUNGS[-1]
ANOTHERS = frozenset({Waiting.ENTITY_UNKNOWN, Waiting.OTHER_ENTITY})
NOT_BY_ITSELF = frozenset({Waiting.DOCUMENT_GIVEN_UP, Waiting.DOCUMENT_NEVER_SUPPLIED, *ANOTHERS})

KINDS = {None: None, Paper.INVOICE: Kind.INVOICE, Paper.CREDIT_NOTE: Kind.CREDIT_NOTE}
"""The simulator's word for a side, and ours."""

REASONS = {
    "number": (Waiting.NUMBER_UNKNOWN, timedelta.max, None),
    "pending": (Waiting.NUMBER_PENDING, OVERDUE_AFTER, Waiting.NUMBER_OVERDUE),
    "document": (Waiting.DOCUMENT_MISSING, LATE_AFTER, Waiting.SELLER_LATE),
}
"""What a document lacks → the reason, and the one it becomes after so long since the shipment or the refund."""


@dataclass(frozen=True)
class Held:
    """A row of the table of what waits."""

    order_id: str
    number: str
    reason: Waiting
    next_attempt_at: datetime | None


@dataclass(frozen=True)
class Outcome:
    """What the fetcher has to show: what it said, what it holds, the bytes it keeps."""

    said: Sequence[Event[InvoiceCollected]]
    held: Sequence[Held]
    kept: Callable[[str], bytes]


@dataclass(frozen=True)
class Terms:
    """When the comparison is made and what is allowed then.

    `looked_at`: when the last run was. `settled`: so long after the last trouble that everything final must have been said.
    `troubles`: reasons that the weather gives.
    """

    at: datetime
    looked_at: datetime
    settled: bool = False
    troubles: frozenset[Waiting] = frozenset()


def differences(world: World, outcome: Outcome, terms: Terms) -> list[str]:
    """Everything in which the fetcher and the truth differ, in words; none = every document is where it belongs."""
    by_bytes = {sha256: document for document in world.documents for sha256 in _hashes(world, document)}
    found = [*_of_bytes(outcome, by_bytes), *_of_invoices(outcome.said, by_bytes)]
    said = {id(by_bytes[event.data.document.sha256]) for event in outcome.said if event.data.document.sha256 in by_bytes}
    unsaid = [document for document in world.documents if id(document) not in said]
    unread = [document for document in world.documents if document.replaced and _says_nothing(document)]
    return [*found, *_of_silence(unsaid, outcome.held, terms), *_of_holding([*unsaid, *unread], outcome.held, terms)]


def name_of(document: Document) -> str:
    """Type, number and order, as a finding names it."""
    return f"{document.kind} {document.number} of {document.order_id}"


def troubles_of(rates: Rates) -> frozenset[Waiting]:
    """The reasons that such weather gives."""
    given = {
        Waiting.DOCUMENT_FAILED: rates.fatal,
        Waiting.DOCUMENT_GIVEN_UP: rates.fatal,
        Waiting.ARCHIVE_EMPTY: rates.odd_payloads,
        Waiting.DOCUMENT_OF_ANOTHER_ORDER: rates.odd_payloads,
        Waiting.DOCUMENT_UNDELIVERED: rates.truncated + rates.malformed + rates.server_error,
        Waiting.ANSWER_UNREADABLE: rates.malformed,
    }
    return frozenset(reason for reason, rate in given.items() if rate)


def _says_nothing(document: Document) -> bool:
    """Whether its page cannot be read: uploaded again, it is a second PDF of which nobody can tell what it is."""
    return document.paper is not None and (document.paper.scanned or document.paper.password is not None)


def _hashes(world: World, document: Document) -> list[str]:
    return [world.hash_of(document), *(world.hash_of(document, place) for place in range(len(document.replaced)))]


def _of_bytes(outcome: Outcome, by_bytes: dict[str, Document]) -> Iterator[str]:
    """Each event names bytes of Amazon's, keeps these very bytes, and says their number and type, not before they were there."""
    for event in outcome.said:
        data, sha256 = event.data, event.data.document.sha256
        document = by_bytes.get(sha256)
        if document is None:
            yield f"bytes that Amazon never had: {sha256} of {data.stated.orders}"
            continue
        if hashlib.sha256(outcome.kept(data.document.object_key)).hexdigest() != sha256:
            yield f"other bytes are kept: {name_of(document)}"
        if number_said(data) != document.number:
            yield f"said as number {number_said(data)}: {name_of(document)}"
        if type_said(data) != KINDS[document.kind]:
            yield f"said as {type_said(data)}: {name_of(document)}"
        if not document.uploaded(datetime.fromisoformat(event.time)):
            yield f"said before it was there: {name_of(document)}"


def number_said(data: InvoiceCollected) -> str | None:
    """The API's number, else the printed one."""
    fact = data.stated.number or data.evidence.number
    return fact and fact.value


def type_said(data: InvoiceCollected) -> Kind:
    """The API's type, else the printed one; what does not say that it is a credit note is an invoice."""
    fact = data.stated.type or data.evidence.type
    return Kind.CREDIT_NOTE if fact and fact.value == Kind.CREDIT_NOTE else Kind.INVOICE


def _of_invoices(said: Sequence[Event[InvoiceCollected]], by_bytes: dict[str, Document]) -> Iterator[str]:
    """One id for each document and one document for each id; revisions count 1, 2, 3 and none repeats the facts of the one before."""
    ids, documents = defaultdict[int, set[str]](set), defaultdict[str, list[InvoiceCollected]](list)
    for event in said:
        documents[event.data.invoice_id].append(event.data)
        if document := by_bytes.get(event.data.document.sha256):
            ids[id(document)].add(event.data.invoice_id)
    yield from (f"said under several ids: {sorted(several)}" for several in ids.values() if len(several) > 1)
    for invoice_id, revisions in documents.items():
        about = {id(by_bytes.get(data.document.sha256)) for data in revisions}
        if len(about) > 1:
            yield f"several documents under one id: {invoice_id}"
        if [data.revision for data in revisions] != list(range(1, len(revisions) + 1)):
            yield f"revisions {[data.revision for data in revisions]}: {invoice_id}"
        facts = Counter(_facts(data) for data in revisions)
        yield from (f"said {count} times with the same facts: {invoice_id}" for count in facts.values() if count > 1)


def _facts(data: InvoiceCollected) -> str:
    day = data.evidence.issue_date or data.stated.issue_date
    return f"{data.document.sha256} {number_said(data)} {type_said(data)} {day and day.value} {data.stated.charges}"


def _of_silence(unsaid: Iterable[Document], held: Sequence[Held], terms: Terms) -> Iterator[str]:
    """Of what was not said, each document that Amazon announced is held for a true reason, and nothing final when all is settled."""
    for document in unsaid:
        if announced_at(document) > terms.at:
            continue
        ended = final_at(document)
        if terms.settled and ended is not None and ended <= terms.at and not is_anothers(document):
            yield f"final since {ended:%Y-%m-%d %H:%M} and not said ({_shown(document, held)}): {name_of(document)}"
        elif not any(_is_for(document, hold, terms) for hold in held) and not _is_fresh(document, terms):
            true = ", ".join(sorted(reasons(document, terms)))
            yield f"neither said nor held for its reason ({_shown(document, held)}; true: {true}): {name_of(document)}"


def _of_holding(unsaid: Sequence[Document], held: Sequence[Held], terms: Terms) -> Iterator[str]:
    """Nothing is held that is nobody's, more often than there are documents, or without a next attempt."""
    of_order = defaultdict[str, list[Document]](list)
    for document in unsaid:
        for order_id in {shipment.order_id for shipment in document.shipments}:
            of_order[order_id].append(document)
    for hold in held:
        if not any(_is_for(document, hold, terms) for document in of_order[hold.order_id]):
            yield f"held for nothing: {hold}"
        oldest = min((moved_at(document) for document in of_order[hold.order_id]), default=terms.at)
        if hold.next_attempt_at is None and hold.reason not in NOT_BY_ITSELF and terms.at - oldest < LAST_RUNG:
            yield f"held without a next attempt: {hold}"
    for order_id, count in Counter(hold.order_id for hold in held).items():
        most = sum(len([one for one in document.shipments if one.order_id == order_id]) for document in of_order[order_id])
        if count > most:
            yield f"held {count} times for {most} documents: {order_id}"


def _shown(document: Document, held: Sequence[Held]) -> str:
    return ", ".join(f"held: {hold.reason} {hold.number}" for hold in held if hold.order_id == document.order_id) or "not held"


def _is_for(document: Document, hold: Held, terms: Terms) -> bool:
    """Whether this row may speak of this document."""
    same_order = any(shipment.order_id == hold.order_id for shipment in document.shipments)
    return same_order and hold.number in ("", document.number) and hold.reason in reasons(document, terms)


def _is_fresh(document: Document, terms: Terms) -> bool:
    """Whether its transaction came after the last run had read them."""
    return announced_at(document) > terms.looked_at - SETTLING


def reasons(document: Document, terms: Terms) -> frozenset[Waiting]:
    """Why it may be held: what it lacks now, or lacked when it was last asked for, with the age that counts then; and troubles."""
    moments = {terms.at, terms.looked_at, terms.looked_at - ONE_DAY, _last_asked(document, terms.looked_at)}
    told = frozenset(reason for moment in moments for reason in _lacking(document, moment))
    routed = is_anothers(document) and document.uploaded(terms.at)
    return told | terms.troubles | ANOTHERS if routed else told | terms.troubles


def is_anothers(document: Document) -> bool:
    """Whether its payments name another legal entity than the company's, which is the first one and the nameless one."""
    payments = [payment for shipment in document.shipments for payment in shipment.payments]
    return document.entity != 0 and not all(payment.nameless for payment in payments)


def _lacking(document: Document, at: datetime) -> Iterator[Waiting]:
    lack, age = waits_for(document, at), at - moved_at(document)
    if lack is None and document.replaced and _says_nothing(document):
        yield Waiting.NUMBER_UNKNOWN
    if lack not in REASONS:
        return
    young, until, old = REASONS[lack]
    yield old if old is not None and age >= until else young
    if age >= NEVER_AFTER and lack != "pending":
        yield Waiting.DOCUMENT_NEVER_SUPPLIED


def _last_asked(document: Document, at: datetime) -> datetime:
    """The last rung of its ladder; half a day of grace for the run that climbs it."""
    rungs = [moved_at(document) + rung for rung in RUNGS]
    return max((rung for rung in rungs if rung <= at - ONE_DAY / 2), default=moved_at(document))


def moved_at(document: Document) -> datetime:
    """When its goods left, or its money came back."""
    if KINDS[document.kind] is Kind.CREDIT_NOTE:
        return max(shipment.payments[0].happened_at for shipment in document.shipments)
    return max(shipment.shipped_at for shipment in document.shipments)

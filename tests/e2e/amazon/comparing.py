"""Held against the simulator's truth: each final document said once with its very bytes, everything else held for the true reason."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.local.amazon.facts import ALWAYS, Document, Shipment
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
    """What the fetcher has to show: what it said, what it holds, the bytes it keeps, and the hashes of PDFs that told it no number."""

    said: Sequence[Event[InvoiceCollected]]
    held: Sequence[Held]
    kept: Callable[[str], bytes]
    unread: Collection[str] = ()


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
    unread = {id(by_bytes[sha256]) for sha256 in outcome.unread if sha256 in by_bytes}
    holding = Holding(world, terms, unread)
    again = [document for document in world.documents if id(document) in said and holding.holds_revision(document)]
    return [*found, *holding.of_silence(unsaid, outcome.held), *holding.of_holding([*unsaid, *again], outcome.held)]


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
        Waiting.DOCUMENT_MISSING: rates.cancelled,
        Waiting.SELLER_LATE: rates.cancelled,
    }
    return frozenset(reason for reason, rate in given.items() if rate)


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


class Holding:
    """What may be held: of each unsaid document the reasons that are true.

    A PDF that told no number may wait for one, and its number for a PDF, until it was asked for by that number; one that was uploaded
    again, beside the first one, for ever.
    """

    def __init__(self, world: World, terms: Terms, unread: Collection[int]) -> None:
        """`unread` = the documents that told no number, by identity."""
        self._world, self._terms, self._unread = world, terms, unread
        self._moved, self._of_others = defaultdict[str, datetime](lambda: ALWAYS), set[str]()
        for document in world.documents:
            for shipment in document.shipments:
                moment = _happened(document, shipment)
                keys = (shipment.shipment_id, shipment.order_id) if moment <= terms.at else ()
                self._moved.update({key: max(self._moved[key], moment) for key in keys})
                named = document.entity != 0 and not all(payment.nameless for payment in shipment.payments)
                self._of_others.update([shipment.order_id] if named else [])

    def of_silence(self, unsaid: Iterable[Document], held: Sequence[Held]) -> Iterator[str]:
        """Each document that Amazon announced is held for a true reason, and nothing final when all is settled."""
        for document in unsaid:
            ended, settled = final_at(document), self._terms.settled and not self._is_anothers(document)
            if announced_at(document) > self._terms.looked_at - SETTLING or self._is_stood_for(document):
                continue  # its payment came after the last run had read them
            if settled and ended is not None and ended <= self._terms.at:
                yield f"final since {ended:%Y-%m-%d %H:%M} and not said ({_shown(document, held)}): {name_of(document)}"
            elif not any(self._is_for(document, hold) for hold in held):
                true = ", ".join(sorted(self.reasons(document)))
                yield f"neither said nor held for its reason ({_shown(document, held)}; true: {true}): {name_of(document)}"

    def of_holding(self, unsaid: Sequence[Document], held: Sequence[Held]) -> Iterator[str]:
        """Nothing is held that is nobody's, more often than there are documents, or without a next attempt."""
        of_order = defaultdict[str, list[Document]](list)
        for document in unsaid:
            for order_id in {shipment.order_id for shipment in document.shipments}:
                of_order[order_id].append(document)
        for hold in held:
            if not any(self._is_for(document, hold) for document in of_order[hold.order_id]):
                yield f"held for nothing: {hold}"
            young = self._terms.at - self._moved[hold.order_id] < RUNGS[-1]
            if hold.next_attempt_at is None and hold.reason not in NOT_BY_ITSELF and young:
                yield f"held without a next attempt: {hold}"
        for order_id, count in Counter(hold.order_id for hold in held).items():
            most = sum(shipment.order_id == order_id for document in of_order[order_id] for shipment in document.shipments)
            unread = sum(id(document) in self._unread for document in of_order[order_id])
            if count > most + unread:
                yield f"held {count} times for {most} documents: {order_id}"

    def holds_revision(self, document: Document) -> bool:
        """Whether something of a document that was said may be held: what was uploaded again and tells no number, or is another's now."""
        return self._is_anothers(document) or (id(document) in self._unread and bool(document.replaced))

    def reasons(self, document: Document) -> frozenset[Waiting]:
        """What it lacks now, or lacked when it was last asked for, with the age that counts then; troubles; and whose it is."""
        ladders = [self._moved[key] for shipment in document.shipments for key in (shipment.shipment_id, shipment.order_id)]
        moments = {self._terms.at, self._terms.looked_at, *(self._last_rung(moved_at) for moved_at in ladders)}
        told = frozenset(reason for moment in moments for reason in self._lacking(document, moment)) | self._terms.troubles
        return told | ANOTHERS if self._is_anothers(document) and document.uploaded(self._terms.at) else told

    def _is_stood_for(self, document: Document) -> bool:
        """Whether its number is not known and a PDF of its order is there whose payment is not: that one passes for its document."""
        early = (one for one in self._world.documents_of({"orderId": document.order_id}) if announced_at(one) > self._terms.looked_at)
        return waits_for(document, self._terms.looked_at) == "number" and any(one.uploaded(self._terms.looked_at) for one in early)

    def _lacking(self, document: Document, at: datetime) -> Iterator[Waiting]:
        lack = waits_for(document, at)
        if lack in (None, "transaction") and id(document) in self._unread:
            yield from (Waiting.NUMBER_UNKNOWN, Waiting.DOCUMENT_MISSING, Waiting.SELLER_LATE)
        if lack not in REASONS:
            return
        young, until, old = REASONS[lack]
        for shipment in document.shipments:
            age = self._terms.looked_at - self._moved[shipment.shipment_id]
            yield old if old is not None and age >= until else young
            if age >= NEVER_AFTER and lack != "pending":
                yield Waiting.DOCUMENT_NEVER_SUPPLIED

    def _last_rung(self, moved_at: datetime) -> datetime:
        return max((moved_at + rung for rung in RUNGS if moved_at + rung <= self._terms.looked_at), default=moved_at)

    def _is_for(self, document: Document, hold: Held) -> bool:
        """Whether this row may speak of this document."""
        same_order = any(shipment.order_id == hold.order_id for shipment in document.shipments)
        return same_order and hold.number in ("", document.number) and hold.reason in self.reasons(document)

    def _is_anothers(self, document: Document) -> bool:
        """Whether payments of its orders name another legal entity than the company's, which is the first one and the nameless one."""
        return any(shipment.order_id in self._of_others for shipment in document.shipments)


def _happened(document: Document, shipment: Shipment) -> datetime:
    """When goods left, or money came back."""
    credit = KINDS[document.kind] is Kind.CREDIT_NOTE
    return max(payment.happened_at for payment in shipment.payments) if credit else shipment.shipped_at


def _shown(document: Document, held: Sequence[Held]) -> str:
    return ", ".join(f"held: {hold.reason} {hold.number}" for hold in held if hold.order_id == document.order_id) or "not held"

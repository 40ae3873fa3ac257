"""What the classifier found becomes one balanced entry « À traiter », or a hold with its reason; the outcomes of a run add up.

invoice.classified         → an entry, unless it is archived, nets to zero, is held, came too late, or says nothing new
classification.held        → held, as the classifier said
invoice.parked             → an outcome of its run
collection.finished        → the run's marker: with as many outcomes as it says, the run is finished
supplier.merged            → from then on documents of the one supplier are booked on the other; refused = parked with its reason
a record nobody can read   → the parked topic, and an outcome of its run
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Protocol

from schemas.classification_held.v1 import ClassificationHeld
from schemas.collection_finished.v1 import CollectionFinished
from schemas.contract import EventData
from schemas.invoice_classified.v1 import InvoiceClassified
from schemas.invoice_parked.v1 import InvoiceParked
from schemas.registry import retry_topic
from schemas.supplier_merged.v1 import SupplierMerged
from services.kernel.breaker import Fuse
from services.kernel.clock import Clock, instant
from services.kernel.envelope import Delivery, Event, Outgoing, Record, RunPosition, company_of, is_marker, parked, run_of
from services.kernel.errors import MarkerRefused, Poison, Refused, Skipped
from services.kernel.log import log
from services.kernel.loop import note_parked
from services.kernel.names import Log
from services.kernel.probes import RECORDS
from services.ledger import Logged
from services.ledger.domain.crediting import NamedInvoices, NumberKey, numbers_named
from services.ledger.domain.originals import Original
from services.ledger.domain.posting import Entry
from services.ledger.domain.standing import (
    NOTHING,
    Document,
    FiscalYear,
    NoNews,
    Outcome,
    Standing,
    Verdict,
    advance,
    against,
    content_of,
    judge,
    no_news,
)
from services.ledger.domain.suppliers import (
    NO_MERGERS,
    MergerRefused,
    Mergers,
    SupplierUnknown,
    booked_as,
    same_postings,
)

SERVICE = "ledger"
RETRY = retry_topic(SERVICE)

type InvoiceKey = tuple[str, str]  # company id, invoice id
type PdfKey = tuple[str, str]  # company id, SHA-256
type SupplierKey = tuple[str, str]  # company id, auxiliary
type Place = tuple[str, str, int]  # company id, run id, number in the run: two companies never share a run


@dataclass(frozen=True, slots=True)
class Version:
    """A new state of an invoice: what an event made of it, and where it stands from then on."""

    offset: int
    event: Event[Document]
    content: bytes
    verdict: Verdict
    standing: Standing


@dataclass(frozen=True, slots=True)
class Late:
    """A revision that came after a higher one of its invoice: noted, never booked."""

    offset: int
    event: Event[Document]
    content: bytes
    highest: int


@dataclass(slots=True)
class Known:
    """What the book says of the documents and suppliers of a page. It moves along with the page, for the records behind."""

    standing: dict[InvoiceKey, Standing]
    bearers: dict[PdfKey, str]
    years: Mapping[str, Sequence[FiscalYear]]
    named: NamedInvoices
    mergers: dict[str, Mergers]
    suppliers: Collection[SupplierKey]


@dataclass(slots=True)
class Page:
    """All that one stretch of a partition's records writes, in the order of the records."""

    topic: str
    partition: int
    next_offset: int
    versions: list[Version] = field(default_factory=list[Version])
    overtaken: list[Late] = field(default_factory=list[Late])
    mergers: list[tuple[int, Event[SupplierMerged]]] = field(default_factory=list[tuple[int, Event[SupplierMerged]]])
    outcomes: dict[Place, Outcome] = field(default_factory=dict[Place, Outcome])
    markers: list[Event[CollectionFinished]] = field(default_factory=list[Event[CollectionFinished]])
    parked: list[tuple[int, Outgoing]] = field(default_factory=list[tuple[int, Outgoing]])

    @property
    def entries(self) -> list[tuple[Version, Entry]]:
        """The new entries and whose they are, in order; behind them those that follow one."""
        booked = [(version, version.verdict.entry) for version in self.versions if version.verdict.entry]
        return booked + [(version, entry.later) for version, entry in booked if entry.later]

    def count(self, company_id: str | None, run: RunPosition | None, outcome: Outcome) -> None:
        """Note what became of an event of a company's run: the first outcome stays, except that any replaces parked."""
        if company_id is None or run is None or run.seq is None:
            return
        place = company_id, run.run_id, run.seq
        if self.outcomes.get(place, Outcome.PARKED) is Outcome.PARKED:
            self.outcomes[place] = outcome


class Outrun(Refused):
    """Somebody wrote about an invoice or a supplier of this page since the book was asked about it."""


class SuppliersStayTwo(Refused):
    """Le livre ne fait pas un seul fournisseur de ces deux."""


class Books(Protocol):
    """What booking needs from storage."""

    def position(self, topic: str, partition: int) -> int | None:
        """The offset of the first record that is not in the book; None when the partition is not ours (any more)."""
        ...

    def standing(self, keys: Collection[InvoiceKey]) -> Mapping[InvoiceKey, Standing]:
        """What the book says of these invoices; those it does not know are left out."""
        ...

    def bearers(self, pdfs: Collection[PdfKey]) -> Mapping[PdfKey, str]:
        """The invoice that first brought each of these PDFs; those the book does not have are left out."""
        ...

    def fiscal_years(self, companies: Collection[str]) -> Mapping[str, Sequence[FiscalYear]]:
        """The fiscal years of these companies; companies it does not know are left out."""
        ...

    def originals(self, numbers: Collection[NumberKey]) -> Mapping[NumberKey, Sequence[Original]]:
        """The invoices and receipts with these numbers whose entry stands; numbers that none bears are left out."""
        ...

    def mergers(self, companies: Collection[str]) -> Mapping[str, Mergers]:
        """Which suppliers of these companies became another one; companies without any are left out."""
        ...

    def suppliers(self, keys: Collection[SupplierKey]) -> Collection[SupplierKey]:
        """Those of these suppliers that the book knows: by documents, by papers, or because a person named them."""
        ...

    def record(self, page: Page) -> None:
        """Write the page and move the position, in one transaction. Raises Refused, and has written nothing then; Outrun: ask again."""
        ...


class KeepBooks:
    """Records of the classifier's topics, and those given back to us → the book: one transaction per stretch of a partition, each once."""

    def __init__(self, books: Books, parked_topic: str, clock: Clock) -> None:
        """`parked_topic` takes the records that cannot be read or that the book refuses."""
        self._books, self._parked_topic, self._clock = books, parked_topic, clock
        self._fuse = Fuse()

    def __call__(self, deliveries: Sequence[Delivery]) -> None:
        """Book the deliveries, partition by partition. Raises Tripped: what is behind stays unbooked."""
        for (topic, partition), stretch in groupby(sorted(deliveries, key=_place), key=_place):
            self._book(topic, partition, list(stretch))
        RECORDS.labels(SERVICE).inc(len(deliveries))

    def _book(self, topic: str, partition: int, stretch: Sequence[Delivery]) -> None:
        """Write what is not in the book yet; a partition that was lost meanwhile is its new owner's business."""
        start = self._books.position(topic, partition)
        fresh = [delivery for delivery in stretch if start is not None and delivery.record.offset >= start]
        if not fresh:
            return
        allowed = self._fuse.allowed(fresh)
        try:
            self._write(allowed)
        except Refused as refusal:
            self._isolate(allowed, refusal)
        if len(allowed) < len(fresh):
            self._book(topic, partition, stretch)

    def _isolate(self, fresh: Sequence[Delivery], refusal: Refused) -> None:
        """Record by record, so that only the poison is parked; what a person outran is made again from what the book says now."""
        if len(fresh) == 1 and not isinstance(refusal, Outrun):
            self._keep_aside(fresh[0].record, refusal)
            return
        for delivery in fresh:
            self._book(delivery.record.topic, delivery.record.partition, [delivery])

    def _keep_aside(self, record: Record, refusal: Refused) -> None:
        """Park the record; without its headers, the only text in it, when the database refuses even that. Raises Tripped."""
        self._fuse.allowed([Delivery(record, None, refusal)])
        try:
            self._write([Delivery(record, None, refusal)])
        except Refused:
            self._write([Delivery(replace(record, headers=()), None, refusal)])

    def _write(self, fresh: Sequence[Delivery]) -> None:
        """One page in one transaction. Raises Refused."""
        page = self._page(fresh)
        self._books.record(page)
        self._fuse.count(fresh)
        for delivery in fresh:
            if delivery.refusal is not None:
                note_parked(delivery.record, delivery.refusal, SERVICE)
        log.info(Log.BATCH, partition=page.partition, next_offset=page.next_offset, versions=len(page.versions), entries=len(page.entries))

    def _page(self, fresh: Sequence[Delivery]) -> Page:
        last = fresh[-1].record
        page = Page(last.topic, last.partition, last.offset + 1)
        known = self._known([delivery.event.data for delivery in fresh if delivery.event])
        for delivery in fresh:
            if delivery.refusal is not None:
                self._park(delivery, delivery.refusal, page)
            elif delivery.event is not None:
                _enter(delivery.record.offset, delivery.event, page, known)
        return page

    def _known(self, said: Sequence[EventData]) -> Known:
        documents = [data for data in said if isinstance(data, InvoiceClassified | ClassificationHeld)]
        decisions = [data for data in said if isinstance(data, SupplierMerged)]
        numbers = numbers_named(documents)
        return Known(
            dict(self._books.standing({(data.company_id, data.invoice_id) for data in documents})),
            dict(self._books.bearers({(data.company_id, data.document.sha256) for data in documents})),
            self._books.fiscal_years({data.company_id for data in documents}),
            NamedInvoices(numbers, self._books.originals(numbers)),
            dict(self._books.mergers({data.company_id for data in (*documents, *decisions)})),
            self._books.suppliers({(data.company_id, code) for data in decisions for code in (data.auxiliary, data.into)}),
        )

    def _park(self, delivery: Delivery, refusal: Poison, page: Page) -> None:
        """Keep the record for the parked topic. Raises MarkerRefused: a marker is parked only if an operator skips it or gave it back."""
        record = delivery.record
        if is_marker(record, CollectionFinished) and not (isinstance(refusal, Skipped) or record.topic == RETRY):
            raise MarkerRefused(f"{record.topic}/{record.partition}/{record.offset}", refusal) from refusal
        page.parked.append((record.offset, parked(record, refusal, SERVICE, self._parked_topic, instant(self._clock.now()))))
        page.count(company_of(record), run_of(record), Outcome.PARKED)


def _enter(offset: int, event: Event[Any], page: Page, known: Known) -> None:
    """What an event changes. Raises SuppliersStayTwo. What nobody decided about the books (a line, a hold) changes nothing in them."""
    match event.data:
        case InvoiceClassified() | ClassificationHeld():
            _enter_document(offset, event, page, known)
        case InvoiceParked():
            page.count(event.data.company_id, event.run, Outcome.PARKED)
        case CollectionFinished():
            page.markers.append(event)
        case SupplierMerged():
            _enter_merger(offset, event, page, known)
        case _:
            pass


def _enter_merger(offset: int, event: Event[SupplierMerged], page: Page, known: Known) -> None:
    """A decision → documents behind it go to the supplier that stays; nothing when the book has it. Raises SuppliersStayTwo."""
    decision = event.data
    mergers = known.mergers.get(decision.company_id, NO_MERGERS)
    if decision.decision_id in mergers.decisions:
        return
    try:
        known.mergers[decision.company_id] = mergers.after(decision)
        _refuse_unknown(decision, known)
    except MergerRefused as refusal:
        raise SuppliersStayTwo(refusal) from refusal
    page.mergers.append((offset, event))


def _refuse_unknown(decision: SupplierMerged, known: Known) -> None:
    """The one that goes is in the book; the one that stays is, or the person says its name: its documents may be on their way."""
    if (decision.company_id, decision.auxiliary) not in known.suppliers:
        raise SupplierUnknown(decision.auxiliary)
    if (decision.company_id, decision.into) not in known.suppliers and decision.legal_name is None:
        raise SupplierUnknown(decision.into)


def _enter_document(offset: int, event: Event[Document], page: Page, known: Known) -> None:
    """A document → its next version, a note when it came too late, nothing when it says nothing new."""
    document = event.data
    before = known.standing.get((document.company_id, document.invoice_id), NOTHING)
    content = content_of(document)
    reason = no_news(before, event.id, document.revision, content)
    if reason is None:
        page.versions.append(_version(offset, event, content, before, known))
        page.count(document.company_id, event.run, page.versions[-1].verdict.outcome)
    elif reason is not NoNews.REDELIVERED:
        log.info(Logged.NO_NEWS, reason=reason, invoice_id=document.invoice_id, revision=document.revision, event_id=event.id)
        page.count(document.company_id, event.run, Outcome(reason))
    if reason is NoNews.OVERTAKEN:
        page.overtaken.append(Late(offset, event, content, before.revision))


def _version(offset: int, event: Event[Document], content: bytes, before: Standing, known: Known) -> Version:
    """The next version of the document's invoice, which `known` knows from then on; under the supplier that stays."""
    mergers = known.mergers.get(event.data.company_id, NO_MERGERS)
    document = booked_as(event.data, mergers)
    bearer = known.bearers.setdefault((document.company_id, document.document.sha256), document.invoice_id)
    credit = known.named.credit(document)
    judged = judge(document, known.years.get(document.company_id, ()), bearer, credit)
    verdict = against(before, judged, same_postings(judged, mergers))
    after = advance(before, event.id, document.revision, content, verdict)
    known.standing[document.company_id, document.invoice_id] = after
    booked = credit.document if credit and judged.entry else document
    known.named.note(booked, verdict)
    return Version(offset, replace(event, data=booked), content, verdict, after)


def _place(delivery: Delivery) -> tuple[str, int]:
    return delivery.record.topic, delivery.record.partition

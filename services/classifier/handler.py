"""What happens on each record: classify a document, pass the run's marker on, learn from a decision, or park what cannot be read."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from pydantic import ValidationError

from schemas.collection_finished.v1 import CollectionFinished
from schemas.contract import EventData
from schemas.hold_lifted.v1 import HoldLifted
from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.invoice_parked.v1 import InvoiceParked
from schemas.line_recoded.v1 import LineRecoded
from schemas.record_parked.v1 import RecordParked
from schemas.registry import parked_topic, retry_topic, topic_for
from schemas.supplier_merged.v1 import SupplierMerged
from services.classifier.domain.classification import classify
from services.classifier.domain.nature.company_rules import CompanyRule, CompanyRules, Merger
from services.classifier.domain.nature.learning import family_of, is_enough, learned
from services.classifier.domain.nature.rulebook import Rulebook
from services.kernel.clock import instant
from services.kernel.envelope import WORD, Delivery, Event, Outgoing, Record, company_of, encode, event_id, is_marker, parked, run_of
from services.kernel.errors import MarkerRefused, Poison, Skipped
from services.kernel.postgres import Transaction

SERVICE = "classifier"
SOURCE = "/achats/classifier"
LATEST_MS = 32_503_679_999_999  # the end of 2999: a producer may write any time on its records
COMPANIES = 5_000  # whose rules a process remembers
DECISIONS, RETRY = topic_for(SERVICE, LineRecoded), retry_topic(SERVICE)

type Decision = LineRecoded | SupplierMerged | HoldLifted


class NatureUnknown(Poison):
    """A person gave a line a nature that this version of the rulebook does not have."""


@dataclass(frozen=True, slots=True)
class Past:
    """A rule that a company has or had, with the editions between which it held."""

    rule_id: str
    kind: str
    since_edition: int
    until_edition: int | None
    begun_by: str
    ended_by: str | None


class Decisions(Protocol):
    """What people decided, and the rules of each company, in storage. Everything raises Unavailable."""

    def transaction(self) -> AbstractContextManager[Transaction]: ...

    def keep(self, event: Event[Any], family: str | None, decided_at: str, transaction: Transaction) -> None:
        """Keep the decision for ever."""

    def alike(self, company_id: str, family: str, transaction: Transaction) -> Sequence[LineRecoded]:
        """The corrections of the family, in order, since the rule of that id last began or ended."""
        ...

    def next_edition(self, company_id: str, transaction: Transaction) -> int:
        """The edition that this transaction begins; nobody else begins one meanwhile."""
        ...

    def begin(self, company_id: str, rule: CompanyRule | Merger, edition: int, by: str, transaction: Transaction) -> None:
        """The rule holds from this edition on; the one that has its id ends."""

    def end(self, company_id: str, rule_id: str, edition: int, by: str, transaction: Transaction) -> bool:
        """The rule ends before this edition; False when none of this id held."""
        ...

    def rules(self, company_id: str, edition: int | None = None) -> CompanyRules:
        """The rules of that edition, or of the current one."""
        ...

    def editions(self, company_ids: Sequence[str]) -> Mapping[str, int]:
        """The current editions of these companies, but for those without one."""
        ...

    def history(self, company_id: str) -> Sequence[Past]:
        """Every rule the company ever had."""
        ...


class Rulebooks:
    """The rulebook of each company: the shipped one and its own rules, remembered until they change; and how they learn."""

    def __init__(self, shipped: Rulebook, decisions: Decisions) -> None:
        self.shipped, self._decisions = shipped, decisions
        self._known = OrderedDict[str, Rulebook]()

    def known(self, company_id: str) -> Rulebook | None:
        """The company's rulebook if it is remembered."""
        return self._known.get(company_id)

    def of(self, company_id: str) -> Rulebook:
        """The company's rulebook. Raises Unavailable."""
        if (remembered := self._known.get(company_id)) is not None:
            return remembered
        own = self._decisions.rules(company_id)
        rulebook = self.shipped.for_company(own) if own.edition else self.shipped
        self._known[company_id] = rulebook
        if len(self._known) > COMPANIES:
            self._known.popitem(last=False)
        return rulebook

    def refresh(self) -> None:
        """Forget the rulebooks of companies whose rules somebody else has changed. Raises Unavailable."""
        remembered = dict(self._known)
        editions = self._decisions.editions(list(remembered))
        for company_id, rulebook in remembered.items():
            if rulebook.company.edition != editions.get(company_id, 0):
                self._known.pop(company_id, None)

    def learn(self, delivery: Delivery) -> Delivery:
        """Keep the decision in the record, if there is one, and learn from it, once; refused = it cannot be kept. Raises Unavailable."""
        event = delivery.event
        if event is None or not is_decision(delivery):
            return delivery
        try:
            with self._decisions.transaction() as transaction:
                if transaction.claim(event.id):
                    self._keep(event, transaction)
        except Poison as refusal:
            return Delivery(delivery.record, None, refusal)
        self._known.pop(event.data.company_id, None)
        return delivery

    def _keep(self, event: Event[Decision], transaction: Transaction) -> None:
        data = event.data
        family = family_of(data) if isinstance(data, LineRecoded) else None
        self._decisions.keep(event, family, data.decided_at, transaction)
        match data:
            case LineRecoded():
                self._recoded(data, transaction)
            case SupplierMerged():
                merger = Merger(**data.model_dump(include=set(Merger.model_fields)))
                edition = self._decisions.next_edition(data.company_id, transaction)
                self._decisions.begin(data.company_id, merger, edition, data.by, transaction)
            case HoldLifted():  # kept; the document comes back as the next invoice.collected
                pass

    def _recoded(self, data: LineRecoded, transaction: Transaction) -> None:
        if data.nature not in self.shipped.natures:
            raise NatureUnknown(data.nature)
        alike = self._decisions.alike(data.company_id, family_of(data), transaction)
        if data.always or is_enough(alike):
            edition = self._decisions.next_edition(data.company_id, transaction)
            self._decisions.begin(data.company_id, learned(data, edition), edition, data.by, transaction)


def collected_in(delivery: Delivery) -> str | None:
    """The company whose document the record holds; None when it holds none, and no rulebook is asked for."""
    return delivery.event.data.company_id if delivery.event and isinstance(delivery.event.data, InvoiceCollected) else None


def is_decision(delivery: Delivery) -> bool:
    """Whether the record holds what a person decided."""
    return delivery.event is not None and isinstance(delivery.event.data, LineRecoded | SupplierMerged | HoldLifted)


def answer(delivery: Delivery, rulebook: Rulebook, now: str) -> tuple[Outgoing, ...]:
    """What must be sent, in this order, before the record counts as handled. `now` only dates what is parked. Raises MarkerRefused.

    `rulebook` is that of the company whose document it is.
    """
    if delivery.refusal is not None:
        return _park(delivery.record, delivery.refusal, now)
    match delivery.event:
        case Event(data=InvoiceCollected() as collected) as event:
            return (_said(classify(collected, rulebook), event, n=f"{event.id} {rulebook.version}"),)
        case Event(data=CollectionFinished() as finished) as event:
            return (_said(finished, event, n=event.id),)
        case _:
            return ()


def _said(data: EventData, cause: Event[Any], n: str) -> Outgoing:
    """Our event about what `cause` says: same run, same replay, same time, so that a repeat is the same bytes."""
    event = Event(
        id=event_id(SOURCE, data.ce_type, data.subject, n),
        source=SOURCE,
        time=cause.time,
        data=data,
        run=cause.run,
        causation_id=cause.id,
        replay_id=cause.replay_id,
        traceparent=cause.traceparent,
    )
    return encode(event, topic_for(SERVICE, type(data)))


def _park(record: Record, refusal: Poison, now: str) -> tuple[Outgoing, ...]:
    """The record as it came, to the parked topic; then, in-stream, that the run has one document less to wait for.

    Raises MarkerRefused: only an operator, who skips it or gave it back, parks a run's marker, which is no document.
    """
    kept = parked(record, refusal, SERVICE, parked_topic(SERVICE), now)
    if RecordParked.came_on(record.topic, record.headers, RETRY) == DECISIONS:  # no document: no run waits for it
        return (kept,)
    if is_marker(record, CollectionFinished):
        if isinstance(refusal, Skipped) or record.topic == RETRY:
            return (kept,)
        raise MarkerRefused(f"{record.topic}/{record.partition}/{record.offset}", refusal) from refusal
    try:
        announced = InvoiceParked(
            company_id=company_of(record) or "",
            service=SERVICE,
            reason=refusal.reason,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
        )
    except ValidationError:  # nobody can say whose record it is: there is no stream to announce it in
        return (kept,)
    return (kept, _parked_said(announced, record))


def _parked_said(announced: InvoiceParked, record: Record) -> Outgoing:
    run = run_of(record)
    event = Event(
        id=event_id(SOURCE, announced.ce_type, announced.subject, 1),
        source=SOURCE,
        time=instant(datetime.fromtimestamp(min(record.timestamp_ms, LATEST_MS) / 1000, UTC)),
        data=announced,
        run=run if run and run.seq is not None else None,
        causation_id=_header(record, "ce_id"),
        replay_id=_header(record, "ce_replayid"),
        traceparent=_header(record, "traceparent"),
    )
    return encode(event, topic_for(SERVICE, InvoiceParked))


def _header(record: Record, name: str) -> str | None:
    """The header, unless it is missing or odd: an event that carried it on would be poison itself."""
    values = [value.decode("utf-8", errors="replace") for header, value in record.headers if header == name and value is not None]
    return values[-1] if values and WORD.fullmatch(values[-1]) else None

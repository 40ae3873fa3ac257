"""What happens on each record of the collected stream: classify it, pass the run's marker on, or park what cannot be read."""

from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from schemas.collection_finished.v1 import CollectionFinished
from schemas.contract import EventData
from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.invoice_parked.v1 import InvoiceParked
from schemas.registry import parked_topic, topic_for
from services.classifier.domain.classification import classify
from services.classifier.domain.rulebook import Rulebook
from services.kernel.clock import instant
from services.kernel.envelope import WORD, Delivery, Event, Outgoing, Record, company_of, encode, event_id, is_marker, parked, run_of
from services.kernel.errors import MarkerRefused, Poison, Skipped

SERVICE = "classifier"
SOURCE = "/achats/classifier"
LATEST_MS = 32_503_679_999_999  # the end of 2999: a producer may write any time on its records


def answer(delivery: Delivery, rulebook: Rulebook, now: str) -> tuple[Outgoing, ...]:
    """What must be sent, in this order, before the record counts as handled. `now` only dates what is parked. Raises MarkerRefused."""
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

    Raises MarkerRefused: only an operator's skip parks a run's marker, which is no document.
    """
    kept = parked(record, refusal, SERVICE, parked_topic(SERVICE), now)
    if is_marker(record, CollectionFinished):
        if isinstance(refusal, Skipped):
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

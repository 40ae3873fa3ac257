"""An event and its wire form: CloudEvents 1.0, Kafka protocol binding, binary mode."""

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from schemas.contract import EventData, newest
from schemas.record_parked.v1 import RecordParked
from services.kernel.errors import ContractBroken, HeaderMissing, KeyMismatch, Poison, Skipped, TooLarge, UnknownVersion, Unreadable

type Place = tuple[str, int, int]  # topic, partition, offset
type Headers = tuple[tuple[str, bytes | None], ...]

SEQUENCE = re.compile(r"[0-9]{1,9}")
WORD = re.compile(r"[\x21-\x7e]{1,200}")
INSTANT = re.compile(r"(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])")
VALUE_MAX_BYTES = 900_000  # a topic takes a megabyte, headers included


@dataclass(frozen=True, slots=True)
class Record:
    """A record as the broker gave it: bytes untouched."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to send. The partition follows from the key (murmur2)."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class RunPosition:
    """Where an event stands in its run; the run's markers have no number."""

    run_id: str
    seq: int | None


@dataclass(frozen=True, slots=True)
class Event[T: EventData]:
    """A fact with its CloudEvents attributes. `id` is derived, so a repeat is the same event."""

    id: str
    source: str
    time: str
    data: T
    run: RunPosition | None = None
    causation_id: str | None = None
    replay_id: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record and what it turned out to be: an event, a refusal, or (neither) a type nobody here reads."""

    record: Record
    event: Event[Any] | None
    refusal: Poison | None


def event_id(source: str, ce_type: str, subject: str, n: str | int) -> str:
    """The id of the n-th event of this type about this subject: 32 hexadecimal digits of SHA-256."""
    return hashlib.sha256("\n".join([source, ce_type, subject, str(n)]).encode()).hexdigest()[:32]


def encode(event: Event[Any], topic: str) -> Outgoing:
    """The event as a record of `topic`, ready to send. Raises TooLarge."""
    data: EventData = event.data
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": event.id,
        "ce_source": event.source,
        "ce_type": data.ce_type,
        "ce_time": event.time,
        "ce_subject": data.subject,
        "ce_dataschema": data.ce_type.removeprefix("achats."),
        "ce_companyid": data.company_id or None,
        "ce_causationid": event.causation_id,
        "ce_runid": event.run.run_id if event.run else None,
        "ce_runseq": str(event.run.seq) if event.run and event.run.seq is not None else None,
        "ce_replayid": event.replay_id,
        "traceparent": event.traceparent,
        "content-type": "application/json",
    }
    headers = tuple((name, value.encode()) for name, value in attributes.items() if value is not None)
    value = data.model_dump_json().encode()
    if len(value) > VALUE_MAX_BYTES:
        raise TooLarge(data.subject, len(value))
    return Outgoing(topic, data.record_key.encode(), value, headers)


def decode(record: Record, types: Mapping[str, type[EventData]]) -> Event[Any] | None:
    """The event in a record, in its newest version; None for a type that this reader does not know, which it skips.

    Raises Poison: a header or the value is missing or unreadable, the version unknown, the contract broken, or key and company differ.
    """
    headers = _texts(record.headers)
    ce_type = _word(headers, "ce_type")
    contract = types.get(ce_type)
    if contract is None:
        if any(ce_type.rpartition(".v")[0] == known.rpartition(".v")[0] for known in types):
            raise UnknownVersion(ce_type)
        return None
    data = _parse(record.value, contract)
    if headers.get("ce_companyid", "") != data.company_id or record.key != data.record_key.encode():
        raise KeyMismatch(record.key, headers.get("ce_companyid"), data.company_id)
    named = ("ce_runid", "ce_causationid", "ce_replayid", "traceparent")
    _, cause, replay, trace = (_word(headers, name) if name in headers else None for name in named)
    said = _word(headers, "ce_id"), _word(headers, "ce_source"), _time(headers)
    return Event(*said, newest(data), run_of(record), cause, replay, trace)


def deliver(record: Record, types: Mapping[str, type[EventData]], skips: Mapping[Place, Skipped] = MappingProxyType({})) -> Delivery:
    """The record with the event in it, or with the reason why there is none; a record to skip is not even looked into."""
    skipped = skips.get((record.topic, record.partition, record.offset))
    if skipped is not None:
        return Delivery(record, None, skipped)
    try:
        return Delivery(record, decode(record, types), None)
    except Poison as refusal:
        return Delivery(record, None, refusal)


def parked(record: Record, refusal: Poison, service: str, topic: str, now: str) -> Outgoing:
    """The refused record for the parked topic: key, value and headers untouched, the reason in one more header."""
    reason = RecordParked(
        service=service,
        reason=refusal.reason,
        detail=str(refusal)[:500].replace("\x00", "\N{REPLACEMENT CHARACTER}"),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp_ms,
        parked_at=now,
    )
    return Outgoing(topic, record.key, record.value, (*record.headers, (RecordParked.header_name, reason.model_dump_json().encode())))


def run_of(record: Record) -> RunPosition | None:
    """Where the record stands in its run, from its headers alone; None when they do not say."""
    headers = _texts(record.headers)
    run_id, seq = headers.get("ce_runid", ""), headers.get("ce_runseq", "")
    return RunPosition(run_id, int(seq) if SEQUENCE.fullmatch(seq) else None) if WORD.fullmatch(run_id) else None


def is_marker(record: Record, marker: type[EventData]) -> bool:
    """Whether the record ends a run: it says so, in any version of `marker`, or it has a run, no number there, and no readable type."""
    ce_type, run = _texts(record.headers).get("ce_type", ""), run_of(record)
    if WORD.fullmatch(ce_type):
        return ce_type.startswith(marker.ce_type.rpartition(".v")[0])
    return run is not None and run.seq is None


def company_of(record: Record) -> str | None:
    """The company the record's headers name, or failing that its key; None when neither is readable."""
    named = _texts(record.headers).get("ce_companyid", ""), (record.key or b"").decode(errors="replace").partition("/")[0]
    return next(filter(WORD.fullmatch, named), None)


def _texts(headers: Headers) -> dict[str, str]:
    return {name: value.decode("utf-8", errors="replace") for name, value in headers if value is not None}


def _word(headers: Mapping[str, str], name: str) -> str:
    if not WORD.fullmatch(headers.get(name, "")):
        raise HeaderMissing(name)
    return headers[name]


def _time(headers: Mapping[str, str]) -> str:
    """An instant of RFC 3339 from 1900 to 2999, at most 14 hours from UTC: what every database takes."""
    with suppress(ValueError):  # the thirteenth month
        if INSTANT.fullmatch(text := headers.get("ce_time", "")) and datetime.fromisoformat(text):
            return text
    raise HeaderMissing("ce_time")


def _parse(value: bytes | None, contract: type[EventData]) -> EventData:
    if not value:
        raise Unreadable("no value")
    try:
        return contract.model_validate_json(value, extra="ignore")
    except ValidationError as broken:
        first = broken.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "value"
        raise (Unreadable if first["type"] == "json_invalid" else ContractBroken)(f"{where}: {first['msg']}") from None

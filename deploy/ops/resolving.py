"""What an operator does about parked records: give them back to their service, or discard them; said on the audit topic."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from confluent_kafka import Producer

from deploy.ops.parked_records import AUDIT, OPERATORS, Kept, NoBroker
from schemas.parked_resolved.v1 import ParkedResolved
from schemas.registry import retry_topic
from schemas.values import LONGEST_TEXT
from services.kernel.clock import SystemClock, instant
from services.kernel.envelope import Event, encode, event_id
from services.kernel.errors import Unavailable
from services.kernel.kafka import ACKNOWLEDGE_SECONDS, PRODUCER, KafkaSender

SOURCE = f"/achats/{OPERATORS}"
RETRIED, DISCARDED = "retried", "discarded"
DEEDS = {RETRIED: "given back", DISCARDED: "discarded"}


class Resolved(Exception):
    """Somebody has done something about this record already."""

    next_action = "Given back in vain it would be parked again, as another record of the list; give it back all the same with --again."


class Unsaid(Exception):
    """A name or a reason is empty, or too long to be kept."""

    next_action = f"Say who you are with --by and why with --why, in at most {LONGEST_TEXT} characters."


class NotGivenBack(Exception):
    """The broker did not take every record."""

    next_action = "Give the rest back once it answers: a record that it took twice is handled once."


def retry(bootstrap: str, found: Sequence[Kept], by: str, why: str | None, again: bool) -> None:
    """Give records back to their service, in the order they first came, and say so. Raises Resolved, Unsaid, NotGivenBack, NoBroker.

    `again`: also what somebody has resolved before. A record comes back as it is parked, on the partition it first came on.
    """
    who, reason = _said(by), _said(why) if why is not None else None
    if not again:
        _refuse_resolved(found)
    ordered = sorted(found, key=lambda one: one.came)
    taken = _give_back(bootstrap, ordered)
    _say(bootstrap, [one for one, is_taken in zip(ordered, taken, strict=True) if is_taken], RETRIED, who, reason)
    if not all(taken):
        raise NotGivenBack(f"{sum(taken)} of {len(taken)} records are given back.")


def discard(bootstrap: str, found: Kept, by: str, why: str) -> None:
    """Say that nobody need look at this record any more. Raises Resolved, Unsaid, NoBroker."""
    who, reason = _said(by), _said(why)
    _refuse_resolved([found])
    _say(bootstrap, [found], DISCARDED, who, reason)


def _said(words: str) -> str:
    if not 0 < len(said := words.replace("\x00", "").strip()) <= LONGEST_TEXT:
        raise Unsaid("A name or a reason is empty." if not said else f"A name or a reason has {len(said)} characters.")
    return said


def _refuse_resolved(found: Sequence[Kept]) -> None:
    for one in found:
        if (deed := one.resolved) is not None:
            place = f"{one.service} {one.record.partition} {one.record.offset}"
            raise Resolved(f"{place} was {DEEDS.get(deed.deed, deed.deed)} by {deed.by} on {deed.resolved_at}.")


def _give_back(bootstrap: str, found: Sequence[Kept]) -> list[bool]:
    """Which of these the broker has. By confluent-kafka: kafka-python sends no header without a value and no record of nulls."""
    taken = [False] * len(found)
    producer = Producer({**PRODUCER, "bootstrap.servers": bootstrap, "client.id": "achats-operators"})
    for place, one in enumerate(found):
        record, told = one.record, partial(_note, taken, place)
        target: Any = {"partition": one.came[1], "headers": list(record.headers), "on_delivery": told}
        producer.produce(retry_topic(one.service), record.value, record.key, **target)
    producer.flush(ACKNOWLEDGE_SECONDS)
    producer.purge()
    if found and not any(taken):
        raise NoBroker(f"{bootstrap} takes nothing.")
    return taken


def _note(taken: list[bool], place: int, error: object, _message: object) -> None:
    taken[place] = error is None


def _say(bootstrap: str, found: Sequence[Kept], deed: str, by: str, reason: str | None) -> None:
    now = instant(SystemClock().now())
    messages = [encode(_event(one, deed, by, reason, now), AUDIT) for one in found]
    try:
        if messages and KafkaSender(bootstrap, "achats-operators").send(messages) < len(messages):
            raise NotGivenBack("Not everything that was done could be said.")
    except Unavailable as trouble:
        raise NoBroker(f"{bootstrap}: {trouble}.") from trouble


def _event(found: Kept, deed: str, by: str, reason: str | None, now: str) -> Event[ParkedResolved]:
    service, (topic, partition, offset), attempt = found.attempt
    data = ParkedResolved(
        service=service,
        topic=topic,
        partition=partition,
        offset=offset,
        attempt=attempt,
        deed=deed,
        by=by,
        reason=reason,
        resolved_at=now,
    )
    return Event(event_id(SOURCE, data.ce_type, data.subject, f"{attempt} {now}"), SOURCE, now, data)

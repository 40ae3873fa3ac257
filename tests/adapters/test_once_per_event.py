"""Events handled once each, over memory and PostgreSQL: a repeat is dropped, poison is parked once, trouble leaves no trace."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from services.kernel.clock import SystemClock
from services.kernel.envelope import Delivery, Event, Outgoing, deliver, encode
from services.kernel.errors import Poison, Unavailable
from services.kernel.loop import OncePerEvent
from services.kernel.postgres import Transaction
from tests.adapters.schemas import Schema, drained
from tests.support.kernel import TYPES, ThingDone, headers, outgoing, record


class Echo:
    """Announces each event it handles again; `troubles` are raised first, after the announcement was written."""

    def __init__(self, *troubles: Exception) -> None:
        self.troubles = list(troubles)

    def __call__(self, event: Event[Any], transaction: Transaction) -> None:
        """Say it, then fail or not."""
        transaction.send(encode(event, "repeated"))
        transaction.write_outbox()
        if self.troubles:
            raise self.troubles.pop(0)


def handler(schema: Schema, echo: Echo) -> OncePerEvent[Transaction]:
    """The loop of a service that reads things done."""
    return OncePerEvent(schema.store, "sample", "parked", {ThingDone: echo}, SystemClock())


def deliveries(*numbers: int) -> Sequence[Delivery]:
    """The record of each thing, at the offset of its number."""
    return [deliver(record(outgoing("things", n), offset=n), TYPES) for n in numbers]


def said(schema: Schema) -> list[str]:
    """The topics of what is announced, in order."""
    return [message.topic for message in drained(schema)]


def reasons(messages: Sequence[Outgoing]) -> list[str]:
    """Why each parked record is parked."""
    return [json.loads(headers(message)["achats-parked"])["reason"] for message in messages]


def test_a_repeat_is_dropped(schema: Schema):
    """Goal: an event counts once. Case: twice in a batch, and again in a later one."""
    handle = handler(schema, Echo())
    handle(deliveries(1, 1, 2))
    handle(deliveries(2, 1))
    assert ["repeated", "repeated"] == said(schema)


def test_poison_is_parked_once_and_leaves_nothing_else(schema: Schema):
    """Goal: poison is never dropped and never blocks. Case: the second of three is refused, and comes again."""
    handle = handler(schema, Echo())
    handle(deliveries(1))
    refusing = handler(schema, Echo(Poison("not this one"), Poison("not this one")))
    refusing(deliveries(2))
    refusing(deliveries(2))
    handle(deliveries(3))
    first, parked, third = drained(schema)
    assert (outgoing("repeated", 1), outgoing("repeated", 3)) == (first, third)
    original = outgoing("things", 2)
    assert ("parked", original.key, original.value, original.headers) == (parked.topic, parked.key, parked.value, parked.headers[:-1])
    assert ["refused"] == reasons([parked])


def test_a_parked_event_can_be_given_back(schema: Schema):
    """Goal: poison is never dropped. Case: the same event at another offset, when it is poison no more: its claim went with the refusal."""
    handle = handler(schema, Echo(Poison("not now")))
    handle(deliveries(1))
    handle([deliver(record(outgoing("things", 1), offset=9), TYPES)])
    assert ["parked", "repeated"] == said(schema)


def test_an_unreadable_record_is_parked_once(schema: Schema):
    """Goal: poison never blocks. Case: a record that is no event, with a null and an empty header, three
    times, and an event behind it; another offset is another record."""
    bad = Outgoing("things", b"cmp_1", b"{", (("ce_type", b"achats.thing.done.v1"), ("odd", None), ("odd", b"")))
    handle = handler(schema, Echo())
    for offset in (1, 1, 2):
        handle([deliver(record(bad, offset), TYPES), *deliveries(3)])
    first, repeated, second = drained(schema)
    assert [("parked", bad.headers), ("parked", bad.headers)] == [(one.topic, one.headers[:-1]) for one in (first, second)]
    assert outgoing("repeated", 3) == repeated


def test_trouble_outside_leaves_no_trace(schema: Schema):
    """Goal: what was not done is done again. Case: an outside part is away after the rows were written; the batch comes again."""
    handle = handler(schema, Echo(Unavailable("Amazon")))
    with pytest.raises(Unavailable):
        handle(deliveries(1, 2))
    assert [] == said(schema)
    handle(deliveries(1, 2))
    assert ["repeated", "repeated"] == said(schema)


def test_what_nobody_foresaw_leaves_no_trace(schema: Schema):
    """Goal: unforeseen errors never commit. Case: a bug in the second of two; the restarted process handles it."""
    handle = handler(schema, Echo())
    handle(deliveries(1))
    with pytest.raises(ZeroDivisionError):
        handler(schema, Echo(ZeroDivisionError()))(deliveries(2))
    handle(deliveries(1, 2))
    assert ["repeated", "repeated"] == said(schema)

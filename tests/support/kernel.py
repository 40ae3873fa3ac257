"""An event, a record and a few outgoing messages for tests of the kernel, which knows no business word."""

from typing import ClassVar

from schemas.contract import EventData
from services.kernel.envelope import Event, Outgoing, Record, encode, event_id


class ThingDone(EventData):
    """Something happened to a company."""

    ce_type: ClassVar[str] = "achats.thing.done.v1"

    company_id: str
    words: str = ""


class ThingUndone(EventData):
    """The contrary."""

    ce_type: ClassVar[str] = "achats.thing.undone.v1"

    company_id: str


TYPES: dict[str, type[EventData]] = {ThingDone.ce_type: ThingDone, ThingUndone.ce_type: ThingUndone}
TIME = "2026-03-02T08:00:00.000000Z"


def thing(n: int, company: str = "cmp_1", words: str = "") -> Event[ThingDone]:
    """The n-th thing done to a company."""
    data = ThingDone(company_id=company, words=words)
    return Event(event_id("/test", data.ce_type, data.subject, n), "/test", TIME, data)


def outgoing(topic: str, n: int, company: str = "cmp_1") -> Outgoing:
    """The same, ready to send."""
    return encode(thing(n, company), topic)


def headers(message: Outgoing | Record) -> dict[str, bytes]:
    """Its headers by name; one that has no value counts as missing."""
    return {name: value for name, value in message.headers if value is not None}


def record(message: Outgoing, offset: int = 0, partition: int = 0) -> Record:
    """The message as a broker would give it."""
    return Record(message.topic, partition, offset, 0, message.key, message.value, message.headers)

"""Public events of one company as its topics may bring them: news, between it what must change nothing, and what is told of them."""

import json
from typing import cast

from schemas.contract import EventData
from schemas.registry import FOLDER, event_class, topics
from services.kernel.envelope import Event, Outgoing, encode, event_id

TIME = "2026-03-02T08:00:00.000000Z"
FIRST = {
    "achats.booked.v1 {}": ["invoice", "other"],
    "achats.companies.v1 {}": ["essentiel", "other"],
    "achats.invoices.v1 {}/inv-1": ["to_process", "validated", "other"],
    "achats.invoices.v1 {}/inv-2": ["to_process", "ended"],
    "achats.notified.v1 {}": ["integration_active", "other"],
}
THEN = {
    "achats.booked.v1 {}": ["credit_note"],
    "achats.companies.v1 {}": ["premium"],
    "achats.invoices.v1 {}/inv-1": ["reversed"],
    "achats.invoices.v1 {}/inv-2": ["validated"],
    "achats.notified.v1 {}": ["connection_broken"],
}


def first(company: str) -> list[Outgoing]:
    """News, and between it what must change nothing: a repeat, an unknown type, a state read again, a state that comes late."""
    of = {"company_id": company}
    booked, state = said("entry_recorded", 1, **of, type="invoice"), said("invoice_described", 1, **of, invoice_id="inv-1", version=1)
    short = said("invoice_described", 1, **of, invoice_id="inv-2", version=1)
    return [
        *(booked, booked, of_another_type(booked, "achats.entry.praised.v1")),
        said("entry_recorded", 2, **of, type="debit_note", mood="a field of a later minor version"),
        *(state, said("invoice_described", 2, **of, invoice_id="inv-1", version=2, status="validated"), state),
        said("invoice_described", 9, **of, invoice_id="inv-1", version=1, status="archived"),
        said("invoice_described", 3, **of, invoice_id="inv-1", version=3, status="disputed"),
        *(short, ended(short)),
        said("company_described", 4, **of, version=4, plan="essentiel"),
        said("company_described", 5, **of, version=5, plan="pro"),
        said("notification_sent", 1, **of, notification_id="n-1"),
        said("notification_sent", 2, **of, notification_id="n-2", kind="digest"),
    ]


def then(company: str) -> list[Outgoing]:
    """One thing new under each key, behind what was there before."""
    of = {"company_id": company}
    return [
        *first(company)[:1],
        said("entry_recorded", 3, **of, type="credit_note"),
        said("invoice_described", 4, **of, invoice_id="inv-1", version=4, status="reversed"),
        said("invoice_described", 2, **of, invoice_id="inv-2", version=2, status="validated"),
        said("company_described", 6, **of, version=6, plan="premium"),
        said("notification_sent", 3, **of, notification_id="n-3", kind="connection_broken"),
    ]


def about(expected: dict[str, list[str]], company: str) -> dict[str, list[str]]:
    """What must have been told of this company."""
    return {name.format(company): codes for name, codes in expected.items()}


def said(folder: str, n: int, /, **changed: object) -> Outgoing:
    """The typical example of an event as the n-th of its subject, these fields changed; fields its class has not are of a later version."""
    page = json.loads((FOLDER / folder / "examples" / "v1" / "typical.json").read_text(encoding="utf-8"))
    data = cast("type[EventData]", event_class(folder)).model_validate_json(json.dumps(page | _only(page, changed)))
    topic = next(one for one in topics() if any(folder in events for events in one.says.values()))
    source = f"/achats/{topic.owner}"
    sent = encode(Event(event_id(source, data.ce_type, data.subject, n), source, TIME, data), topic.name)
    return Outgoing(sent.topic, sent.key, json.dumps(json.loads(sent.value or b"") | changed).encode(), sent.headers)


def of_another_type(message: Outgoing, ce_type: str) -> Outgoing:
    """The same record with a type of event that nobody has heard of."""
    headers = {**dict(message.headers), "ce_type": ce_type.encode(), "ce_id": b"f" * 32}
    return Outgoing(message.topic, message.key, b'{"what": "never heard of"}', tuple(headers.items()))


def ended(message: Outgoing) -> Outgoing:
    """The record that ends the key of this one."""
    return Outgoing(message.topic, message.key, None, ())


def _only(page: dict[str, object], changed: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in changed.items() if name in page}

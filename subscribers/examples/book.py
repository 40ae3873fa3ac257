"""A subscriber's own book, kept by the rules for subscribers (schemas/README.md), whatever client brings the records."""

import json
import os
import sqlite3

TOPICS = ("achats.booked.v1", "achats.companies.v1", "achats.invoices.v1", "achats.notified.v1")
KNOWN = {  # the types we read, the field we look at, and its codes we know: such lists grow, so any other code is "other"
    "achats.entry.recorded.v1": ("type", {"invoice", "credit_note"}),
    "achats.invoice.described.v1": ("status", {"to_process", "validated", "reversed", "archived"}),
    "achats.company.described.v1": ("plan", {"essentiel", "premium"}),
    "achats.notification.sent.v1": ("kind", {"integration_active", "connection_broken"}),
}
LATER = """insert into state values (?, ?, ?) on conflict (name) do update set version = excluded.version, code = excluded.code
           where excluded.version > version"""

_book = sqlite3.connect(os.environ.get("BOOK", "book.sqlite"))
_book.execute("create table if not exists seen (id text primary key)")
_book.execute("create table if not exists state (name text primary key, version integer, code text)")


def take(topic: str, key: bytes, headers: dict[str, bytes], value: bytes | None) -> None:
    """One record, in one transaction; then what is new is printed. A repeat, an earlier state or an unknown type changes nothing."""
    with _book:
        code = _news(f"{topic} {key.decode()}", headers, value)
    if code is not None:
        print(topic, key.decode(), code, flush=True)


def _news(name: str, headers: dict[str, bytes], value: bytes | None) -> str | None:
    if value is None:  # a record without a value ends its key on a compacted topic
        return "ended" if _book.execute("delete from state where name = ?", (name,)).rowcount else None
    field, codes = KNOWN.get(headers["ce_type"].decode(), (None, set[str]()))
    if field is None or not _book.execute("insert or ignore into seen values (?)", (headers["ce_id"].decode(),)).rowcount:
        return None
    data = json.loads(value)  # we take the fields we name; others may come
    code = data[field] if data[field] in codes else "other"
    is_news = "version" not in data or _book.execute(LATER, (name, data["version"], code)).rowcount
    return code if is_news else None

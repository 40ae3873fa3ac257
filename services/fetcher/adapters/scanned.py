"""What a page of transactions leaves in the tables: versions by content, lines, numbers, and the orders that are wanted."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection as Session

from services.fetcher.adapters.queries import Queries
from services.fetcher.domain.amazon.collecting import Transaction, TransactionsPage
from services.fetcher.domain.identity import digest
from services.fetcher.domain.records import Kind, LineKey, Run, Scan, StatedNumber
from services.fetcher.domain.rounds import rounds
from services.fetcher.domain.routing import entity_named
from services.fetcher.domain.stating import FROM_TRANSACTIONS, KIND_OF_TRANSACTION, key_of, moved_at
from services.fetcher.domain.wanting import first_attempt
from services.fetcher.domain.windows import WEEKLY, dated_on, outside, scan_end, shown_since

QUERIES = Queries("collecting")


def keep_page(session: Session, run: Run, page: TransactionsPage, now: datetime) -> Scan:
    """Keep the page's transactions and the place where the next page starts; the last one ends the scan."""
    transactions = page.transactions or []
    for several in rounds(map(_seen, transactions), lambda seen: seen.transaction_id):
        _keep_transactions(session, run, several, now)
    names = sorted({entity_named(transaction.legal_entity_name) for transaction in transactions})
    QUERIES.run_each(session, "see_entity", [{"connection_id": run.connection_id, "name": name, "now": now} for name in names])
    astray = sum(outside(transaction, run.window_from, scan_end(run.reads_until)) for transaction in transactions)
    end = None if page.next_page_token else now
    rows = {"rows_read": len(transactions), "rows_outside": astray}
    QUERIES.run(session, "advance_scan", run_id=run.run_id, next_page_token=page.next_page_token, finished_at=end, **rows)
    if end and run.kind == WEEKLY:
        since = {"shown_since": shown_since(run.window_from), "started_at": run.started_at}
        QUERIES.run(session, "miss_transactions", connection_id=run.connection_id, now=now, **since)
    return read_scan(session, run.run_id)


def read_scan(session: Session, run_id: str) -> Scan:
    """How far a scan is that has begun."""
    row = QUERIES.row(session, "scan", run_id=run_id)
    assert row is not None, "a scan is begun before it is read"
    return Scan(**row)


def line_key(connection_id: str, key: LineKey) -> dict[str, object]:
    """A line's key as columns."""
    named = {"order_id": key.order_id, "order_line_item_id": key.order_line_item_id, "shipment_id": key.shipment_id}
    return {"connection_id": connection_id, **named}


def number_columns(connection_id: str, stated: StatedNumber) -> dict[str, object]:
    """A number as columns."""
    said = {"number": stated.number, "kind": stated.kind, "issue_date": stated.issue_date, "origin": stated.origin}
    return {**line_key(connection_id, stated.key), **said, "consolidated": stated.consolidated}


@dataclass(frozen=True, slots=True)
class _Seen:
    """A transaction of a page, under its id, with its content."""

    transaction: Transaction
    transaction_id: str
    raw: str
    content_hash: str

    @property
    def kind(self) -> Kind | None:
        """The side it moved money on."""
        return KIND_OF_TRANSACTION.get(self.transaction.transaction_type or "")

    @property
    def number(self) -> str:
        """The number it states, '' = none."""
        return (self.transaction.invoice_number or "").strip() if self.kind else ""

    @property
    def moved(self) -> dict[LineKey, datetime | None]:
        """Its lines, and when something moved on each."""
        items = self.transaction.transaction_line_items or []
        return {key: moved_at(self.transaction, item) for item in items if (key := key_of(item))}


def _seen(transaction: Transaction) -> _Seen:
    raw = json.dumps(transaction.as_published(), sort_keys=True, ensure_ascii=False)
    content_hash = digest(raw)
    return _Seen(transaction, transaction.transaction_id or f"unnamed-{content_hash[:32]}", raw, content_hash)


def _keep_transactions(session: Session, run: Run, page: Sequence[_Seen], now: datetime) -> None:
    """Transactions of different ids: a new version of what is new or changed, and what their lines say."""
    connection_id = run.connection_id
    asked = {"connection_id": connection_id, "transactions": [seen.transaction_id for seen in page]}
    known = {row["transaction_id"]: row["content_hash"] for row in QUERIES.rows(session, "current_hashes", **asked)}
    new = [seen for seen in page if known.get(seen.transaction_id) != seen.content_hash]
    _see_again(session, run, [seen for seen in page if known.get(seen.transaction_id) == seen.content_hash], now)
    QUERIES.run_each(session, "retire_transaction", [_named(connection_id, seen) for seen in new if seen.transaction_id in known])
    QUERIES.run_each(session, "put_transaction", [_version(connection_id, seen, now) for seen in new])
    _keep_lines(session, run, new, now)


def _see_again(session: Session, run: Run, same: Sequence[_Seen], now: datetime) -> None:
    """Nothing new: three statements for a page, which touch hardly a row."""
    about, orders = {"connection_id": run.connection_id}, sorted({key.order_id for seen in same for key in seen.moved})
    names = [seen.transaction_id for seen in same]
    QUERIES.run(session, "see_transactions", **about, now=now, transactions=names, weekly=run.kind == WEEKLY)
    QUERIES.run(session, "see_orders", **about, now=now, orders=orders, of_history=run.of_history)
    if not run.of_history:
        QUERIES.run(session, "share_lines", **about, orders=orders)


def _keep_lines(session: Session, run: Run, new: Sequence[_Seen], now: datetime) -> None:
    """The lines before their numbers, which stand on them; what only a migration of history sees stays its own."""
    connection_id, whose = run.connection_id, {"of_history": run.of_history}
    QUERIES.run_each(session, "put_line", [line | whose for seen in new for line in _lines(connection_id, seen, now)])
    QUERIES.run_each(session, "put_number", [number for seen in new for number in _numbers(connection_id, seen)])
    QUERIES.run_each(session, "want_order", [order | whose for seen in new for order in _orders(connection_id, seen, now)])


def _named(connection_id: str, seen: _Seen) -> dict[str, object]:
    return {"connection_id": connection_id, "transaction_id": seen.transaction_id}


def _version(connection_id: str, seen: _Seen, now: datetime) -> dict[str, object]:
    content = {"content_hash": seen.content_hash, "raw": seen.raw, "dated_on": dated_on(seen.transaction)}
    return {**_named(connection_id, seen), **content, "now": now}


def _lines(connection_id: str, seen: _Seen, now: datetime) -> list[dict[str, object]]:
    money = {"charged": seen.kind is Kind.INVOICE, "refunded": seen.kind is Kind.CREDIT_NOTE, "now": now}
    return [{**line_key(connection_id, key), **money, "moved_at": moment} for key, moment in seen.moved.items()]


def _numbers(connection_id: str, seen: _Seen) -> list[dict[str, object]]:
    if seen.kind is None or not seen.number:
        return []
    numbers = [StatedNumber(key, seen.number, seen.kind, None, FROM_TRANSACTIONS) for key in seen.moved]
    return [number_columns(connection_id, number) for number in numbers]


def _orders(connection_id: str, seen: _Seen, now: datetime) -> list[dict[str, object]]:
    moved = seen.moved
    orders = [_order(connection_id, order_id, moved, bool(seen.number), now) for order_id in dict.fromkeys(key.order_id for key in moved)]
    return [{**order, "now": now} for order in orders]


def _order(connection_id: str, order_id: str, moved: dict[LineKey, datetime | None], numbered: bool, now: datetime) -> dict[str, object]:
    """The order as it is wanted: now when its number is there, else when a day has passed since it was shipped."""
    moments: Sequence[datetime] = [moment for key, moment in moved.items() if key.order_id == order_id and moment]
    latest = max(moments, default=None)
    attempt = now if numbered else first_attempt(latest, now)
    return {"connection_id": connection_id, "order_id": order_id, "moved_at": latest, "next_attempt_at": attempt}

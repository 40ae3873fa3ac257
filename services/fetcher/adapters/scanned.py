"""What a page of transactions leaves in the tables: versions by content, lines, numbers, and the orders that are wanted."""

import json
from collections.abc import Sequence
from datetime import datetime

from psycopg import Connection as Session

from services.fetcher.adapters.queries import Queries
from services.fetcher.domain.amazon.collecting import Transaction, TransactionsPage
from services.fetcher.domain.identity import digest
from services.fetcher.domain.records import Kind, LineKey, Run, Scan, StatedNumber
from services.fetcher.domain.routing import entity_named
from services.fetcher.domain.stating import FROM_TRANSACTIONS, KIND_OF_TRANSACTION, key_of, moved_at
from services.fetcher.domain.wanting import first_attempt
from services.fetcher.domain.windows import WEEKLY, dated_on, outside, scan_end, shown_since

QUERIES = Queries("collection.sql")


def keep_page(session: Session, run: Run, page: TransactionsPage, now: datetime) -> Scan:
    """Keep the page's transactions and the place where the next page starts; the last one ends the scan."""
    transactions = page.transactions or []
    for transaction in transactions:
        _keep_transaction(session, run, transaction, now)
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


def _keep_transaction(session: Session, run: Run, transaction: Transaction, now: datetime) -> None:
    raw = json.dumps(transaction.as_published(), sort_keys=True, ensure_ascii=False)
    content_hash = digest(raw)
    about = {"connection_id": run.connection_id, "transaction_id": transaction.transaction_id or f"unnamed-{content_hash[:32]}"}
    changed = QUERIES.value(session, "current_hash", **about) != content_hash
    if changed:
        QUERIES.run(session, "retire_transaction", **about)
        QUERIES.run(session, "put_transaction", **about, content_hash=content_hash, raw=raw, dated_on=dated_on(transaction), now=now)
    else:
        QUERIES.run(session, "see_transaction", **about, now=now)
    _keep_lines(session, run, transaction, changed, now)


def _keep_lines(session: Session, run: Run, transaction: Transaction, changed: bool, now: datetime) -> None:
    connection_id, told = run.connection_id, {"changed": changed, "of_history": run.of_history, "now": now}
    kind = KIND_OF_TRANSACTION.get(transaction.transaction_type or "")
    items = transaction.transaction_line_items or []
    moved = {key: moved_at(transaction, item) for item in items if (key := key_of(item))}
    money = {"charged": kind is Kind.INVOICE, "refunded": kind is Kind.CREDIT_NOTE, **told}
    QUERIES.run_each(session, "see_line", [{**line_key(connection_id, key), **money, "moved_at": moment} for key, moment in moved.items()])
    number = (transaction.invoice_number or "").strip() if kind else ""
    if kind is not None and number:
        numbers = [StatedNumber(key, number, kind, None, FROM_TRANSACTIONS) for key in moved]
        QUERIES.run_each(session, "put_number", [number_columns(connection_id, one) for one in numbers])
    wanted = [_order(connection_id, order_id, moved, bool(number), now) for order_id in dict.fromkeys(key.order_id for key in moved)]
    QUERIES.run_each(session, "want_order", [{**order, **told} for order in wanted])


def _order(connection_id: str, order_id: str, moved: dict[LineKey, datetime | None], numbered: bool, now: datetime) -> dict[str, object]:
    """The order as it is wanted: now when its number is there, else when a day has passed since it was shipped."""
    moments: Sequence[datetime] = [moment for key, moment in moved.items() if key.order_id == order_id and moment]
    latest = max(moments, default=None)
    attempt = now if numbered else first_attempt(latest, now)
    return {"connection_id": connection_id, "order_id": order_id, "moved_at": latest, "next_attempt_at": attempt}

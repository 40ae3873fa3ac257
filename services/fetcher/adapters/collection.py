"""What a run has done so far, in PostgreSQL: pages, lines, numbers, reports, documents."""

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime

from psycopg import Connection as Session

from schemas.invoice_collected.v1 import Evidence
from schemas.values import DocumentRef
from services.fetcher.adapters.queries import Queries, Row
from services.fetcher.adapters.saying import PostgresBook, stated_number
from services.fetcher.domain.amazon.collecting import Transaction, TransactionsPage
from services.fetcher.domain.identity import digest
from services.fetcher.domain.records import Dossier, Kind, LineKey, OrderLine, Paper, Report, ReportState, Run, Scan, StatedNumber
from services.fetcher.domain.routing import entity_named
from services.fetcher.domain.stating import FROM_TRANSACTIONS, KIND_OF_TRANSACTION, key_of
from services.kernel.postgres import PostgresStore

QUERIES = Queries("collection.sql")
MEDIA_TYPE = "application/pdf"


class PostgresProgress:
    """The progress of runs, kept in the fetcher's tables; each method is one transaction."""

    def __init__(self, store: PostgresStore) -> None:
        """Uses the store's schema."""
        self._store = store

    def run(self, run_id: str) -> Run:
        """One run. Raises LookupError."""
        with self._store.connection() as session:
            row = QUERIES.row(session, "run", run_id=run_id)
        if row is None:
            raise LookupError(run_id)
        return Run(**row)

    def scan(self, run_id: str) -> Scan:
        """How far the run's scan is."""
        with self._store.connection() as session:
            QUERIES.run(session, "begin_scan", run_id=run_id)
            return _scan(session, run_id)

    def restart_scan(self, run: Run) -> Scan:
        """Begin the window again: what was read is read again and changes nothing."""
        with self._store.connection() as session:
            QUERIES.run(session, "restart_scan", run_id=run.run_id)
            return _scan(session, run.run_id)

    def keep_page(self, run: Run, page: TransactionsPage, now: datetime) -> Scan:
        """The page's transactions and the place where the next page starts."""
        transactions = page.transactions or []
        with self._store.connection() as session:
            for transaction in transactions:
                _keep_transaction(session, run.connection_id, transaction, now)
            names = sorted({entity_named(transaction.legal_entity_name) for transaction in transactions})
            QUERIES.run_each(session, "see_entity", [{"connection_id": run.connection_id, "name": name, "now": now} for name in names])
            end = None if page.next_page_token else now
            values = {"next_page_token": page.next_page_token, "rows_read": len(transactions), "finished_at": end}
            QUERIES.run(session, "advance_scan", run_id=run.run_id, **values)
            return _scan(session, run.run_id)

    def lines_to_ask(self, run: Run, limit: int) -> Sequence[LineKey]:
        """Lines whose number is to be asked, once per run."""
        with self._store.connection() as session:
            rows = QUERIES.rows(session, "lines_to_ask", connection_id=run.connection_id, started_at=run.started_at, limit=limit)
        return [LineKey(**row) for row in rows]

    def keep_numbers(
        self, run: Run, asked: Sequence[LineKey], numbers: Sequence[StatedNumber], pending: Sequence[LineKey], now: datetime
    ) -> None:
        """What Amazon answered about the lines that were asked."""
        with self._store.connection() as session:
            marks = [{**_key(run.connection_id, key), "pending": key in pending, "now": now} for key in asked]
            QUERIES.run_each(session, "mark_asked", marks)
            QUERIES.run_each(session, "put_number", [_number(run.connection_id, number) for number in numbers])

    def orders_to_request(self, run: Run) -> Sequence[str]:
        """Orders that may have a document not seen yet."""
        values = {"connection_id": run.connection_id, "run_id": run.run_id, "started_at": run.started_at}
        with self._store.connection() as session:
            return [row["order_id"] for row in QUERIES.rows(session, "orders_to_request", **values)]

    def keep_report(self, run: Run, report: Report) -> None:
        """A report as it stands."""
        with self._store.connection() as session:
            _keep_report(session, run, report)

    def next_report(self, run: Run, state: ReportState) -> Report | None:
        """The report of that state whose turn comes first."""
        with self._store.connection() as session:
            row = QUERIES.row(session, "next_report", run_id=run.run_id, state=state)
        return Report(**row) if row else None

    def keep_papers(self, run: Run, report: Report, payload_sha256: str, papers: Sequence[Paper], now: datetime) -> None:
        """The documents a report brought, and the report's end."""
        with self._store.connection() as session:
            for paper in papers:
                document = _document(run.connection_id, paper)
                QUERIES.run(session, "put_document", **document, payload_sha256=payload_sha256, now=now)
                came_for = {"sha256": paper.document.sha256, "order_id": report.order_id}
                QUERIES.run(session, "put_document_order", connection_id=run.connection_id, **came_for)
            QUERIES.run(session, "put_payload", report_id=report.report_id, payload_sha256=payload_sha256)
            _keep_report(session, run, report)

    def orders_seen(self, run: Run) -> Sequence[str]:
        """The orders of the run's scan."""
        values = {"connection_id": run.connection_id, "started_at": run.started_at}
        with self._store.connection() as session:
            return [row["order_id"] for row in QUERIES.rows(session, "orders_seen", **values)]

    def dossier(self, run: Run, order_id: str) -> Dossier:
        """Everything known of an order."""
        about = {"connection_id": run.connection_id, "order_id": order_id}
        with self._store.connection() as session:
            return Dossier(
                order_id,
                tuple(_line(row) for row in QUERIES.rows(session, "lines_of_order", **about)),
                tuple(stated_number(row) for row in QUERIES.rows(session, "numbers_of_order", **about)),
                tuple(_paper(row) for row in QUERIES.rows(session, "papers_of_order", **about)),
                QUERIES.value(session, "last_report_state", **about) in (ReportState.FAILED, ReportState.LOST),
            )

    @contextmanager
    def writing(self, run_id: str) -> Generator[PostgresBook]:
        """One transaction that may say something in the run, which it locks."""
        with self._store.transaction() as transaction:
            yield PostgresBook(transaction, run_id)


def _scan(session: Session, run_id: str) -> Scan:
    row = QUERIES.row(session, "scan", run_id=run_id)
    assert row is not None, "a scan is begun before it is read"
    return Scan(**row)


def _keep_transaction(session: Session, connection_id: str, transaction: Transaction, now: datetime) -> None:
    raw = json.dumps(transaction.as_published(), sort_keys=True, ensure_ascii=False)
    content_hash = digest(raw)
    about = {"connection_id": connection_id, "transaction_id": transaction.transaction_id or f"unnamed-{content_hash[:32]}"}
    changed = QUERIES.value(session, "current_hash", **about) != content_hash
    if changed:
        QUERIES.run(session, "retire_transaction", **about)
        QUERIES.run(session, "put_transaction", **about, content_hash=content_hash, raw=raw, now=now)
    else:
        QUERIES.run(session, "see_transaction", **about, now=now)
    _keep_lines(session, connection_id, transaction, changed, now)


def _keep_lines(session: Session, connection_id: str, transaction: Transaction, changed: bool, now: datetime) -> None:
    kind = KIND_OF_TRANSACTION.get(transaction.transaction_type or "")
    keys = list(dict.fromkeys(key for item in transaction.transaction_line_items or [] if (key := key_of(item))))
    money = {"charged": kind is Kind.INVOICE, "refunded": kind is Kind.CREDIT_NOTE, "changed": changed, "now": now}
    QUERIES.run_each(session, "see_line", [{**_key(connection_id, key), **money} for key in keys])
    if kind is not None and transaction.invoice_number:
        numbers = [StatedNumber(key, transaction.invoice_number.strip(), kind, None, FROM_TRANSACTIONS) for key in keys]
        QUERIES.run_each(session, "put_number", [_number(connection_id, number) for number in numbers])


def _keep_report(session: Session, run: Run, report: Report) -> None:
    values = {name: getattr(report, name) for name in Report.__slots__}
    QUERIES.run(session, "put_report", run_id=run.run_id, connection_id=run.connection_id, **values)


def _key(connection_id: str, key: LineKey) -> dict[str, object]:
    named = {"order_id": key.order_id, "order_line_item_id": key.order_line_item_id, "shipment_id": key.shipment_id}
    return {"connection_id": connection_id, **named}


def _number(connection_id: str, stated: StatedNumber) -> dict[str, object]:
    said = {"number": stated.number, "kind": stated.kind, "issue_date": stated.issue_date, "origin": stated.origin}
    return {**_key(connection_id, stated.key), **said}


def _document(connection_id: str, paper: Paper) -> dict[str, object]:
    number = paper.evidence.number
    return {
        "connection_id": connection_id,
        "sha256": paper.document.sha256,
        "size_bytes": paper.document.size_bytes,
        "object_key": paper.document.object_key,
        "number": number.value.strip() if number else None,
        "evidence": paper.evidence.model_dump_json(),
    }


def _line(row: Row) -> OrderLine:
    key = LineKey(row["order_id"], row["order_line_item_id"], row["shipment_id"])
    return OrderLine(key, row["charged"], row["refunded"], row["pending"])


def _paper(row: Row) -> Paper:
    document = DocumentRef(sha256=row["sha256"], size_bytes=row["size_bytes"], media_type=MEDIA_TYPE, object_key=row["object_key"])
    return Paper(document, Evidence.model_validate_json(row["evidence"]))

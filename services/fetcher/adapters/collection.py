"""What a run has done so far, in PostgreSQL: pages, lines, numbers, reports, documents, and what waits."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime

from psycopg import Connection as Session

from schemas.invoice_collected.v1 import Evidence
from schemas.values import DocumentRef
from services.fetcher.adapters.queries import Queries, Row
from services.fetcher.adapters.saying import PostgresBook, keep_wanted, stated_number
from services.fetcher.adapters.scanned import keep_page, line_key, number_columns, read_scan
from services.fetcher.domain.amazon.collecting import TransactionsPage
from services.fetcher.domain.dossier import Dossier
from services.fetcher.domain.records import LineKey, OrderLine, Paper, Report, ReportState, Run, Scan, StatedNumber
from services.fetcher.domain.waiting import Wait, Waiting
from services.fetcher.domain.wanting import Wanted, after_end, ask_again_at
from services.kernel.postgres import PostgresStore

QUERIES = Queries("collection.sql")
MEDIA_TYPE = "application/pdf"
MOST_WAITS = 1000
"""As many things that wait as a page shows."""


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
            return read_scan(session, run_id)

    def restart_scan(self, run: Run) -> Scan:
        """Begin the window again: what was read is read again and changes nothing."""
        with self._store.connection() as session:
            QUERIES.run(session, "restart_scan", run_id=run.run_id)
            return read_scan(session, run.run_id)

    def keep_page(self, run: Run, page: TransactionsPage, now: datetime) -> Scan:
        """The page's transactions and the place where the next page starts."""
        with self._store.connection() as session:
            return keep_page(session, run, page, now)

    def lines_to_ask(self, run: Run, now: datetime, limit: int) -> Sequence[OrderLine]:
        """Lines whose number is to be asked now."""
        values = {"connection_id": run.connection_id, "of_history": run.of_history, "now": now, "limit": limit}
        with self._store.connection() as session:
            return [_line(row) for row in QUERIES.rows(session, "lines_to_ask", **values)]

    def keep_numbers(
        self, run: Run, asked: Sequence[OrderLine], numbers: Sequence[StatedNumber], pending: Sequence[LineKey], now: datetime
    ) -> None:
        """What Amazon answered about the lines that were asked; what has a number now is wanted now."""
        about, orders = {"connection_id": run.connection_id}, sorted({line.key.order_id for line in asked})
        with self._store.connection() as session:
            rows = QUERIES.rows(session, "numbers_of_orders", **about, orders=orders)
            known = {(row["order_id"], row["number"], row["kind"]) for row in rows}
            QUERIES.run_each(session, "mark_asked", [_mark(run.connection_id, line, line.key in pending, now) for line in asked])
            QUERIES.run_each(session, "put_number", [number_columns(run.connection_id, number) for number in numbers])
            QUERIES.run(session, "touch", **about, orders=orders, now=now)
            new = [number for number in numbers if (number.key.order_id, number.number, number.kind) not in known]
            _want(session, run, new, {line.key: line.moved_at for line in asked}, now)

    def next_wanted(self, run: Run, now: datetime) -> Wanted | None:
        """What is to be requested now, and is not under way."""
        with self._store.connection() as session:
            row = QUERIES.row(session, "next_wanted", connection_id=run.connection_id, of_history=run.of_history, now=now)
        return _wanted(row) if row else None

    def keep_wanted(self, run: Run, before: Wanted, after: Wanted, now: datetime) -> None:
        """How far the ladder of what is wanted is, unless somebody moved it meanwhile."""
        with self._store.connection() as session:
            keep_wanted(session, run.connection_id, before, after, now)

    def keep_reports(self, run: Run, reports: Sequence[Report], now: datetime, trouble: Waiting | None = None) -> None:
        """Reports as they stand; what one was for takes its next rung when it has ended."""
        with self._store.connection() as session:
            for report in reports:
                _keep_report(session, run, report, trouble, now)

    def next_reports(self, run: Run, state: ReportState, limit: int = 1) -> Sequence[Report]:
        """The connection's reports of that state whose turns come first, of whichever run."""
        values = {"connection_id": run.connection_id, "state": state, "limit": limit}
        with self._store.connection() as session:
            return [Report(**row) for row in QUERIES.rows(session, "next_reports", **values)]

    def keep_papers(self, run: Run, report: Report, payload_sha256: str, papers: Sequence[Paper], now: datetime) -> None:
        """The documents a report brought, and the report's end."""
        about = {"connection_id": run.connection_id}
        with self._store.connection() as session:
            came_for = [report.order_id] if not report.number else _orders_of_number(session, run.connection_id, report.number)
            for paper in papers:
                QUERIES.run(session, "put_document", **_document(run.connection_id, paper), payload_sha256=payload_sha256, now=now)
                for order_id in came_for:
                    QUERIES.run(session, "put_document_order", **about, sha256=paper.document.sha256, order_id=order_id)
            QUERIES.run(session, "put_payload", report_id=report.report_id, payload_sha256=payload_sha256)
            _keep_report(session, run, report, None, now)

    def orders_touched(self, run: Run, after: str, limit: int) -> Sequence[str]:
        """The orders about which anything came in during the run, a few at a time."""
        about = {"connection_id": run.connection_id, "started_at": run.started_at, "of_history": run.of_history}
        with self._store.connection() as session:
            return [row["order_id"] for row in QUERIES.rows(session, "orders_touched", **about, after=after, limit=limit)]

    def dossier(self, run: Run, order_id: str) -> Dossier:
        """Everything known of an order."""
        about = {"connection_id": run.connection_id, "order_id": order_id}
        with self._store.connection() as session:
            return Dossier(
                order_id,
                tuple(_line(row) for row in QUERIES.rows(session, "lines_of_order", **about)),
                tuple(stated_number(row) for row in QUERIES.rows(session, "numbers_of_order", **about)),
                tuple(_paper(row) for row in QUERIES.rows(session, "papers_of_order", **about)),
                tuple(_wanted(row) for row in QUERIES.rows(session, "wants_of_order", **about)),
                tuple(_wait(row) for row in QUERIES.rows(session, "waits_of_order", **about)),
            )

    def waiting(self, connection_id: str) -> Sequence[Wait]:
        """What waits of a connection, oldest first, as many as a page shows."""
        with self._store.connection() as session:
            return [_wait(row) for row in QUERIES.rows(session, "waiting", connection_id=connection_id, limit=MOST_WAITS)]

    @contextmanager
    def writing(self, run_id: str) -> Generator[PostgresBook]:
        """One transaction that may say something in the run, which it locks."""
        with self._store.transaction() as transaction:
            yield PostgresBook(transaction, run_id)


def _want(session: Session, run: Run, new: Sequence[StatedNumber], moved: dict[LineKey, datetime], now: datetime) -> None:
    """Each new number's order, or the number itself when it is a consolidated one."""
    about = {"connection_id": run.connection_id, "now": now}
    orders = sorted({number.key.order_id for number in new if not number.consolidated})
    numbers = {number.number: moved[number.key] for number in new if number.consolidated}
    QUERIES.run_each(session, "hasten", [{**about, "order_id": order_id} for order_id in orders])
    wanted = [{**about, "number": number, "moved_at": moment, "of_history": run.of_history} for number, moment in sorted(numbers.items())]
    QUERIES.run_each(session, "want_number", wanted)


def _keep_report(session: Session, run: Run, report: Report, trouble: Waiting | None, now: datetime) -> None:
    values = {name: getattr(report, name) for name in Report.__slots__}
    QUERIES.run(session, "put_report", run_id=run.run_id, connection_id=run.connection_id, **values)
    if not report.ended:
        return
    row = QUERIES.row(session, "wanted", connection_id=run.connection_id, order_id=report.order_id, number=report.number)
    if row:
        before = _wanted(row)
        keep_wanted(session, run.connection_id, before, after_end(before, report.state, trouble, now), now)
    if report.number:
        touched = _orders_of_number(session, run.connection_id, report.number)
        QUERIES.run(session, "touch", connection_id=run.connection_id, orders=touched, now=now)


def _orders_of_number(session: Session, connection_id: str, number: str) -> list[str]:
    return [row["order_id"] for row in QUERIES.rows(session, "orders_of_number", connection_id=connection_id, number=number)]


def _mark(connection_id: str, line: OrderLine, pending: bool, now: datetime) -> dict[str, object]:
    return {**line_key(connection_id, line.key), "pending": pending, "ask_at": ask_again_at(line.moved_at, pending, now), "now": now}


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
    return OrderLine(key, row["charged"], row["refunded"], row["pending"], row["moved_at"], row["ask_at"])


def _paper(row: Row) -> Paper:
    document = DocumentRef(sha256=row["sha256"], size_bytes=row["size_bytes"], media_type=MEDIA_TYPE, object_key=row["object_key"])
    return Paper(document, Evidence.model_validate_json(row["evidence"]))


def _wanted(row: Row) -> Wanted:
    trouble = Waiting(row["trouble"]) if row["trouble"] else None
    return Wanted(row["order_id"], row["number"], row["moved_at"], row["failures"], trouble, row["next_attempt_at"])


def _wait(row: Row) -> Wait:
    return Wait(row["order_id"], row["number"], Waiting(row["reason"]), row["since"], row["next_attempt_at"])

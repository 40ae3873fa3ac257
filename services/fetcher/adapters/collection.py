"""What a run has done so far, in PostgreSQL: pages, lines, numbers, reports, documents, and what waits."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from psycopg import Connection as Session

from services.fetcher.adapters.dossiers import line_of, read_dossiers, wait_of
from services.fetcher.adapters.queries import Queries
from services.fetcher.adapters.reported import keep_outcomes
from services.fetcher.adapters.saying import PostgresBook, keep_wanted, wanted_of
from services.fetcher.adapters.scanned import keep_page, line_key, number_columns, read_scan
from services.fetcher.domain.amazon.collecting import TransactionsPage
from services.fetcher.domain.dossier import Dossier
from services.fetcher.domain.records import LineKey, OrderLine, Report, ReportState, Run, Scan, StatedNumber
from services.fetcher.domain.reports import Outcome
from services.fetcher.domain.waiting import Wait
from services.fetcher.domain.wanting import Wanted, ask_again_at
from services.kernel.postgres import PostgresStore

QUERIES = Queries("collecting")
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
            return [line_of(row) for row in QUERIES.rows(session, "lines_to_ask", **values)]

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
            unseen = [number for number in numbers if (number.key.order_id, number.number, number.kind) not in known]
            new = [*unseen, *(number for number in numbers if number.consolidated)]  # a payment may have told it, but not how to ask for it
            _want(session, run, new, {line.key: line.moved_at for line in asked}, now)

    def next_wanted(self, run: Run, now: datetime, limit: int = 1) -> Sequence[Wanted]:
        """What is to be requested now, and is not under way."""
        values = {"connection_id": run.connection_id, "of_history": run.of_history, "now": now, "limit": limit}
        with self._store.connection() as session:
            return [wanted_of(row) for row in QUERIES.rows(session, "next_wanted", **values)]

    def keep_wanted(self, run: Run, moved: Sequence[tuple[Wanted, Wanted]], now: datetime) -> None:
        """How far ladders are, each before and after, unless somebody moved one meanwhile."""
        with self._store.connection() as session:
            keep_wanted(session, run.connection_id, moved, now)

    def keep_outcomes(self, run: Run, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Reports as they stand, with the documents they brought; what one was for takes its next rung when it has ended."""
        with self._store.connection() as session:
            keep_outcomes(session, run, outcomes, now)

    def next_reports(self, run: Run, state: ReportState, limit: int = 1) -> Sequence[Report]:
        """The connection's reports of that state whose turns come first, of whichever run."""
        values = {"connection_id": run.connection_id, "state": state, "limit": limit}
        with self._store.connection() as session:
            return [Report(**row) for row in QUERIES.rows(session, "next_reports", **values)]

    def orders_to_look_at(self, run: Run, after: str, limit: int) -> Mapping[str, int]:
        """The orders with news, and those seen in the run of which something waits, a few at a time, each with how much came in."""
        about = {"connection_id": run.connection_id, "started_at": run.started_at, "of_history": run.of_history}
        with self._store.connection() as session:
            rows = QUERIES.rows(session, "orders_to_look_at", **about, after=after, limit=limit)
        return {row["order_id"]: row["news"] for row in rows}

    def dossiers(self, run: Run, orders: Sequence[str]) -> Sequence[Dossier]:
        """Everything known of each of these orders."""
        with self._store.connection() as session:
            return read_dossiers(session, run.connection_id, orders)

    def waiting(self, connection_id: str) -> Sequence[Wait]:
        """What waits of a connection, oldest first, as many as a page shows."""
        with self._store.connection() as session:
            return [wait_of(row) for row in QUERIES.rows(session, "waiting", connection_id=connection_id, limit=MOST_WAITS)]

    @contextmanager
    def writing(self, run_id: str) -> Generator[PostgresBook]:
        """One transaction that may say something in the run, which it locks."""
        with self._store.transaction() as transaction:
            yield PostgresBook(transaction, run_id)


def _want(session: Session, run: Run, new: Sequence[StatedNumber], moved: dict[LineKey, datetime], now: datetime) -> None:
    """Each new number's order, or the number itself when it is a consolidated one; and the numbers of the lines beside its own."""
    about = {"connection_id": run.connection_id, "now": now}
    orders = sorted({number.key.order_id for number in new if not number.consolidated})
    numbers = {number.number: (number.kind, moved[number.key]) for number in new if number.consolidated}
    QUERIES.run_each(session, "hasten", [{**about, "order_id": order_id} for order_id in orders])
    wanted = [
        {**about, "number": number, "kind": kind, "moved_at": moment, "of_history": run.of_history}
        for number, (kind, moment) in sorted(numbers.items())
    ]
    QUERIES.run_each(session, "want_number", wanted)
    shipments = sorted({(number.key.order_id, number.key.shipment_id) for number in new})
    about |= {"started_at": run.started_at}
    QUERIES.run_each(session, "ask_neighbours", [{**about, "order_id": order, "shipment_id": shipment} for order, shipment in shipments])


def _mark(connection_id: str, line: OrderLine, pending: bool, now: datetime) -> dict[str, object]:
    return {**line_key(connection_id, line.key), "pending": pending, "ask_at": ask_again_at(line.moved_at, pending, now), "now": now}

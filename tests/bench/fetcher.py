"""`make bench-fetcher`: documents a process collects in a second without Amazon's limits, its memory, and calls a day with them.

Real PostgreSQL, object store and PDF reader; the account is made up in this process, so that nothing but the fetcher is measured.
"""

import logging
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
from fpdf import FPDF

from schemas.invoice_collected.v1 import Evidence
from services.fetcher.adapters.announcing import SERVICE
from services.fetcher.adapters.documents import DocumentShelf
from services.fetcher.adapters.reader_apart import ReaderApart
from services.fetcher.domain.amazon.collecting import InvoiceDetailsOfLine, Report, ReportsPage, TransactionsPage
from services.fetcher.domain.pace import PUBLISHED, Bucket, Operation
from services.fetcher.domain.records import LineKey, Run
from services.fetcher.handler import Collect
from services.fetcher.main import MIGRATIONS
from services.fetcher.stages.ports import NotCollecting
from services.kernel.clock import Clock
from services.kernel.migrate import migrate
from tests.adapters.fetcher_bench import Bench, memory_bench, real_bench
from tests.integration.fetcher.scripted import charge, detail
from tests.simulation.memory.shelf import MemoryShelf
from tests.support.local import new_database, session_postgres
from tests.unit.fetcher.known import evidence

PAGE = 100
TAKES = timedelta(seconds=45)
BUDGET = {"getTransactions": 293, "getInvoiceDetailsByOrderLineItems": 48, "createReport": 665, "getReport": 1663, "getReportDocument": 665}
"""Amazon Business API §12.5, 500 orders a day of 1.3 documents and 2 lines in a window of 45 days; here an order has one of each."""


class Account:
    """Orders of one line and one document each, made as they are asked for: the account itself holds nothing."""

    def __init__(self, orders: int, clock: Clock, limited: bool) -> None:
        self.orders, self.calls, self._clock = orders, Counter[str](), clock
        self._buckets = {operation: Bucket(allowance, clock.now()) for operation, allowance in PUBLISHED.items()} if limited else {}
        self._asked = dict[str, datetime]()

    def open(self, run: Run) -> "Account":
        """There is one."""
        return self

    def lost(self, run: Run, why: NotCollecting) -> None:
        """Never."""

    def wait_seconds(self, operation: Operation) -> float:
        """By the published limits, or never."""
        return self._buckets[operation].wait_seconds(self._clock.now()) if self._buckets else 0.0

    def transactions(self, since: date, until: datetime, page_token: str | None) -> TransactionsPage:
        """A page of a hundred."""
        self._take(Operation.GET_TRANSACTIONS)
        start = int(page_token or "0")
        end = min(start + PAGE, self.orders)
        charges = [charge(f"L{number}", order(number)) for number in range(start, end)]
        return TransactionsPage.model_validate({"transactions": charges, "nextPageToken": str(end) if end < self.orders else None})

    def invoice_details(self, lines: Sequence[LineKey]) -> Sequence[InvoiceDetailsOfLine]:
        """Each line's number."""
        self._take(Operation.GET_INVOICE_DETAILS)
        answers: list[dict[str, Any]] = [
            {
                "orderLineItem": {"orderId": line.order_id, "orderLineItemId": line.order_line_item_id, "shipmentId": line.shipment_id},
                "invoiceDetails": [detail(f"FR-{line.order_line_item_id}")],
            }
            for line in lines
        ]
        return [InvoiceDetailsOfLine.model_validate(answer) for answer in answers]

    def create_report(self, order_id: str, number: str) -> str:
        """Named after its order."""
        self._take(Operation.CREATE_REPORT)
        self._asked[order_id] = self._clock.now()
        return order_id

    def ended_reports(self, since: datetime, page_token: str | None) -> ReportsPage:
        """A page of a hundred that have ended and were not listed before."""
        self._take(Operation.GET_REPORTS)
        ended = [self._report(order_id) for order_id in list(self._asked)[:PAGE] if self._is_done(order_id)]
        for report in ended:
            del self._asked[report.report_id]
        return ReportsPage(reports=ended, next_token="more" if len(ended) == PAGE else None)

    def report(self, report_id: str) -> Report:
        """Done after a while; at once without limits."""
        self._take(Operation.GET_REPORT)
        done = self._is_done(report_id)
        if done:
            self._asked.pop(report_id, None)
        return self._report(report_id) if done else Report(report_id=report_id, processing_status="IN_PROGRESS")

    def payload(self, report_document_id: str) -> bytes:
        """A page of one invoice."""
        self._take(Operation.GET_REPORT_DOCUMENT)
        return pdf(int(report_document_id.split("-")[1]))

    def _report(self, order_id: str) -> Report:
        return Report(report_id=order_id, processing_status="DONE", report_document_id=order_id)

    def _is_done(self, order_id: str) -> bool:
        return not self._buckets or self._clock.now() >= self._asked[order_id] + TAKES

    def _take(self, operation: Operation) -> None:
        self.calls[operation] += 1
        if self._buckets:
            self._clock.sleep(self.wait_seconds(operation))
            self._buckets[operation].take(self._clock.now())


class NameReader:
    """Reads nothing but the number: what the rest of the fetcher takes."""

    def read(self, data: bytes) -> Evidence:
        """The number that stands behind `%%`."""
        return evidence(data.rpartition(b"%%")[2].decode())


def order(number: int) -> str:
    """The n-th order."""
    return f"171-{number:07}-0000001"


def pdf(number: int) -> bytes:
    """A page of text that bears a number; the bytes behind its end make it a file of its own."""
    return _page(number) + f"%%FR-L{number}".encode()


def _page(number: int) -> bytes:
    page = FPDF()
    page.add_page()
    page.set_font("Helvetica", size=10)
    for words in ("Facture", f"Numéro de la facture FR-L{number}", "Date de la facture 12/11/2026", "Total TTC 12,00 EUR"):
        page.cell(text=words, new_x="LMARGIN", new_y="NEXT")
    return bytes(page.output())


def collected_per_second(orders: int, reading: bool) -> tuple[float, float]:
    """Documents in a second, and megabytes the process grew by."""
    with TemporaryDirectory() as folder, session_postgres() as server, new_database(server) as url:
        migrate(url, SERVICE, MIGRATIONS, with_outbox=True)
        with real_bench(url) as bench:
            before, began = _megabytes(), time.perf_counter()
            run = bench.connect()
            shelf = DocumentShelf(f"file://{Path(folder)}/documents")
            _collect(bench, Account(orders, bench.clock, limited=False), run, shelf, ReaderApart() if reading else NameReader())
            return bench.progress.run(run.run_id).emitted / (time.perf_counter() - began), _megabytes() - before


def calls_of_a_day(orders: int) -> tuple[Counter[str], timedelta]:
    """What a run of so many orders asks under the published limits, and how long it takes on the virtual clock."""
    with memory_bench() as bench:
        account, began = Account(orders, bench.clock, limited=True), bench.clock.now()
        _collect(bench, account, bench.connect(), MemoryShelf({}), NameReader())
        return account.calls, bench.clock.now() - began


def _collect(bench: Bench, account: Account, run: Run, shelf: Any, reader: Any) -> None:
    Collect(bench.progress, account, shelf, reader, bench.clock, lambda: None)(run.run_id)
    said = bench.progress.run(run.run_id).emitted
    assert account.orders == said, f"{said} of {account.orders} were said"


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(orders: int) -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for reading in (False, True):
        for many in (orders // 4, orders):
            rate, grown = collected_per_second(many, reading)
            print(f"{many} documents, {'read' if reading else 'not read'}: {rate:.0f} a second, {grown:.0f} MB more")
    calls, took = calls_of_a_day(orders)
    print(f"{orders} orders under the published limits: {dict(calls)} in {took}; budget for 500 orders: {BUDGET}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)

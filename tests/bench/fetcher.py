"""`make bench-fetcher`: documents a process collects in a second without Amazon's limits, its memory, and calls a day with them.

Real PostgreSQL, object store and PDF reader; the account is made up in this process, so that nothing but the fetcher is measured.
"""

import logging
import os
import platform
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
from fpdf import FPDF

from schemas.invoice_collected.v1 import Evidence
from services.fetcher.adapters.announcing import SERVICE
from services.fetcher.adapters.documents import DocumentShelf
from services.fetcher.adapters.readers import Readers
from services.fetcher.domain.amazon.collecting import InvoiceDetailsOfLine, Report, ReportsPage, TransactionsPage
from services.fetcher.domain.pace import PUBLISHED, Bucket, Operation
from services.fetcher.domain.records import Kind, LineKey, Run
from services.fetcher.handler import Collect
from services.fetcher.main import MIGRATIONS
from services.fetcher.stages.ports import Each, NotCollecting
from services.kernel.clock import Clock
from services.kernel.migrate import migrate
from tests.adapters.fetcher_bench import Bench, memory_bench, real_bench
from tests.integration.fetcher.scripted import charge, detail
from tests.simulation.memory.shelf import MemoryShelf
from tests.support.local import new_database, session_postgres
from tests.unit.fetcher.known import evidence

PAGE, DAY = 100, 500
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

    def wait_seconds(self, operation: Operation, several: int = 1) -> float:
        """By the published limits, or never."""
        return self._buckets[operation].wait_seconds(self._clock.now(), several) if self._buckets else 0.0

    def allowed(self, operation: Operation) -> int:
        """By the published limits, or as many as one likes."""
        return self._buckets[operation].allowed(self._clock.now()) if self._buckets else sys.maxsize

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

    def create_report(self, order_id: str, number: str, kind: Kind = Kind.INVOICE) -> str:
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
    """Reads nothing but the number behind the document: what the rest of the fetcher takes."""

    def read(self, data: bytes) -> Evidence:
        """The number that stands behind `%%`."""
        return evidence(data.rpartition(b"%%")[2].decode())


class Both:
    """The real reader, whose answer gets the number behind the document: every page is the same."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def read(self, data: bytes) -> Evidence:
        """What the page says, and the number."""
        return self._readers.read(data).model_copy(update={"number": NameReader().read(data).number})


def order(number: int) -> str:
    """The n-th order."""
    return f"171-{number:07}-0000001"


def pdf(number: int) -> bytes:
    """A page of text that bears a number; the bytes behind its end make it a file of its own."""
    return _page() + f"%%FR-L{number}".encode()


@cache
def _page() -> bytes:
    """Drawn once: a reader takes as long for the same words."""
    page = FPDF()
    page.add_page()
    page.set_font("Helvetica", size=10)
    for words in ("Facture", "Numéro de la facture FR-L", "Date de la facture 12/11/2026", "Total TTC 12,00 EUR"):
        page.cell(text=words, new_x="LMARGIN", new_y="NEXT")
    return bytes(page.output())


@dataclass(frozen=True, slots=True)
class Measured:
    """`own`, `readers` and `database` = seconds of processor time of each's processes; `megabytes` = what the fetcher's grew by."""

    documents: int
    seconds: float
    own: float
    readers: float
    database: float
    megabytes: float

    def __str__(self) -> str:
        each = 1000 / self.documents  # milliseconds
        parts = {"process": self.own, "readers": self.readers, "database": self.database}
        shares = ", ".join(f"{name} {seconds * each:.1f}" for name, seconds in parts.items())
        took = f"{self.documents / self.seconds:.0f} a second, {self.seconds * each:.1f} ms each"
        return f"{took}; processor ms: {shares}; {self.megabytes:.0f} MB more"


def measured(orders: int, reading: bool) -> Measured:
    """An import of so many orders; reading = by the real reader, which knows no number of these pages, with the number put in."""
    with TemporaryDirectory() as folder, session_postgres() as server, new_database(server) as url, closing(Readers()) as readers:
        migrate(url, SERVICE, MIGRATIONS, with_outbox=True)
        with real_bench(url) as bench:
            run, shelf = bench.connect(), DocumentShelf(f"file://{Path(folder)}/documents")
            reader = Both(readers) if reading else NameReader()
            grown, began, own = _megabytes(), time.perf_counter(), time.process_time()
            _collect(bench, Account(orders, bench.clock, limited=False), run, shelf, reader, readers.each)
            took, own, grown = time.perf_counter() - began, time.process_time() - own, _megabytes() - grown
            read, written = (sum(map(_processor_seconds, processes)) for processes in (readers.processes, _sessions(bench)))
            return Measured(orders, took, own, read, written, grown)


def calls_of_a_day(orders: int) -> tuple[Counter[str], timedelta]:
    """What a run of so many orders asks under the published limits, and how long it takes on the virtual clock."""
    with memory_bench() as bench:
        account, began = Account(orders, bench.clock, limited=True), bench.clock.now()
        _collect(bench, account, bench.connect(), MemoryShelf({}), NameReader())
        return account.calls, bench.clock.now() - began


def _collect(bench: Bench, account: Account, run: Run, shelf: Any, reader: Any, each: Each = map) -> None:
    Collect(bench.progress, account, shelf, reader, bench.clock, lambda: None, each)(run.run_id)
    said = bench.progress.run(run.run_id).emitted
    assert account.orders == said, f"{said} of {account.orders} were said"


def _megabytes() -> float:
    """The most that was resident until now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _sessions(bench: Bench) -> list[int]:
    """The database's processes that serve this one."""
    with bench.store.connection() as session:
        return [row[0] for row in session.execute("select pid from pg_stat_activity where datname = current_database()")]


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(orders: int) -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    print(f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {datetime.now(UTC):%Y-%m-%d}", flush=True)
    for many, reading in ((orders // 4, False), (orders, False), (orders, True)):
        print(f"{many} orders, {'read' if reading else 'not read'}: {measured(many, reading)}", flush=True)
    calls, took = calls_of_a_day(DAY)
    print(f"{DAY} orders under the published limits take {took} and so many calls:")
    for operation, allowed in BUDGET.items():
        print(f"    {operation}: {calls[operation]} of {allowed}")
    print(f"    getReports, for getReport when many are open: {calls['getReports']}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)

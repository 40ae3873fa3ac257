"""What Amazon refuses, forgets, garbles and groups is the trouble of one order, and the run goes on. In memory, on a held clock."""

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from services.fetcher.domain.pace import PUBLISHED, Bucket, Operation
from services.fetcher.domain.records import Kind, Run
from services.fetcher.domain.waiting import Waiting
from services.fetcher.handler import Collect
from services.fetcher.stages.ports import AccessLost, AnswerUnreadable, PageRefused, Reader, RequestRefused
from services.kernel.clock import Clock
from services.kernel.errors import Unavailable
from tests.adapters.amazon_answers import dossier
from tests.adapters.fetcher_bench import Bench, memory_bench
from tests.integration.fetcher.scripted import NumberReader, Scripted, charge, detail
from tests.simulation.memory.shelf import MemoryShelf
from tests.unit.fetcher.known import evidence

FIRST, SECOND, THIRD = (f"171-000000{number}-0000001" for number in (1, 2, 3))


@pytest.fixture
def bench() -> Generator[Bench]:
    """A fetcher in memory."""
    with memory_bench() as bench:
        yield bench


def account(orders: int = 3) -> Scripted:
    """That many orders of one line, each with its number and its PDF."""
    named = {f"L{number}": order(number) for number in range(1, orders + 1)}
    return Scripted(
        [charge(line, order_id) for line, order_id in named.items()],
        {line: [detail(f"FR-{line}")] for line in named},
        {order_id: f"%PDF-FR-{line}".encode() for line, order_id in named.items()},
    )


def order(number: int) -> str:
    """The n-th order."""
    return f"171-{number:07}-0000001"


def collect(bench: Bench, scripted: Scripted, run: Run, reader: Reader | None = None) -> None:
    """One run."""
    Collect(bench.progress, scripted, MemoryShelf({}), reader or NumberReader(), bench.clock, lambda: None)(run.run_id)


def said(bench: Bench) -> list[str]:
    """The numbers that were said."""
    return sorted(event.data.stated.number.value for event in bench.said("invoice.collected"))


def waits(bench: Bench, run: Run) -> list[tuple[str, str, Waiting]]:
    """Order, number and reason of what waits."""
    return [(wait.order_id, wait.number, wait.reason) for wait in bench.progress.waiting(run.connection_id)]


def markers(bench: Bench) -> list[dict[str, int]]:
    """What each run's marker says is waiting."""
    return [{one.reason: one.count for one in event.data.waiting} for event in bench.said("collection.finished")]


def test_an_order_that_amazon_refuses_waits_and_the_others_are_said(bench: Bench) -> None:
    """
    createReport of the second order: 400 today, 202 tomorrow; the run is not failed, the order is not asked again today
    the next day's run asks for it, and for nothing else
    """
    scripted, run = account(), bench.connect()
    scripted.troubles = {f"create {SECOND}": [RequestRefused("createReport", 400)]}
    collect(bench, scripted, run)
    assert (["FR-L1", "FR-L3"], [{"request_refused": 1}]) == (said(bench), markers(bench))
    [wait] = bench.progress.waiting(run.connection_id)
    assert (SECOND, "FR-L2", Waiting.REQUEST_REFUSED) == (wait.order_id, wait.number, wait.reason)
    assert wait.next_attempt_at == dossier(bench, run, SECOND).lines[0].moved_at + timedelta(days=1)
    scripted.asked.clear()
    collect(bench, scripted, bench.next_run(run))
    assert ([SECOND], ["FR-L1", "FR-L2", "FR-L3"], []) == (scripted.asked, said(bench), waits(bench, run))


def test_a_line_that_amazon_refuses_takes_no_other_with_it(bench: Bench) -> None:
    """
    /invoices answers 400 whenever the third of five lines is in the batch: the numbers of the other four are known
    once it answers, the third's PDF, which says no number, comes by that number
    """
    scripted, run = account(5), bench.connect()
    scripted.troubles = {"details L3": [RequestRefused("getInvoiceDetails", 400)] * 9}
    scripted.payloads |= {THIRD: b"%PDF-", "FR-L3": b"%PDF-"}
    collect(bench, scripted, run)
    assert ["FR-L1", "FR-L2", "FR-L4", "FR-L5"] == said(bench)
    assert [(THIRD, "", Waiting.NUMBER_UNKNOWN)] == waits(bench, run)
    scripted.troubles = {}
    collect(bench, scripted, bench.next_run(run))
    assert 5 == len(said(bench))


def test_a_pdf_that_says_no_number_is_said_in_the_run_it_came_in(bench: Bench) -> None:
    """The order brings a scan, and its number is known: it is asked for by that number at once, and brings the same scan."""
    scripted, run = account(), bench.connect()
    scripted.payloads |= {SECOND: b"%PDF-", "FR-L2": b"%PDF-"}
    collect(bench, scripted, run)
    assert (["FR-L1", "FR-L2", "FR-L3"], [{}]) == (sorted(said(bench)), markers(bench))
    assert [FIRST, SECOND, THIRD, "FR-L2"] == scripted.asked


@pytest.mark.parametrize("trouble", [RequestRefused("getReport", 400), AnswerUnreadable("Amazon", "getReport")])
def test_a_report_that_cannot_be_asked_after_holds_nobody_up(bench: Bench, trouble: Exception) -> None:
    """Every poll of one report is refused, or garbled: it is given up within a day, and its order waits."""
    scripted, run = account(), bench.connect()
    scripted.troubles = {f"report {SECOND}": [trouble] * 2_000}
    collect(bench, scripted, run)
    assert ["FR-L1", "FR-L3"] == said(bench)
    assert [(SECOND, "FR-L2")] == [(order_id, number) for order_id, number, _ in waits(bench, run)]


def test_a_payload_whose_link_is_garbled_or_refused_waits(bench: Bench) -> None:
    """getReportDocument: 400 for one order, no JSON for another, always."""
    scripted, run = account(), bench.connect()
    scripted.troubles = {FIRST: [RequestRefused("getReportDocument", 400)] * 99, THIRD: [AnswerUnreadable("Amazon")] * 99}
    collect(bench, scripted, run)
    assert ["FR-L2"] == said(bench)
    expected = [(FIRST, "FR-L1", Waiting.REQUEST_REFUSED), (THIRD, "FR-L3", Waiting.DOCUMENT_UNDELIVERED)]
    assert expected == waits(bench, run)


def test_a_consolidated_number_is_asked_for_once(bench: Bench) -> None:
    """Three orders under one number that was pending on the first day: no report on the first, one on the second, one event."""
    scripted, run = account(), bench.connect()
    scripted.payloads = {"FR-9": b"%PDF-FR-9"}
    scripted.details = {line: [detail(None, pending=True)] for line in scripted.details}
    collect(bench, scripted, run)
    assert ([], [{"number_pending": 3}]) == (scripted.asked, markers(bench))
    scripted.details = {line: [consolidated("FR-9")] for line in scripted.details}
    collect(bench, scripted, bench.next_run(run))
    assert (["FR-9"], ["FR-9"], []) == (scripted.asked, said(bench), waits(bench, run))
    [event] = bench.said("invoice.collected")
    assert (FIRST, SECOND, THIRD) == event.data.stated.orders


def consolidated(number: str) -> dict[str, Any]:
    """A line under a consolidated number: in the EU both fields hold it."""
    return {**detail(number), "consolidatedInvoiceDetails": {"invoiceNumber": number}}


def test_many_open_reports_are_asked_after_at_once(bench: Bench) -> None:
    """Thirty orders: one getReports answers for all."""
    scripted, run = account(30), bench.connect()
    collect(bench, scripted, run)
    assert (30, 1) == (len(said(bench)), scripted.listed)


@dataclass
class Limited(Scripted):
    """An account whose reports are rationed as Amazon publishes it; `moments` = when each was asked for."""

    moments: list[float] = field(default_factory=list[float])

    def begin(self, clock: Clock) -> None:
        """With a full bucket."""
        self.clock, self.began = clock, clock.now()
        self.bucket = Bucket(PUBLISHED[Operation.CREATE_REPORT], clock.now())

    def wait_seconds(self, operation: Operation, several: int = 1) -> float:
        """Only reports have to wait."""
        return self.bucket.wait_seconds(self.clock.now(), several) if operation is Operation.CREATE_REPORT else 0.0

    def allowed(self, operation: Operation) -> int:
        """Likewise."""
        return self.bucket.allowed(self.clock.now()) if operation is Operation.CREATE_REPORT else 50

    def create_report(self, order_id: str, number: str, kind: Kind = Kind.INVOICE) -> str:
        """Takes a token."""
        self.moments.append((self.clock.now() - self.began).total_seconds())
        self.bucket.take(self.clock.now())
        return super().create_report(order_id, number, kind)


def test_what_the_allowance_lets_go_goes_five_at_a_time(bench: Bench) -> None:
    """Twenty-four orders: twelve at once, five when five tokens have grown, twice, and the last two when there are two."""
    run, limited = bench.connect(), Limited(**vars(account(24)))
    limited.begin(bench.clock)
    collect(bench, limited, run)
    assert 24 == len(said(bench))
    assert {0.0: 12, 62.5: 5, 125.0: 5, 150.0: 2} == Counter(round(moment, 3) for moment in limited.moments)


def test_a_document_that_never_comes_is_asked_for_on_the_ladder_and_then_no_more(bench: Bench) -> None:
    """
    a digital order: a number, never a PDF; a run each day for 100 days
    asked for on the day it was seen and on days 1, 2, 3, 5, 8, 13, 21, 30, 60, 90; late from day 5; after 90 days the exception
    """
    scripted, run = account(1), bench.connect()
    scripted.payloads = {}
    seen, asked_on = bench.clock.now(), list[int]()
    reasons = dict[int, Waiting]()
    for day in range(100):
        asked = len(scripted.asked)
        collect(bench, scripted, run)
        asked_on += [day] if len(scripted.asked) > asked else []
        [wait] = bench.progress.waiting(run.connection_id)
        reasons[day] = wait.reason
        assert seen <= wait.since < seen + timedelta(hours=1)
        run = bench.next_run(run)
    assert [0, 1, 2, 3, 5, 8, 13, 21, 30, 60, 90] == asked_on
    assert [Waiting.DOCUMENT_MISSING, Waiting.SELLER_LATE, Waiting.SELLER_LATE, Waiting.DOCUMENT_NEVER_SUPPLIED] == [
        reasons[day] for day in (4, 5, 89, 91)
    ]
    assert [None] == [wait.next_attempt_at for wait in bench.progress.waiting(run.connection_id)]


def test_a_pdf_of_another_order_is_named(bench: Bench) -> None:
    """The first order's report brings the second's PDF: it is said once, of the second; the first waits for its own."""
    scripted, run = account(2), bench.connect()
    scripted.payloads[FIRST] = scripted.payloads[SECOND]
    collect(bench, scripted, run)
    assert ["FR-L2"] == said(bench)
    assert [(FIRST, "FR-L1", Waiting.DOCUMENT_OF_ANOTHER_ORDER)] == waits(bench, run)
    scripted.payloads[FIRST] = b"%PDF-FR-L1"
    collect(bench, scripted, bench.next_run(run))
    assert (["FR-L1", "FR-L2"], []) == (sorted(set(said(bench))), waits(bench, run))


def test_two_pdfs_of_one_number_with_other_totals_are_both_said_and_shown(bench: Bench) -> None:
    """12,00 € and 15,00 € under FR-L1: both kept, both said, and a person is asked to compare; the marker waits for nothing."""

    class Totals(NumberReader):
        """Reads `%PDF-NUMBER TOTAL`."""

        def read(self, data: bytes) -> Any:
            """The number and the gross total."""
            number, total = data.removeprefix(b"%PDF-").decode().split()
            read = evidence(number)
            return read.model_copy(update={"gross_cents": read.number and read.number.model_copy(update={"value": int(total)})})

    scripted, run = account(1), bench.connect()
    scripted.payloads[FIRST] = b"%PDF-FR-L1 1200"
    collect(bench, scripted, run, Totals())
    scripted.payloads[FIRST] = b"%PDF-FR-L1 1500"
    scripted.transactions_now.append(charge("L1", FIRST, transaction="U"))
    collect(bench, scripted, bench.next_run(run), Totals())
    assert {1, 2} <= {event.data.revision for event in bench.said("invoice.collected")}
    assert 2 == len({event.data.document.sha256 for event in bench.said("invoice.collected")})
    assert ([{}, {}], [(FIRST, "FR-L1", Waiting.TOTALS_DIFFER)]) == (markers(bench), waits(bench, run))


def test_a_denied_access_is_told_to_whoever_marks_connections(bench: Bench) -> None:
    """403 with a fresh token: the run stops there, and says of which connection."""
    scripted, run = account(), bench.connect()
    scripted.troubles = {"transactions": [AccessLost()]}
    collect(bench, scripted, run)
    assert [(run.run_id, "access_denied")] == scripted.losses


def test_page_tokens_that_are_always_refused_end_the_attempt(bench: Bench) -> None:
    """Three times the window begins again; then the job comes again later, and finds everything."""
    scripted, run = account(), bench.connect()
    scripted.troubles = {"transactions": [PageRefused()] * 4}
    with pytest.raises(Unavailable, match="page tokens"):
        collect(bench, scripted, run)
    collect(bench, scripted, run)
    assert 3 == len(said(bench))

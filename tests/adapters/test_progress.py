"""What a run has done so far, kept in memory or in PostgreSQL: the same answers, rule by rule."""

import hashlib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from psycopg import Connection

from schemas.invoice_collected.v1 import InvoiceCollected
from services.fetcher.adapters import scanned as scanning
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.queries import Queries
from services.fetcher.domain.amazon.collecting import Transaction
from services.fetcher.domain.matching import Numbered
from services.fetcher.domain.records import Invoice, Kind, Report, ReportState, Run
from services.fetcher.domain.reports import Outcome
from services.fetcher.domain.settling import Settlement
from services.fetcher.domain.waiting import Wait, Waiting
from services.fetcher.domain.wanting import Wanted
from services.fetcher.stages.ports import Book
from services.kernel.envelope import event_id
from services.kernel.errors import Refused, Unavailable
from tests.adapters.amazon_answers import (
    ORDER,
    OTHER,
    answer,
    asked,
    bring,
    charge,
    dossier,
    due,
    key,
    marker_of,
    named,
    number,
    numbered,
    page,
    paper,
    say,
    settle,
    to_ask,
)
from tests.adapters.fetcher_bench import Bench, open_bench

FETCHED, LOST, READY, ASKED = ReportState.FETCHED, ReportState.LOST, ReportState.READY, ReportState.ASKED


@pytest.fixture(params=["memory", "real"])
def bench(request: pytest.FixtureRequest) -> Generator[Bench]:
    """A schema in memory, then PostgreSQL."""
    with open_bench(request) as bench:
        yield bench


def scanned(bench: Bench, *charges: dict[str, Any], run: Run | None = None) -> Run:
    """A run that has read these payments, on one page."""
    run = run or bench.connect()
    bench.progress.scan(run.run_id)
    bench.progress.keep_page(run, page(*charges or (charge(),)), bench.clock.now())
    return run


def test_a_run_nobody_started_is_not_found(bench: Bench) -> None:
    """Reading it and writing in it."""
    with pytest.raises(LookupError):
        bench.progress.run("run-0")
    with pytest.raises(LookupError), bench.progress.writing("run-0"):
        pass


def test_a_first_run_looks_back_from_the_import_s_start(bench: Bench) -> None:
    """45 days before the start that was chosen, until today; nothing said yet."""
    run = bench.connect()
    started = (run.kind, run.state, run.finished, run.emitted, run.window_to, run.started_at)
    assert ("initial", "collecting", False, 0, bench.clock.now().date(), bench.clock.now()) == started
    assert date(2026, 10, 24) - timedelta(days=45) == run.window_from


def test_a_scan_goes_on_where_it_was(bench: Bench) -> None:
    """A page keeps the next one's token; asking again changes nothing; a refused token begins anew; the last page ends it."""
    run, now = bench.connect(), bench.clock.now()
    assert (None, 0, None) == _scan(bench, run)
    bench.progress.keep_page(run, page(charge(), token="two"), now)
    assert ("two", 1, None) == _scan(bench, run)
    assert (None, 1, None) == ((again := bench.progress.restart_scan(run)).next_page_token, again.pages, again.finished_at)
    bench.progress.keep_page(run, page(charge()), now)
    assert (None, 2, now) == _scan(bench, run)


def _scan(bench: Bench, run: Run) -> tuple[object, ...]:
    scan = bench.progress.scan(run.run_id)
    return scan.next_page_token, scan.pages, scan.finished_at


class Overtaken(Queries):
    """The queries of the scan; another process comes between two of one transaction."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__("collecting")
        self._meanwhile = [meanwhile]

    def run_each(self, connection: Connection, name: str, values: Iterable[Mapping[str, object]]) -> None:
        """Before the first payment is written."""
        while name == "put_transaction" and self._meanwhile:
            self._meanwhile.pop()()
        super().run_each(connection, name, values)


def test_two_processes_that_read_one_payment_do_not_keep_it_twice(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second to write is refused and leaves nothing of its page; tried again, it finds the payment there."""
    run = bench.connect()
    bench.progress.scan(run.run_id)
    overtaken = Overtaken(lambda: bench.progress.keep_page(run, page(charge(), token="two"), bench.clock.now()))
    monkeypatch.setattr(scanning, "QUERIES", overtaken)
    with pytest.raises(Refused):
        bench.progress.keep_page(run, page(charge(), charge(key("L2"), name="T2")), bench.clock.now())
    assert ("two", 1, None) == _scan(bench, run)
    assert [key()] == to_ask(bench, run)
    bench.progress.keep_page(run, page(charge(), charge(key("L2"), name="T2")), bench.clock.now())
    assert [key(), key("L2")] == to_ask(bench, run)


def test_shipped_lines_are_asked_once_a_run_in_order(bench: Bench) -> None:
    """Two lines, one not shipped, twice on a page: asked in the order of their keys, as many as wanted, not again in this run."""
    charges = (charge(key("L2"), key("L3", shipment="")), charge(key("L1")), charge(key("L1")))
    run = scanned(bench, *charges)
    assert [key("L1"), key("L2")] == to_ask(bench, run)
    assert [key("L1")] == to_ask(bench, run, 1)
    bench.clock.sleep(1)
    answer(bench, run, [key("L1")])
    assert [key("L2")] == to_ask(bench, run)
    answer(bench, run, [key("L2")], number("FR-2", key("L2")))
    assert [] == to_ask(bench, run)


def test_the_next_run_asks_again_what_was_not_known(bench: Bench) -> None:
    """The line without a number, not the one with one; and that one too once money went back on it, or its payment changed."""
    both = (charge(key("L1")), charge(key("L2"), name="T2"))
    run = scanned(bench, *both)
    bench.clock.sleep(1)
    answer(bench, run, [key("L1"), key("L2")], number("FR-1"), pending=[key("L2")])
    run = bench.next_run(run)
    assert [key("L2")] == to_ask(bench, run)
    scanned(bench, *both, run=run)
    assert [key("L2")] == to_ask(bench, run)
    answer(bench, run, [key("L2")], number("FR-2", key("L2")))
    run = bench.next_run(run)
    scanned(bench, *both, charge(key("L1"), name="R1", kind="REFUND"), run=run)
    assert [key("L1")] == to_ask(bench, run)
    scanned(bench, charge(key("L2"), name="T2", total="9.00"), run=run)
    assert [key("L1"), key("L2")] == to_ask(bench, run)


@pytest.mark.parametrize("kind", Kind)
def test_money_of_no_direction_is_asked_about_until_a_number_of_any_kind_is_there(bench: Bench, kind: Kind) -> None:
    """A payment of a type nobody knows: its line is asked again by the next run, no more once an invoice or a credit note is named."""
    payment = charge(kind="SOMETHING")
    run = scanned(bench, payment)
    bench.clock.sleep(1)
    answer(bench, run, [key()])
    run = bench.next_run(run)
    scanned(bench, payment, run=run)
    assert [key()] == to_ask(bench, run)
    answer(bench, run, [key()], number("FR-1", kind=kind))
    run = bench.next_run(run)
    scanned(bench, payment, run=run)
    assert [] == to_ask(bench, run)


def test_what_money_did_on_a_line_is_never_forgotten(bench: Bench) -> None:
    """Charged, then refunded, then seen as charged again: both; pending until a later answer says otherwise."""
    run = scanned(bench, charge(), charge(name="R1", kind="OVERREFUND"), charge(name="X", kind="SOMETHING"))
    answer(bench, run, [key()], pending=[key()])
    [line] = dossier(bench, run, ORDER).lines
    assert (True, True, True) == (line.charged, line.refunded, line.pending)
    scanned(bench, charge(), run=run)
    answer(bench, run, [key()])
    [line] = dossier(bench, run, ORDER).lines
    assert (True, True, False) == (line.charged, line.refunded, line.pending)


def test_a_number_keeps_its_day_and_its_best_origin(bench: Bench) -> None:
    """From a payment without a day, from `/invoices` with one, from the payment again: a day, and the better origin."""
    run = scanned(bench, charge(number=" FR-1 "))
    assert [("FR-1", None, "api:transactions")] == _numbers(bench, run)
    answer(bench, run, [key()], number("FR-1"))
    scanned(bench, charge(number="FR-1", total="9.00"), run=run)
    assert [("FR-1", date(2026, 11, 12), "api:invoices")] == _numbers(bench, run)


def _numbers(bench: Bench, run: Run) -> list[tuple[object, ...]]:
    return [(one.number, one.issue_date, one.origin) for one in dossier(bench, run, ORDER).numbers]


def test_an_order_is_requested_while_no_report_is_under_way(bench: Bench) -> None:
    """The first order, then the other one while the first one's report is open; a report that brought nothing: at its next rung."""
    run = scanned(bench, charge(), charge(key("L9", OTHER), name="T2"))
    assert ORDER == due(bench, run)
    keep(bench, run, asked("R1", bench.clock))
    assert OTHER == due(bench, run)
    keep(bench, run, asked("R2", bench.clock, OTHER, ReportState.NOTHING))
    keep(bench, run, asked("R1", bench.clock, state=ReportState.NOTHING))
    assert due(bench, run) is None
    following = bench.next_run(run)
    assert ORDER == due(bench, following)


def keep(bench: Bench, run: Run, report: Report, trouble: Waiting | None = None) -> None:
    """One report as it stands now."""
    bench.progress.keep_outcomes(run, [Outcome(report, trouble)], bench.clock.now())


def test_an_order_that_has_everything_is_left_alone(bench: Bench) -> None:
    """Settled; then a number comes up, and a payment changes: wanted each time. The same payment and number again are no news."""
    run = scanned(bench, charge())
    keep(bench, run, asked("R1", bench.clock, state=ReportState.FETCHED))
    settle(bench, run)
    bench.clock.sleep(86_400 * 100)
    assert due(bench, run) is None
    answer(bench, run, [key()], number("FR-1"))
    assert ORDER == due(bench, run), "a number that was not known"
    settle(bench, run)
    answer(bench, run, [key()], number("FR-1"))
    scanned(bench, charge(), run=run)
    assert due(bench, run) is None
    scanned(bench, charge(total="9.00"), run=run)
    assert ORDER == due(bench, run), "a payment that changed"


def test_a_shipment_of_today_is_wanted_tomorrow_or_when_its_number_is_there(bench: Bench) -> None:
    """Without a number the seller has a day; with one on the payment, or from `/invoices`, the document is asked for now."""
    shipped = {"transactionDate": "2026-11-23T07:00:00Z"}
    run = scanned(bench, {**charge(), **shipped}, {**charge(key("L9", OTHER), name="T2", number="FR-9"), **shipped})
    assert OTHER == due(bench, run)
    keep(bench, run, asked("R2", bench.clock, OTHER))
    assert due(bench, run) is None
    answer(bench, run, [key()], number("FR-1"))
    assert ORDER == due(bench, run)


def test_a_failed_report_climbs_its_ladder_and_a_lost_one_is_made_anew(bench: Bench) -> None:
    """FATAL: 15 minutes later. Lost the first time: at once. What it met is in the dossier until a report brings something."""
    run = scanned(bench)
    keep(bench, run, asked("R1", bench.clock, state=LOST))
    assert (ORDER, Waiting.DOCUMENT_FAILED) == (due(bench, run), _trouble(bench, run))
    keep(bench, run, asked("R2", bench.clock, state=ReportState.FAILED), Waiting.PAYLOAD_DAMAGED)
    assert (None, Waiting.PAYLOAD_DAMAGED) == (due(bench, run), _trouble(bench, run))
    bench.clock.sleep(3600)
    assert ORDER == due(bench, run)
    keep(bench, run, asked("R3", bench.clock, state=FETCHED))
    assert (None, None) == (due(bench, run), _trouble(bench, run))


def _trouble(bench: Bench, run: Run) -> Waiting | None:
    [wanted] = dossier(bench, run, ORDER).wants
    return wanted.trouble


def test_a_consolidated_number_is_wanted_once_for_all_its_orders(bench: Bench) -> None:
    """Two orders under one number: one request; its PDF, which prints nothing, has it, is there for both, and both are looked at."""
    run = scanned(bench, charge(), charge(key("L9", OTHER), name="T2"))
    for order in (ORDER, OTHER):
        settle(bench, run, order=order)
    both = [key(), key("L9", OTHER)]
    answer(bench, run, both, *[replace(number("FR-1", line), consolidated=True) for line in both])
    assert "FR-1" == due(bench, run)
    report, bare = replace(asked("R1", bench.clock, ""), number="FR-1"), paper(None)
    keep(bench, run, report)
    assert due(bench, run) is None
    following = bench.next_run(run)
    bench.progress.keep_outcomes(following, [Outcome(report.at(FETCHED), None, "f" * 64, (bare,))], bench.clock.now())
    assert [ORDER, OTHER] == list(bench.progress.orders_to_look_at(following, "", 9))
    for order in (ORDER, OTHER):
        known = dossier(bench, following, order)
        assert ([replace(bare, settled="FR-1")], ["", "FR-1"], [True]) == (
            list(known.papers),
            [wanted.number for wanted in known.wants],
            [one.consolidated for one in known.numbers],
        )


def test_a_consolidated_number_is_wanted_though_a_payment_told_it_before(bench: Bench) -> None:
    """The transaction states the number and not that it is consolidated; `/invoices` does: only then it can be asked for by itself."""
    run = scanned(bench, charge(number="FR-1"))
    bench.clock.sleep(1)
    answer(bench, run, [key()], replace(number("FR-1"), consolidated=True))
    assert ["FR-1"] == [wanted.number for wanted in dossier(bench, run, ORDER).wants if wanted.number]


@pytest.mark.parametrize(
    ("came_for", "alone", "settled"), [((ORDER,), True, "FR-1"), ((), True, "FR-1"), ((ORDER,), False, None), ((OTHER,), True, None)]
)
def test_a_pdf_that_came_alone_for_a_number_has_it(bench: Bench, came_for: Sequence[str], alone: bool, settled: str | None) -> None:
    """It prints none. Not so when another PDF came with it, nor when it came for another order before: then it came by mistake."""
    run, bare = scanned(bench, charge(), charge(key("L9", OTHER), name="T2")), paper(None)
    answer(bench, run, [key()], number("FR-1"))
    for order in came_for:
        bring(bench, run, bare, order=order)
    report = replace(asked("R9", bench.clock, ""), number="FR-1").at(FETCHED)
    papers = (bare,) if alone else (bare, paper(None, copy="2"))
    bench.progress.keep_outcomes(run, [Outcome(report, None, "e" * 64, papers)], bench.clock.now())
    assert settled == next(one.settled for one in dossier(bench, run, ORDER).papers if one.document == bare.document)


def test_a_pdf_of_another_order_is_known_by_its_number(bench: Bench) -> None:
    """It came for two orders and prints a number: whose it is, is known as soon as one of them has the number."""
    run = scanned(bench, charge(), charge(key("L9", OTHER), name="T2"))
    for order in (ORDER, OTHER):
        bring(bench, run, paper("FR-1"), order=order)
    assert [False, False] == [one.of_another for order in (ORDER, OTHER) for one in dossier(bench, run, order).papers]
    answer(bench, run, [key()], number("FR-1"))
    assert [False, True] == [one.of_another for order in (ORDER, OTHER) for one in dossier(bench, run, order).papers]


def test_a_number_that_is_wanted_by_itself_is_asked_for_as_what_it_is(bench: Bench) -> None:
    """An order keeps a PDF that says nothing and lacks a credit note: the number is due at once, of its kind, and once."""
    run, now = scanned(bench, charge()), bench.clock.now()
    settle(bench, run)
    for _ in range(2):
        with bench.progress.writing(run.run_id) as book:
            book.settle([Settlement(ORDER, (), (), (Wanted("", "CN-1", now, 0, None, now, Kind.CREDIT_NOTE),))], now)
    assert [("", "CN-1", Kind.CREDIT_NOTE)] == [(one.order_id, one.number, one.kind) for one in bench.progress.next_wanted(run, now, 9)]


def test_what_is_wanted_moves_once(bench: Bench) -> None:
    """Two looked at the same rung; one moved it: what the other makes of it is no longer true and is not kept."""
    run = scanned(bench)
    [seen] = dossier(bench, run, ORDER).wants
    later = replace(seen, next_attempt_at=bench.clock.now() + timedelta(days=1), trouble=Waiting.REQUEST_REFUSED)
    bench.progress.keep_wanted(run, [(seen, later)], bench.clock.now())
    bench.progress.keep_wanted(run, [(seen, replace(seen, next_attempt_at=None))], bench.clock.now())
    assert (later,) == dossier(bench, run, ORDER).wants


def test_what_waits_is_kept_until_it_is_said_otherwise(bench: Bench) -> None:
    """Two things of one order, one of another, oldest first; then one thing, then nothing."""
    run = scanned(bench, charge(), charge(key("L9", OTHER), name="T2"))
    now, later = bench.clock.now(), bench.clock.now() + timedelta(days=1)
    unknown, missing = Wait(ORDER, "", Waiting.NUMBER_UNKNOWN, later, now), Wait(ORDER, "FR-1", Waiting.DOCUMENT_MISSING, later, None)
    other = Wait(OTHER, "", Waiting.NOT_SHIPPED, now, None)
    settle(bench, run, unknown, missing)
    settle(bench, run, other, order=OTHER)
    assert [other, unknown, missing] == bench.progress.waiting(run.connection_id)
    assert (unknown, missing) == dossier(bench, run, ORDER).waits
    settle(bench, run, missing)
    assert [other, missing] == bench.progress.waiting(run.connection_id)
    settle(bench, run)
    assert [other] == bench.progress.waiting(run.connection_id)


def test_what_two_weekly_scans_do_not_show_is_flagged(bench: Bench) -> None:
    """Of three payments one is shown no more and one is not dated: missed once, then flagged; shown again, it is as before."""
    dated = {"transactionDate": "2026-11-20T10:00:00Z", "feedDate": "2026-11-20T12:00:00Z"}
    kept, gone, undated = {**charge(), **dated}, {**charge(name="T2"), **dated}, charge(name="T3")
    run = scanned(bench, kept, gone, undated)
    assert [None, None, None] == _flags(bench)
    weekly(bench, kept)
    assert [None, None, None] == _flags(bench)
    second = weekly(bench, kept)
    assert [None, second, None] == _flags(bench)
    weekly(bench, kept)
    assert [None, second, None] == _flags(bench), "since when it is missing stays"
    weekly(bench, kept, gone)
    assert [None, None, None] == _flags(bench)
    weekly(bench, kept)
    bench.clock.sleep(86_400)
    scanned(bench, gone, run=bench.next_run(run))
    weekly(bench, kept)
    assert [None, None, None] == _flags(bench), "a daily scan showed it in between"


def weekly(bench: Bench, *charges: dict[str, Any]) -> datetime:
    """A week later a long scan shows these payments, on one page; when."""
    bench.clock.sleep(86_400 * 7)
    with bench.store.transaction() as transaction:
        book = Companies(transaction)
        [connection] = book.connections("acme")
        run_id = book.start_run(connection, "weekly", bench.clock.now().isoformat(), bench.clock.now())
    scanned(bench, *charges, run=bench.progress.run(run_id))
    return bench.clock.now()


def _flags(bench: Bench) -> list[datetime | None]:
    return [row["missed_since"] for row in sorted(bench.rows("amazon_transaction"), key=lambda row: row["transaction_id"])]


def test_a_scan_counts_what_lies_outside_its_window(bench: Bench) -> None:
    """Two pages, one payment each from before the window: two of four."""
    inside, outside = {"feedDate": "2026-11-20T12:00:00Z"}, {"feedDate": "2024-11-20T12:00:00Z"}
    run = bench.connect()
    bench.progress.scan(run.run_id)
    for token in ("two", None):
        charges = [{**charge(name=f"{name}{token}"), **fed} for name, fed in (("A", inside), ("B", outside))]
        bench.progress.keep_page(run, page(*charges, token=token), bench.clock.now())
    assert [(4, 2)] == [(row["rows_read"], row["rows_outside"]) for row in bench.rows("scan")]


def test_the_watermark_moves_with_the_last_page(bench: Bench) -> None:
    """60 days without a whole scan: the daily run looks 45 days back from the day after the last one; a page is not a scan."""
    run = scanned(bench)
    bench.clock.sleep(86_400 * 60)
    late = bench.next_run(run)
    assert date(2026, 11, 24) - timedelta(days=45) == late.window_from
    bench.progress.scan(late.run_id)
    bench.progress.keep_page(late, page(charge(), token="two"), bench.clock.now())
    unfinished = bench.next_run(run)
    assert date(2026, 11, 24) - timedelta(days=45) == unfinished.window_from
    scanned(bench, run=unfinished)
    assert unfinished.window_to - timedelta(days=44) == bench.next_run(run).window_from


def test_the_report_whose_turn_comes_first(bench: Bench) -> None:
    """By due time, then by id; each state apart; a report stands as it was last kept; the next run sees it too."""
    run, later = bench.connect(), timedelta(seconds=30)
    for name, wait in (("R2", later), ("R3", timedelta()), ("R1", timedelta())):
        keep(bench, run, replace(asked(name, bench.clock), next_poll_at=bench.clock.now() + wait))
    first, *others = bench.progress.next_reports(run, ASKED, 9)
    assert ("R1", ["R3", "R2"], []) == (first.report_id, [one.report_id for one in others], bench.progress.next_reports(run, READY))
    keep(bench, run, replace(first, state=READY, polls=3, report_document_id="D1"))
    stands = [(one.report_id, one.polls, one.report_document_id) for one in bench.progress.next_reports(run, READY)]
    assert [("R1", 3, "D1")] == stands
    open_now = bench.progress.next_reports(run, ASKED)
    assert ["R3"] == [one.report_id for one in open_now]
    assert open_now == bench.progress.next_reports(bench.next_run(run), ASKED), "who works next takes up what is open"


def test_a_pdf_is_kept_once_and_belongs_to_every_order_it_came_for(bench: Bench) -> None:
    """Twice for one order, once for another; an order whose number it bears sees it although it did not come for it: it is that one's."""
    third = "171-0000003-0000001"
    run = scanned(bench, charge(), charge(key("L9", OTHER), name="T2"), charge(key("L5", third), name="T3", number="FR-1"))
    same, bare = paper("FR-1"), paper(None)
    for report, order in (("R1", ORDER), ("R2", ORDER), ("R3", OTHER)):
        bring(bench, run, same, order=order, report=report)
    bench.clock.sleep(1)
    bring(bench, run, bare, order=OTHER, report="R4")
    stray = replace(same, of_another=True)
    assert [[stray], [stray, bare], [same]] == [list(dossier(bench, run, order).papers) for order in (ORDER, OTHER, third)]
    assert 4 == len(bench.progress.next_reports(run, FETCHED, 9))


def test_only_one_writes_in_a_run(bench: Bench) -> None:
    """While somebody writes, another waits, and in the end gives up; a reader does not."""
    run = bench.connect()
    with bench.progress.writing(run.run_id):
        assert run == bench.progress.run(run.run_id)
        with pytest.raises(Unavailable), bench.progress.writing(run.run_id):
            pass
    with bench.progress.writing(run.run_id) as book:
        assert run == book.run


def test_what_fails_leaves_nothing(bench: Bench) -> None:
    """The process dies after saying, before the commit: no row, no event, no number used up."""
    run = scanned(bench)
    bring(bench, run, paper("FR-1"))
    with pytest.raises(ZeroDivisionError):
        say(bench, run, numbered(paper("FR-1")), then=lambda: 1 // 0)
    assert [] == bench.said("invoice.collected")
    say(bench, run, numbered(paper("FR-1")))
    assert [(1, 1)] == [(event.run.seq, event.data.revision) for event in bench.said("invoice.collected") if event.run]


def test_the_statements_are_those_of_the_orders_the_pdf_came_for(bench: Bench) -> None:
    """One number on two orders: its own order's lines and payments; without any there, every order's."""
    run = scanned(bench, charge(key("L1")), charge(key("L9", OTHER), name="T2"))
    numbers = [number("FR-1"), number("FR-1", key("L9", OTHER)), number("FR-2", key("L9", OTHER))]
    answer(bench, run, [key(), key("L9", OTHER)], *numbers)
    bring(bench, run, paper("FR-1"))
    scanned(bench, charge(key("L1"), total="9.00"), run=run)
    with bench.progress.writing(run.run_id) as book:
        several = [numbered(paper("FR-1")), numbered(paper("FR-1", copy="elsewhere")), numbered(paper("FR-1"), "FR-1", Kind.CREDIT_NOTE)]
        own, elsewhere, nobody = book.statements(several)
    assert ("A13V1IB3VIYZZH", (ORDER,), [key()]) == (own.marketplace_id, own.orders, [one.key for one in own.numbers])
    assert [("T1", "9.00")] == [(one.transaction_id, _total(one)) for one in own.transactions]
    assert ((ORDER, OTHER), ["T1", "T2"]) == (elsewhere.orders, [one.transaction_id for one in elsewhere.transactions])
    assert [False, True] == [one.shared for one in elsewhere.numbers]
    assert ((ORDER,), ()) == (nobody.orders, nobody.numbers)


def _total(payment: Transaction) -> str:
    return payment.as_published()["transactionLineItems"][0]["totalAmount"]["amount"]


def test_amazon_s_keys_find_an_invoice_again(bench: Bench) -> None:
    """A better reader would mint another id: the first stays, also for another order it is then kept under; another number is another."""
    run = scanned(bench)
    found = numbered(paper("FR-1"))
    bring(bench, run, paper("FR-1"))
    with bench.progress.writing(run.run_id) as book:
        assert ("inv-1", 0, None, 0) == _standing(_invoice(book, [ORDER], found, "inv-1"))
        assert "inv-1" == _invoice(book, [ORDER, OTHER], found, "inv-2").invoice_id
    with bench.progress.writing(run.run_id) as book:
        assert "inv-1" == _invoice(book, [OTHER], found, "inv-3").invoice_id
        assert "inv-4" == _invoice(book, [OTHER], numbered(paper("FR-2"), "FR-2"), "inv-4").invoice_id
        assert "inv-5" == _invoice(book, [OTHER], numbered(paper("FR-1"), "FR-1", Kind.CREDIT_NOTE), "inv-5").invoice_id


def _invoice(book: Book, orders: Sequence[str], found: Numbered, minted: str) -> Invoice:
    [invoice] = book.invoices([named(found, orders, minted)])
    return invoice


def _standing(invoice: Invoice) -> tuple[str, int, str | None, int]:
    return invoice.invoice_id, invoice.revision, invoice.facts_hash, invoice.said


def test_a_settled_number_is_the_pdf_s(bench: Bench) -> None:
    """A PDF without a number is given one: another order that bears the number has it too."""
    run = scanned(bench, charge(), charge(key("L9", OTHER), name="T2", number="FR-1"))
    bring(bench, run, paper(None))
    assert () == dossier(bench, run, OTHER).papers
    say(bench, run, numbered(paper(None)))
    assert (replace(paper(None), settled="FR-1"),) == dossier(bench, run, OTHER).papers


def test_what_is_said_has_its_place_in_the_run(bench: Bench) -> None:
    """Three events of two invoices: numbered 1 to 3, revisions 1, 1, 2, each with its own derived id; the run counts them."""
    run = scanned(bench)
    bring(bench, run, paper("FR-1"), paper("FR-2"))
    first, second = numbered(paper("FR-1")), numbered(paper("FR-2"), "FR-2")
    collected = [say(bench, run, first), say(bench, run, second), say(bench, run, first, amended="!")]
    events = bench.said("invoice.collected")
    assert [(run.run_id, 1, 1), (run.run_id, 2, 1), (run.run_id, 3, 2)] == [
        (event.run.run_id, event.run.seq, event.data.revision) for event in events if event.run
    ]
    assert collected == [event.data for event in events]
    named = [event_id("/achats/fetcher", one.ce_type, one.subject, n) for one, n in zip(collected, (1, 1, 2), strict=True)]
    assert named == [event.id for event in events]
    assert 3 == bench.progress.run(run.run_id).emitted


def test_what_was_last_said_from_each_pdf_is_known(bench: Bench) -> None:
    """Two PDFs of one number: the facts of each, last ones, also in the next run."""
    run = scanned(bench)
    one, other = numbered(paper("FR-1")), numbered(paper("FR-1", copy="two"))
    bring(bench, run, one.paper, other.paper)
    say(bench, run, one)
    said = [_facts(bench, run, found) for found in (one, other)]
    say(bench, run, other)
    say(bench, run, one, amended="!")
    again = [_facts(bench, bench.next_run(run), found) for found in (one, other)]
    assert [64, 0, 65, 64] == [len(facts or "") for facts in (*said, *again)]


def _facts(bench: Bench, run: Run, found: Numbered) -> str | None:
    with bench.progress.writing(run.run_id) as book:
        return _invoice(book, [ORDER], found, "inv-0").facts_hash


def test_a_finished_run_says_how_many_it_said(bench: Bench) -> None:
    """The marker comes last, with no number of its own; the run is over."""
    run = scanned(bench)
    bring(bench, run, paper("FR-1"))
    say(bench, run, numbered(paper("FR-1")))
    with bench.progress.writing(run.run_id) as book:
        book.finish_run(marker_of(book), bench.clock.now())
    [marker] = bench.said("collection.finished")
    assert (1, run.run_id, None) == (marker.data.emitted, marker.run and marker.run.run_id, marker.run and marker.run.seq)
    assert marker == bench.said()[-1]
    assert bench.progress.run(run.run_id).finished


def test_what_was_said_on_a_day_is_counted(bench: Bench) -> None:
    """
    a run says two documents before midnight and one after it; the next run, on the second day, says one more
    counts of 2 and 1; then the second day again, with 2: both runs' numbers, and a digest of company/invoice/revision
    """
    run = scanned(bench)
    papers = [numbered(paper(f"FR-{n}"), f"FR-{n}") for n in (1, 2, 3, 4)]
    bring(bench, run, *(found.paper for found in papers))
    first, second = [say(bench, run, found) for found in papers[:2]]
    bench.clock.sleep(86_400)
    third = say(bench, run, papers[2])
    _end(bench, run)
    assert [("2026-11-23", 2, digest_of(first, second), [(1, 2)]), ("2026-11-24", 1, digest_of(third), [(3, 3)])] == _counts(bench)
    following = bench.progress.run(_start(bench, run))
    fourth = say(bench, following, papers[3])
    _end(bench, following)
    day, count, digest, ranges = _counts(bench)[-1]
    assert ("2026-11-24", 2, digest_of(third, fourth), [(1, 1), (3, 3)]) == (day, count, digest, sorted(ranges))
    assert {"acme/2026-11-23", "acme/2026-11-24"} == {event.data.record_key for event in bench.said("emissions.counted")}


def _start(bench: Bench, run: Run) -> str:
    """Another run of the same moment."""
    with bench.store.transaction() as transaction:
        book = Companies(transaction)
        connection = book.connection(run.connection_id)
        assert connection is not None
        return book.start_run(connection, "sync_now", "2", bench.clock.now())


def _end(bench: Bench, run: Run) -> None:
    with bench.progress.writing(run.run_id) as book:
        book.finish_run(marker_of(book), bench.clock.now())
        book.count_emissions(bench.clock.now())


def digest_of(*said: InvoiceCollected) -> str:
    """The digest as its page in schemas/ says."""
    keys = sorted(f"{one.company_id}/{one.invoice_id}/{one.revision}" for one in said)
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()


def _counts(bench: Bench) -> list[tuple[str, int, str, list[tuple[int, int]]]]:
    counted = sorted((event.data for event in bench.said("emissions.counted")), key=lambda one: (one.day, one.count))
    return [(one.day.isoformat(), one.count, one.digest, [(run.first, run.last) for run in one.runs]) for one in counted]

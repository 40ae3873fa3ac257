"""What a run has done so far, kept in memory or in PostgreSQL: the same answers, rule by rule."""

from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from psycopg import Connection

from services.fetcher.adapters import collection
from services.fetcher.adapters.queries import Queries
from services.fetcher.domain.amazon.collecting import Transaction
from services.fetcher.domain.matching import Numbered
from services.fetcher.domain.records import Invoice, Kind, ReportState, Run
from services.kernel.envelope import event_id
from services.kernel.errors import Refused, Unavailable
from tests.adapters.amazon_answers import ORDER, OTHER, asked, bring, charge, key, marker_of, number, numbered, page, paper, say
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
        super().__init__("collection.sql")
        self._meanwhile = [meanwhile]

    def run(self, connection: Connection, name: str, /, **values: object) -> int:
        """Before the first payment is written."""
        while name == "put_transaction" and self._meanwhile:
            self._meanwhile.pop()()
        return super().run(connection, name, **values)


def test_two_processes_that_read_one_payment_do_not_keep_it_twice(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second to write is refused and leaves nothing of its page; tried again, it finds the payment there."""
    run = bench.connect()
    bench.progress.scan(run.run_id)
    overtaken = Overtaken(lambda: bench.progress.keep_page(run, page(charge(), token="two"), bench.clock.now()))
    monkeypatch.setattr(collection, "QUERIES", overtaken)
    with pytest.raises(Refused):
        bench.progress.keep_page(run, page(charge(), charge(key("L2"), name="T2")), bench.clock.now())
    assert ("two", 1, None) == _scan(bench, run)
    assert [key()] == bench.progress.lines_to_ask(run, 25)
    bench.progress.keep_page(run, page(charge(), charge(key("L2"), name="T2")), bench.clock.now())
    assert [key(), key("L2")] == bench.progress.lines_to_ask(run, 25)


def test_shipped_lines_are_asked_once_a_run_in_order(bench: Bench) -> None:
    """Two lines, one not shipped, twice on a page: asked in the order of their keys, as many as wanted, not again in this run."""
    charges = (charge(key("L2"), key("L3", shipment="")), charge(key("L1")), charge(key("L1")))
    run = scanned(bench, *charges)
    assert [key("L1"), key("L2")] == bench.progress.lines_to_ask(run, 25)
    assert [key("L1")] == bench.progress.lines_to_ask(run, 1)
    bench.clock.sleep(1)
    bench.progress.keep_numbers(run, [key("L1")], [], [], bench.clock.now())
    assert [key("L2")] == bench.progress.lines_to_ask(run, 25)
    bench.progress.keep_numbers(run, [key("L2")], [number("FR-2", key("L2"))], [], bench.clock.now())
    assert [] == bench.progress.lines_to_ask(run, 25)


def test_the_next_run_asks_again_what_was_not_known(bench: Bench) -> None:
    """The line without a number, not the one with one; and that one too once money went back on it, or its payment changed."""
    both = (charge(key("L1")), charge(key("L2"), name="T2"))
    run = scanned(bench, *both)
    bench.clock.sleep(1)
    bench.progress.keep_numbers(run, [key("L1"), key("L2")], [number("FR-1")], [key("L2")], bench.clock.now())
    run = bench.next_run(run)
    assert [] == bench.progress.lines_to_ask(run, 25), "nothing was seen in this run yet"
    scanned(bench, *both, run=run)
    assert [key("L2")] == bench.progress.lines_to_ask(run, 25)
    bench.progress.keep_numbers(run, [key("L2")], [number("FR-2", key("L2"))], [], bench.clock.now() + timedelta(seconds=1))
    run = bench.next_run(run)
    scanned(bench, *both, charge(key("L1"), name="R1", kind="REFUND"), run=run)
    assert [key("L1")] == bench.progress.lines_to_ask(run, 25)
    scanned(bench, charge(key("L2"), name="T2", total="9.00"), run=run)
    assert [key("L1"), key("L2")] == bench.progress.lines_to_ask(run, 25)


def test_what_money_did_on_a_line_is_never_forgotten(bench: Bench) -> None:
    """Charged, then refunded, then seen as charged again: both; pending until a later answer says otherwise."""
    run = scanned(bench, charge(), charge(name="R1", kind="OVERREFUND"), charge(name="X", kind="SOMETHING"))
    bench.progress.keep_numbers(run, [key()], [], [key()], bench.clock.now())
    [line] = bench.progress.dossier(run, ORDER).lines
    assert (True, True, True) == (line.charged, line.refunded, line.pending)
    scanned(bench, charge(), run=run)
    bench.progress.keep_numbers(run, [key()], [], [], bench.clock.now())
    [line] = bench.progress.dossier(run, ORDER).lines
    assert (True, True, False) == (line.charged, line.refunded, line.pending)


def test_a_number_keeps_its_day_and_its_best_origin(bench: Bench) -> None:
    """From a payment without a day, from `/invoices` with one, from the payment again: a day, and the better origin."""
    run = scanned(bench, charge(number=" FR-1 "))
    assert [("FR-1", None, "api:transactions")] == _numbers(bench, run)
    bench.progress.keep_numbers(run, [key()], [number("FR-1")], [], bench.clock.now())
    scanned(bench, charge(number="FR-1", total="9.00"), run=run)
    assert [("FR-1", date(2026, 11, 12), "api:invoices")] == _numbers(bench, run)


def _numbers(bench: Bench, run: Run) -> list[tuple[object, ...]]:
    return [(one.number, one.issue_date, one.origin) for one in bench.progress.dossier(run, ORDER).numbers]


def test_an_order_is_requested_once_a_run(bench: Bench) -> None:
    """Both orders; then the other one, whatever becomes of the first one's report; each run sees its own orders."""
    run = scanned(bench, charge(), charge(key("L9", OTHER), name="T2"))
    assert [ORDER, OTHER] == bench.progress.orders_seen(run) == bench.progress.orders_to_request(run)
    bench.progress.keep_report(run, asked("R1", bench.clock))
    assert [OTHER] == bench.progress.orders_to_request(run)
    run = bench.next_run(run)
    assert [] == bench.progress.orders_seen(run)
    scanned(bench, charge(), run=run)
    assert [ORDER] == bench.progress.orders_seen(run) == bench.progress.orders_to_request(run)


def test_an_order_that_has_everything_is_left_alone(bench: Bench) -> None:
    """Its report brought the PDF of its number; then money went back, a number came up, a payment changed: requested each time."""
    run = _complete(bench, scanned(bench, charge()))
    run = scanned(bench, charge(), run=bench.next_run(run))
    assert [] == bench.progress.orders_to_request(run)
    bench.progress.keep_numbers(run, [key()], [number("FR-2")], [], bench.clock.now())
    assert [ORDER] == bench.progress.orders_to_request(run), "a number without its document"
    bring(bench, run, paper("FR-2", copy="two"), report="R2")
    run = scanned(bench, charge(), run=bench.next_run(run))
    assert [] == bench.progress.orders_to_request(run)
    scanned(bench, charge(total="9.00"), run=run)
    assert [ORDER] == bench.progress.orders_to_request(run), "a payment that changed"


def test_money_that_went_back_wants_a_credit_note(bench: Bench) -> None:
    """A PDF that says it is one ends the wish; an invoice does not."""
    run = scanned(bench, charge(), charge(name="R1", kind="REFUND"))
    bench.clock.sleep(1)
    bring(bench, run, paper("FR-1"))
    run = scanned(bench, charge(), charge(name="R1", kind="REFUND"), run=bench.next_run(run))
    assert [ORDER] == bench.progress.orders_to_request(run)
    bring(bench, run, paper("CN-1", "credit_note"), report="R2")
    run = scanned(bench, charge(), charge(name="R1", kind="REFUND"), run=bench.next_run(run))
    assert [] == bench.progress.orders_to_request(run)


def _complete(bench: Bench, run: Run) -> Run:
    """The run asked for the number and fetched its PDF."""
    bench.clock.sleep(1)
    bench.progress.keep_numbers(run, [key()], [number("FR-1")], [], bench.clock.now())
    bring(bench, run, paper("FR-1"))
    return run


def test_the_report_whose_turn_comes_first(bench: Bench) -> None:
    """By due time, then by id; each state apart; a report stands as it was last kept, and one run does not see another's."""
    run, later = bench.connect(), timedelta(seconds=30)
    for name, wait in (("R2", later), ("R3", timedelta()), ("R1", timedelta())):
        bench.progress.keep_report(run, replace(asked(name, bench.clock), next_poll_at=bench.clock.now() + wait))
    first = bench.progress.next_report(run, ASKED)
    assert first is not None
    assert ("R1", None) == (first.report_id, bench.progress.next_report(run, READY))
    bench.progress.keep_report(run, replace(first, state=READY, polls=3, report_document_id="D1"))
    ready, asked_next = bench.progress.next_report(run, READY), bench.progress.next_report(run, ASKED)
    assert ready is not None
    assert asked_next is not None
    assert ("R1", 3, "D1", "R3") == (ready.report_id, ready.polls, ready.report_document_id, asked_next.report_id)
    assert bench.progress.next_report(bench.next_run(run), ASKED) is None


def test_a_pdf_is_kept_once_and_belongs_to_every_order_it_came_for(bench: Bench) -> None:
    """Twice for one order, once for another; and an order whose number it bears sees it although it did not come for it."""
    third = "171-0000003-0000001"
    run = scanned(bench, charge(), charge(key("L9", OTHER), name="T2"), charge(key("L5", third), name="T3", number="FR-1"))
    same, bare = paper("FR-1"), paper(None)
    for report, order in (("R1", ORDER), ("R2", ORDER), ("R3", OTHER)):
        bring(bench, run, same, order=order, report=report)
    bench.clock.sleep(1)
    bring(bench, run, bare, order=OTHER, report="R4")
    assert [[same], [same, bare], [same]] == [list(bench.progress.dossier(run, order).papers) for order in (ORDER, OTHER, third)]
    assert bench.progress.next_report(run, FETCHED) is not None


def test_the_last_report_says_whether_an_order_s_documents_failed(bench: Bench) -> None:
    """Lost, then asked again, then fetched."""
    run, failed = scanned(bench), list[bool]()
    for state in (LOST, ASKED, FETCHED, ReportState.FAILED, ReportState.NOTHING):
        bench.clock.sleep(1)
        bench.progress.keep_report(run, asked(f"R-{state}", bench.clock, state=state))
        failed.append(bench.progress.dossier(run, ORDER).report_failed)
    assert [True, False, False, True, False] == failed


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
    bench.progress.keep_numbers(run, [key(), key("L9", OTHER)], numbers, [], bench.clock.now())
    bring(bench, run, paper("FR-1"))
    scanned(bench, charge(key("L1"), total="9.00"), run=run)
    with bench.progress.writing(run.run_id) as book:
        own, elsewhere = book.statements(numbered(paper("FR-1"))), book.statements(numbered(paper("FR-1", copy="elsewhere")))
        nobody = book.statements(numbered(paper("FR-1"), "FR-1", Kind.CREDIT_NOTE))
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
        assert ("inv-1", 0, None, 0) == _standing(book.invoice([ORDER], found, "inv-1"))
        assert "inv-1" == book.invoice([ORDER, OTHER], found, "inv-2").invoice_id
    with bench.progress.writing(run.run_id) as book:
        assert "inv-1" == book.invoice([OTHER], found, "inv-3").invoice_id
        assert "inv-4" == book.invoice([OTHER], numbered(paper("FR-2"), "FR-2"), "inv-4").invoice_id
        assert "inv-5" == book.invoice([OTHER], numbered(paper("FR-1"), "FR-1", Kind.CREDIT_NOTE), "inv-5").invoice_id


def _standing(invoice: Invoice) -> tuple[str, int, str | None, int]:
    return invoice.invoice_id, invoice.revision, invoice.facts_hash, invoice.said


def test_a_settled_number_is_the_pdf_s(bench: Bench) -> None:
    """A PDF without a number is given one: from then on the number has its document."""
    run = scanned(bench)
    bench.clock.sleep(1)
    bench.progress.keep_numbers(run, [key()], [number("FR-1")], [], bench.clock.now())
    bring(bench, run, paper(None))
    following = scanned(bench, charge(), run=bench.next_run(run))
    assert [ORDER] == bench.progress.orders_to_request(following)
    say(bench, following, numbered(paper(None)))
    assert [] == bench.progress.orders_to_request(following)


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
        return book.invoice([ORDER], found, "inv-0").facts_hash


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

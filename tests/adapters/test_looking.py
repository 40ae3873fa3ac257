"""Which orders a run looks at: those with news, and those it saw of which something waits. In memory and in PostgreSQL."""

from collections.abc import Generator
from typing import Any

import pytest

from services.fetcher.domain.records import ReportState, Run
from services.fetcher.domain.reports import Outcome
from services.fetcher.domain.waiting import Wait, Waiting
from tests.adapters.amazon_answers import ORDER, OTHER, answer, asked, bring, charge, key, number, page, paper, settle, to_ask
from tests.adapters.fetcher_bench import Bench, open_bench

BOTH = (charge(), charge(key("L9", OTHER), name="T2"))


@pytest.fixture(params=["memory", "real"])
def bench(request: pytest.FixtureRequest) -> Generator[Bench]:
    """A schema in memory, then PostgreSQL."""
    with open_bench(request) as bench:
        yield bench


def see(bench: Bench, run: Run, *charges: dict[str, Any]) -> Run:
    """The run reads these payments, on one page."""
    bench.progress.scan(run.run_id)
    bench.progress.keep_page(run, page(*charges), bench.clock.now())
    return run


def to_look_at(bench: Bench, run: Run) -> list[str]:
    """The orders, by id."""
    return list(bench.progress.orders_to_look_at(run, "", 9))


def look(bench: Bench, run: Run, *waits: Wait) -> None:
    """Every order is looked at, and these things of them wait."""
    news = bench.progress.orders_to_look_at(run, "", 9)
    with bench.progress.writing(run.run_id) as book:
        book.looked_at(news)
    for order in news:
        settle(bench, run, *(wait for wait in waits if wait.order_id == order), order=order)


def test_orders_come_a_few_at_a_time(bench: Bench) -> None:
    """By id, behind the one given."""
    run = see(bench, bench.connect(), *BOTH)
    assert ([ORDER, OTHER], [ORDER], [OTHER], []) == (
        to_look_at(bench, run),
        *(list(bench.progress.orders_to_look_at(run, after, 1)) for after in ("", ORDER, OTHER)),
    )


def test_what_has_everything_is_not_looked_at_again(bench: Bench) -> None:
    """The next run's scan shows both payments again: only the one that changed is news."""
    run = see(bench, bench.connect(), *BOTH)
    look(bench, run)
    run = see(bench, bench.next_run(run), *BOTH)
    assert [] == to_look_at(bench, run)
    see(bench, run, charge(), charge(key("L9", OTHER), name="T2", total="9.00"))
    assert [OTHER] == to_look_at(bench, run)


@pytest.mark.parametrize("table", ["amazon_transaction", "order_line", "line_number", "wanted"])
def test_a_scan_without_news_writes_nothing(bench: Bench, table: str) -> None:
    """A day later the same two payments, one with a number: the rows are as they were, to the moment."""
    charges = (charge(number="FR-1"), charge(key("L9", OTHER), name="T2"))
    run = see(bench, bench.connect(), *charges)
    look(bench, run)
    before = bench.rows(table)
    see(bench, bench.next_run(run), *charges)
    assert before == bench.rows(table)
    assert len(before) > 0


def test_what_waits_is_looked_at_by_every_run_that_sees_it(bench: Bench) -> None:
    """It grows old. A run whose window does not reach back to it leaves it."""
    run = see(bench, bench.connect(), *BOTH)
    look(bench, run, Wait(ORDER, "", Waiting.NUMBER_UNKNOWN, bench.clock.now(), None))
    assert [] == to_look_at(bench, bench.next_run(run))
    run = see(bench, bench.next_run(run), *BOTH)
    assert [ORDER] == to_look_at(bench, run)


def test_what_a_run_left_is_looked_at_by_the_next(bench: Bench) -> None:
    """A run read the payments and got no further; the next one does not even see them."""
    run = see(bench, bench.connect(), *BOTH)
    assert [ORDER, OTHER] == to_look_at(bench, bench.next_run(run))


def test_answers_and_reports_are_news(bench: Bench) -> None:
    """An answer about numbers, and a report that ended with nothing."""
    run = see(bench, bench.connect(), *BOTH)
    look(bench, run)
    bench.progress.keep_outcomes(run, [Outcome(asked("R2", bench.clock, OTHER, ReportState.NOTHING))], bench.clock.now())
    assert [OTHER] == to_look_at(bench, run)
    answer(bench, run, [key()])
    assert [ORDER, OTHER] == to_look_at(bench, run)


def test_what_comes_in_while_an_order_is_looked_at_is_not_lost(bench: Bench) -> None:
    """The order was read, then a number came, then what was read was said: it is looked at once more."""
    run = see(bench, bench.connect(), charge())
    news = bench.progress.orders_to_look_at(run, "", 9)
    answer(bench, run, [key()], number("FR-1"))
    with bench.progress.writing(run.run_id) as book:
        book.looked_at(news)
    assert [ORDER] == to_look_at(bench, run)


def test_a_pdf_is_news_to_the_orders_whose_number_it_prints(bench: Bench) -> None:
    """It came for one order and prints the number of another, which had everything."""
    run = see(bench, bench.connect(), *BOTH)
    answer(bench, run, [key()], number("FR-1"))
    look(bench, run)
    bring(bench, run, paper("FR-1"), order=OTHER)
    assert [ORDER, OTHER] == to_look_at(bench, run)


def test_the_lines_beside_one_that_got_its_number_are_asked_in_the_same_run(bench: Bench) -> None:
    """
    two lines of one shipment and one of another, silent for three days; on the fourth money comes back for the first line
      it is asked and has its number: its neighbour is asked now, though its own turn is a day off; that stays silent and is left alone
    """
    first, beside, other = key("L1"), key("L2"), key("L3", shipment="S2")
    run = see(bench, bench.connect(), charge(first, beside, other))
    for _ in range(3):
        answer(bench, run, to_ask(bench, run))
        run = bench.next_run(run)
    answer(bench, run, to_ask(bench, run))
    run = see(bench, bench.next_run(run), charge(first, beside, other), charge(first, name="T2", kind="REFUND"))
    assert [first] == to_ask(bench, run)
    answer(bench, run, [first], number("FR-1", first))
    assert [beside] == to_ask(bench, run)
    answer(bench, run, [beside])
    assert [] == to_ask(bench, run)

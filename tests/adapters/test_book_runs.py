"""How a run adds up, in memory and in PostgreSQL: once, in whatever order, and again when its counts change."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import permutations

import pytest

from services.kernel.envelope import RunPosition, encode
from services.ledger.domain.standing import Outcome
from tests.adapters.bookshelf import Bookshelf, MemoryBookshelf, bookshelf
from tests.adapters.pages import OTHER, broken
from tests.integration.ledger.shelf import TOPIC, event
from tests.integration.ledger.test_runs import marker, parked_upstream, seven
from tests.simulation.memory.ledger_rows import OutcomeRow
from tests.unit.ledger.documents import held, invoice


def test_a_run_is_finished_once_in_whatever_order_its_records_come():
    """Each order of two documents and the marker, record by record, on a book of its own (memory: the real one is below)."""
    for order in permutations(range(3)):
        with bookshelf("memory", "") as book:
            _finish_in(book, order)


@pytest.mark.parametrize("order", list(permutations(range(3)))[::2])
def test_a_run_is_finished_by_the_last_of_its_records(book: Bookshelf, order: Sequence[int]):
    _finish_in(book, order)


def _finish_in(book: Bookshelf, order: Sequence[int]) -> None:
    said = [event(invoice(), run=("R-1", 1)), event(held(invoice_id="I-2"), run=("R-1", 2)), marker(2)]
    for place in order[:2]:
        book.receive(said[place])
        assert () == book.content().finished
    book.receive(said[order[2]])
    assert (("C-1", "R-1", 1, (2, 1, 0, 0, 1, 0, 0)),) == book.content().finished


def test_every_outcome_has_its_count_and_the_overtaken_count_as_archived(book: Bookshelf):
    late = event(invoice(OTHER, invoice_id="I-8", revision=1), n=9, run=("R-1", 9))
    book.receive(*seven()[:-1], event(invoice(invoice_id="I-8", revision=2), run=("R-1", 8)), late, marker(9))
    assert (("C-1", "R-1", 1, (9, 2, 1, 2, 1, 2, 1)),) == book.content().finished


def test_a_run_without_documents_is_finished_by_its_marker(book: Bookshelf):
    book.receive(marker(0), marker(0))
    book.receive(marker(0))
    assert (("C-1", "R-1", 1, (0, 0, 0, 0, 0, 0, 0)),) == book.content().finished


def test_a_parked_record_that_is_booked_later_makes_the_next_revision(book: Bookshelf):
    good = event(invoice(), run=("R-1", 1))
    book.receive(broken(good), marker(1))
    book.receive(good)
    book.receive(good, broken(good), marker(1))
    assert (("C-1", "R-1", 1, (1, 0, 0, 0, 0, 1, 0)), ("C-1", "R-1", 2, (1, 1, 0, 0, 0, 0, 0))) == book.content().finished
    assert (("C-1", "R-1", 1, "recorded"),) == book.content().outcomes


def test_the_twin_waits_for_a_copy_that_is_being_parked_elsewhere_and_then_counts_what_was_booked():
    """As tests/integration/ledger/test_runs.py shows of PostgreSQL: the other transaction commits while this one waits for the place."""
    book = MemoryBookshelf()
    book.receive(marker(1))
    with ExitStack() as elsewhere:
        other = elsewhere.enter_context(book.ledger.connection())
        assert other.table("outcome").insert(("C-1", "R-1", 1, 1), OutcomeRow(99, Outcome.PARKED))
        book.ledger.wait = elsewhere.close
        book.receive(event(invoice(), run=("R-1", 1)))
    assert (("C-1", "R-1", 1, (1, 1, 0, 0, 0, 0, 0)),) == book.content().finished


def test_the_first_outcome_and_the_first_marker_stay(book: Bookshelf):
    """Another event under a number that is taken; a second marker that says otherwise."""
    book.receive(event(invoice(), run=("R-1", 1)), marker(1))
    book.receive(event(held(invoice_id="I-2"), run=("R-1", 1)), parked_upstream(1), marker(2))
    book.receive(event(held(invoice_id="I-3"), run=("R-1", 2)))
    assert (("C-1", "R-1", 1, (1, 1, 0, 0, 0, 0, 0)),) == book.content().finished
    assert (("C-1", "R-1", 1, "recorded"), ("C-1", "R-1", 2, "held")) == book.content().outcomes


def test_a_redelivered_event_counts_nowhere_even_under_another_number(book: Bookshelf):
    first = event(invoice(), run=("R-1", 1))
    book.receive(first, first, replace(first, run=RunPosition("R-1", 2)))
    book.receive(replace(first, run=RunPosition("R-1", 2)), marker(2))
    assert (("C-1", "R-1", 1, "recorded"),) == book.content().outcomes
    assert () == book.content().finished


def test_a_run_belongs_to_one_company_and_counts_over_its_partitions(book: Bookshelf):
    """Case: a record whose key was lost on the way stands on another partition."""
    book.owner.take(partition=4)
    book.receive(marker(2), event(invoice(company_id="C-2"), run=("R-1", 2)), event(invoice(), run=("R-1", 1)))
    assert () == book.content().finished
    book.receive(replace(encode(event(invoice(invoice_id="I-2"), run=("R-1", 2)), TOPIC), key=b"\xff\xfe"), partition=4)
    assert (("C-1", "R-1", 1, (2, 1, 0, 0, 0, 1, 0)),) == book.content().finished


def test_numbers_outside_the_run_do_not_count(book: Bookshelf):
    book.receive(event(invoice(), run=("R-1", 0)), event(held(invoice_id="I-2"), run=("R-1", 3)), marker(2))
    book.receive(event(held(invoice_id="I-3"), run=("R-1", 1)), event(held(invoice_id="I-4"), run=("R-1", None)))
    assert () == book.content().finished
    book.receive(event(held(invoice_id="I-5"), run=("R-1", 2)))
    assert (("C-1", "R-1", 1, (2, 0, 0, 0, 2, 0, 0)),) == book.content().finished

"""VAT that was declared: what has VAT on it is posted behind the return, what has none stays, and the FEC says the true day."""

from datetime import date
from pathlib import Path

import pytest

from services.ledger.adapters.refusals import MonthLocked
from tests.adapters.hands import ACTOR, Hands
from tests.integration.ledger.validated import export
from tests.unit.ledger.documents import invoice

MARCH, LATE_MARCH, APRIL = date(2026, 3, 10), date(2026, 3, 31), date(2026, 4, 2)


def test_what_comes_after_the_return_is_posted_behind_it(hands: Hands):
    """
    three invoices: 10 March, 31 March, 2 April; VAT declared up to 31 March
      two wait that will move; validated: the March ones on 1 April, the April one on its own day
    """
    march, late, april = hands.book_invoices(MARCH, LATE_MARCH, APRIL)
    assert 2 == hands.deeds.file_vat(LATE_MARCH, "CA3 de mars")
    done = hands.deeds.validate("AC", [march, late, april])
    assert {march: date(2026, 4, 1), late: date(2026, 4, 1), april: APRIL} == {one.entry_id: one.entry_date for one in done}
    assert [("vat", LATE_MARCH, "CA3 de mars", ACTOR)] == hands.ask(
        "select deed, through, reason, actor from ledger.period_event join ledger.batch using (batch_id)"
    )
    assert [] == hands.unsound()


def test_what_has_no_vat_on_it_stays_in_its_month(hands: Hands):
    """A foreign invoice without VAT is in no return; one whose VAT the buyer owes himself is."""
    without, _ = hands.book_documents(invoice([("606400", 100_00, None)]), invoice(invoice_id="I-2", number="FR-2"))
    assert 1 == hands.deeds.file_vat(LATE_MARCH, "CA3")
    assert [MARCH] == [one.entry_date for one in hands.deeds.validate("AC", [without])]


def test_the_later_of_close_and_return_counts(hands: Hands):
    """March is declared, then April closed; the other way round, only the close."""
    (march,) = hands.book_invoices(MARCH)
    hands.deeds.file_vat(LATE_MARCH, "CA3")
    hands.deeds.close(2026, date(2026, 4, 30), waiting=1)
    assert [date(2026, 5, 1)] == [one.entry_date for one in hands.deeds.validate("AC", [march])]


def test_a_date_that_was_wrong_is_put_right(hands: Hands):
    """June instead of March: the next deed counts, also an earlier day."""
    (march,) = hands.book_invoices(MARCH)
    hands.deeds.file_vat(date(2026, 6, 30), "CA3")
    hands.deeds.file_vat(date(2026, 2, 28), "erreur de saisie")
    assert [MARCH] == [one.entry_date for one in hands.deeds.validate("AC", [march])]


def test_a_return_at_the_end_of_the_year_opens_the_next(hands: Hands):
    """An invoice of December that comes after December's return is posted on 1 January."""
    (december,) = hands.book_invoices(date(2026, 12, 20))
    hands.deeds.file_vat(date(2026, 12, 31), "CA3 de décembre")
    (done,) = hands.deeds.validate("AC", [december])
    assert (2027, date(2027, 1, 1)) == (done.fy, done.entry_date)


def test_a_reversal_leaves_a_declared_month_alone(hands: Hands):
    """Validated and declared in March, reversed later: the mirror is of April's return."""
    (march,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [march])
    hands.deeds.file_vat(LATE_MARCH, "CA3")
    assert date(2026, 4, 1) == hands.deeds.reverse(march).entry_date


def test_the_month_behind_the_return_may_be_locked(hands: Hands):
    (march,) = hands.book_invoices(MARCH)
    hands.deeds.file_vat(LATE_MARCH, "CA3")
    hands.deeds.lock(APRIL, "lock", "contrôle")
    with pytest.raises(MonthLocked, match="2026-04"):
        hands.deeds.validate("AC", [march])


def test_a_return_up_to_the_first_of_a_month_locks_nothing(hands: Hands):
    """A VAT deed is not taken for the month's last lock."""
    (march,) = hands.book_invoices(LATE_MARCH)
    hands.deeds.lock(MARCH, "lock", "contrôle")
    hands.deeds.file_vat(date(2026, 3, 1), "CA3")
    with pytest.raises(MonthLocked, match="2026-03"):
        hands.deeds.validate("AC", [march])


def test_the_fec_states_the_true_day_of_what_was_moved(hands: Hands, tmp_path: Path):
    """One that came after a return, one on its own day: EcritureDate is the open day, the label says the other."""
    march, april = hands.book_invoices(MARCH, APRIL)
    hands.deeds.file_vat(LATE_MARCH, "CA3")
    hands.deeds.validate("AC", [march, april])
    assert "Contrôle : aucun constat." == export(hands.book.shelf, tmp_path, provisional=False)[-1]
    rows = [line.split("\t") for line in next(tmp_path.glob("*2026????.txt")).read_text(encoding="utf-8").splitlines()[1:]]
    assert {
        ("20260401", "20260310", "Amazon Business — Papeterie Lyon — FR-1 — opération du 10/03/2026"),
        ("20260402", "20260402", "Amazon Business — Papeterie Lyon — FR-2"),
    } == {(row[3], row[9], row[10]) for row in rows}


def test_a_suspense_account_is_validated_by_whoever_means_it(hands: Hands):
    (entry,) = hands.book_documents(invoice([("471000", 100_00, "20")]))
    assert [entry] == [one.entry_id for one in hands.deeds.validate("AC", [entry], suspense=True)]

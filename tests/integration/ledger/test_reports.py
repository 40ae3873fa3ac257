"""The reports of a real book, as it is and as it was known."""

import json
from datetime import date, datetime
from typing import Any

import pytest

from services.kernel.postgres import PostgresStore
from services.ledger.adapters.reports import Period, ReportRefused, Reports, printed
from tests.integration.ledger.shelf import Shelf, event
from tests.integration.ledger.test_fec import command
from tests.integration.ledger.validated import supersede, three_purchases, validate
from tests.unit.ledger.documents import invoice

YEAR = Period("C-1", date(2026, 1, 1), date(2026, 12, 31), None, None)


def asked(shelf: Shelf, report: str, period: Period = YEAR) -> list[dict[str, Any]]:
    """The rows, through JSON."""
    store = PostgresStore(shelf.url, "ledger", pool_size=1)
    try:
        return [json.loads(line) for line in printed(report, Reports(store).rows(report, period), as_json=True)]
    finally:
        store.close()


def sums(shelf: Shelf, period: Period = YEAR) -> list[tuple[str, int, int, int]]:
    """Account, opening, debit and credit of the trial balance."""
    rows = asked(shelf, "balance", period)
    return [(row["account"], row["opening_cents"], row["debit_cents"], row["credit_cents"]) for row in rows]


def test_the_trial_balance_of_a_year(shelf: Shelf):
    """Three purchases, one of them unvalidated: every account once, debits = credits, and how much nobody has validated."""
    three_purchases(shelf)
    assert [("401000", 0, 0, 1_721_47), ("445660", 0, 286_91, 0), ("606300", 0, 1_234_56, 0), ("606400", 0, 200_00, 0)] == sums(shelf)
    assert [-120_00, 20_00, 0, 100_00] == [row["unvalidated_cents"] for row in asked(shelf, "balance")]


def test_what_is_older_is_the_opening_but_not_for_expenses_of_another_year(shelf: Shelf):
    """A purchase of March 2026 seen from June 2026 and from February 2027: the supplier is owed, the expense belongs to 2026."""
    shelf.receive(event(invoice()))
    june = Period("C-1", date(2026, 6, 1), date(2026, 6, 30), None, None)
    assert [("401000", -120_00, 0, 0), ("445660", 20_00, 0, 0), ("606400", 100_00, 0, 0)] == sums(shelf, june)
    shelf.tamper("insert into ledger.fiscal_year values ('C-1', 2027, '2027-01-01', '2027-12-31', '2026-12-31')")
    february = Period("C-1", date(2027, 2, 1), date(2027, 2, 28), None, None)
    assert [("401000", -120_00, 0, 0), ("445660", 20_00, 0, 0), ("606400", 0, 0, 0)] == sums(shelf, february)


def test_the_journal_has_numbers_where_entries_are_validated(shelf: Shelf):
    """By date and number; the unvalidated entry last of its day, without number."""
    three_purchases(shelf)
    rows = asked(shelf, "journal")
    assert [(1, "FR-2"), (2, "FR-1"), (None, "FR-3")] == list(dict.fromkeys((row["number"], row["piece_ref"]) for row in rows))
    assert 9 == len(rows)


def test_the_ledger_and_the_statement_carry_balances(shelf: Shelf):
    """Each account, each supplier: opening, lines, balance so far."""
    three_purchases(shelf)
    expenses = [row for row in asked(shelf, "ledger") if row["account"] == "606400"]
    assert [("Solde initial", 0), (expenses[1]["label"], 100_00), (expenses[2]["label"], 200_00)] == [
        (row["label"], row["balance_cents"]) for row in expenses
    ]
    statement = asked(shelf, "supplier", Period("C-1", YEAR.starts, YEAR.ends, None, "AMAZON"))
    assert [0, -1_481_47, -1_601_47, -1_721_47] == [row["balance_cents"] for row in statement]
    assert [] == asked(shelf, "supplier", Period("C-1", YEAR.starts, YEAR.ends, None, "NOBODY"))


def test_a_posting_date_moves_an_entry_and_the_instant_moves_it_back(shelf: Shelf):
    """An entry of 10 March is validated in April, posted on 1 April: since then it is of April; before, it was of March, without number."""
    shelf.receive(event(invoice()))
    shelf.tamper("update ledger.batch set recorded_at = '2026-03-11T08:00:00Z'")
    validate(shelf, "I-1", 1, day=date(2026, 4, 1), at="2026-04-02T08:00:00Z")
    march, april = (date(2026, 3, 1), date(2026, 3, 31)), (date(2026, 4, 1), date(2026, 4, 30))
    seen = {
        (days, instant): [row["number"] for row in asked(shelf, "journal", Period("C-1", *days, datetime.fromisoformat(instant), None))]
        for days in (march, april)
        for instant in ("2026-03-11T07:59:59+00:00", "2026-04-02T07:59:59+00:00", "2026-04-02T08:00:00+00:00")
    }
    assert [[], [None] * 3, [], [], [], [1] * 3] == list(seen.values())


def test_an_entry_that_another_took_the_place_of_is_known_until_then(shelf: Shelf):
    """I-1's entry is superseded by I-2's on 5 April: before, the books have I-1; since, only I-2."""
    shelf.receive(event(invoice()))
    shelf.tamper("update ledger.batch set recorded_at = '2026-03-11T08:00:00Z'")
    shelf.receive(event(invoice(invoice_id="I-2", number="FR-2")))
    shelf.tamper("update ledger.batch set recorded_at = '2026-04-05T08:00:00Z' where recorded_at <> '2026-03-11T08:00:00Z'")
    supersede(shelf, "I-1", "I-2", at="2026-04-05T08:00:00Z")
    instants = ("2026-04-05T07:59:59+00:00", "2026-04-05T08:00:00+00:00")
    pieces = [
        {row["piece_ref"] for row in asked(shelf, "journal", Period("C-1", YEAR.starts, YEAR.ends, datetime.fromisoformat(instant), None))}
        for instant in instants
    ]
    assert [{"FR-1"}, {"FR-2"}] == pieces


def test_what_cannot_be_reported_is_a_sentence(shelf: Shelf):
    """A company that the book does not know; a period that ends before it begins; an instant without its offset."""
    with pytest.raises(ReportRefused, match="le livre ne connaît pas l'entreprise C-9"):
        asked(shelf, "balance", Period("C-9", YEAR.starts, YEAR.ends, None, None))
    with pytest.raises(ReportRefused, match="avant de commencer"):
        asked(shelf, "balance", Period("C-1", YEAR.ends, YEAR.starts, None, None))


def test_the_command(shelf: Shelf):
    """The table on standard output, status 0; a sentence on standard error, status 2."""
    three_purchases(shelf)
    words = ("report", "balance", "--from", "2026-01-01", "--to", "2026-12-31", "--company")
    done = command(*words, "C-1", ACHATS_LEDGER_DATABASE_URL=shelf.url)
    assert (0, "") == (done.returncode, done.stderr)
    assert "401000;Fournisseurs;0,00;0,00;1721,47;-1721,47;-120,00" in done.stdout
    refused = command(*words, "C-9", ACHATS_LEDGER_DATABASE_URL=shelf.url)
    assert 2 == refused.returncode
    assert refused.stderr.endswith("L'état n'est pas fait: le livre ne connaît pas l'entreprise C-9. Vérifier --company.\n")
    assert 2 == command(*words, "C-1", "--as-of", "2026-04-01T08:00:00", ACHATS_LEDGER_DATABASE_URL=shelf.url).returncode

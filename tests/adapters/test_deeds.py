"""The life of an entry on a real PostgreSQL: validated, corrected, reversed, its period closed; each refusal for its own reason."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from shutil import copy

import psycopg
import pytest
from psycopg import DatabaseError

from schemas.values import LONGEST_TEXT
from services.kernel.migrate import migrate
from services.ledger.adapters import refusals
from services.ledger.adapters.refusals import CODES, DeedRefused
from services.ledger.handler import SERVICE
from tests.adapters.hands import ACTOR, Hands
from tests.integration.ledger.shelf import MIGRATIONS, event
from tests.unit.ledger.documents import held, invoice

MARCH, LATE_MARCH, APRIL, NEXT_YEAR = date(2026, 3, 10), date(2026, 3, 20), date(2026, 4, 2), date(2027, 1, 5)
TODAY = "(now() at time zone 'Europe/Paris')::date"


def test_a_validated_entry_has_a_number_its_date_and_the_day_of_validation(hands: Hands):
    """Numbers go by date, then by entry; the list of what waits is empty; the person's name is sealed."""
    late, early, april = hands.book_invoices(LATE_MARCH, MARCH, APRIL)
    done = hands.deeds.validate("AC", [late, april, early, early])
    assert [(early, "AC", 2026, 1, MARCH), (late, "AC", 2026, 2, LATE_MARCH), (april, "AC", 2026, 3, APRIL)] == [
        (one.entry_id, one.journal, one.fy, one.number, one.entry_date) for one in done
    ]
    assert {one.validated_on for one in done} == {day for (day,) in hands.ask(f"select {TODAY}")}
    assert [] == hands.todo()
    assert [("V", ACTOR)] == hands.ask(
        "select b.kind::text, b.actor from ledger.chain join ledger.batch as b using (batch_id) where seq = 2"
    )
    assert [] == hands.unsound()


def test_numbers_run_by_company_journal_and_fiscal_year(hands: Hands):
    this, following = hands.book_invoices(MARCH, NEXT_YEAR)
    (other,) = hands.book_documents(invoice(company_id="C-2", invoice_id="I-9"))
    hands.deeds.validate("AC", [following, this])
    hands.of("C-2").validate("AC", [other])
    assert [("AC", 2026, 1, this, MARCH), ("AC", 2027, 1, following, NEXT_YEAR), ("AC", 2026, 1, other, MARCH)] == hands.numbers()


def test_numbers_have_no_hole_after_what_was_undone(hands: Hands):
    """Two validations are undone, one by hand and one by the check at commit; the next ones go on without a hole."""
    first, second, third = hands.book_invoices(MARCH, LATE_MARCH, APRIL)
    hands.deeds.validate("AC", [first])
    with hands.session() as undone:
        undone.execute("select ledger.validate('C-1', 'AC', array[%s::bigint], 'me')", [second])
        undone.rollback()
        undone.execute("select ledger.validate('C-1', 'AC', array[%s::bigint], 'me')", [second])
        with pytest.raises(DatabaseError, match="no such entry"):
            undone.execute("select ledger.validate('C-1', 'AC', array[7::bigint], 'me')")
    hands.deeds.validate("AC", [third])
    hands.deeds.validate("AC", [second])
    assert [(1, first), (2, third), (3, second)] == [(number, entry) for _, _, number, entry, _ in hands.numbers()]


def test_the_day_of_validation_never_goes_back(hands: Hands):
    first, second = hands.book_invoices(MARCH, MARCH)
    hands.deeds.validate("AC", [first])
    hands.book.shelf.tamper("update ledger.counter set last_on = '2100-01-01'")
    (done,) = hands.deeds.validate("AC", [second])
    assert (2, date(2100, 1, 1)) == (done.number, done.validated_on)


def test_what_is_validated_after_the_close_goes_to_the_first_open_day(hands: Hands):
    """Of its own year, or of the next when its own is closed whole (PCG 1031-4)."""
    march, april = hands.book_invoices(MARCH, APRIL)
    hands.deeds.close(2026, date(2026, 3, 31), waiting=1)
    (done,) = hands.deeds.validate("AC", [march])
    assert (2026, date(2026, 4, 1)) == (done.fy, done.entry_date)
    hands.deeds.close(2026, date(2026, 12, 31), waiting=1)
    (done,) = hands.deeds.validate("AC", [april])
    assert (2027, 1, date(2027, 1, 1)) == (done.fy, done.number, done.entry_date)


def test_a_correction_before_validation_supersedes(hands: Hands):
    """The invoice stands on the new entry, which waits; the old one has its fate for ever; a repeat of the event changes nothing."""
    (first,) = hands.book_invoices(MARCH)
    second = hands.deeds.recode(first, {"606400": "606300"})
    assert [(first, second)] == hands.ask("select entry_id, by_entry from ledger.fate")
    assert [second] == hands.todo()
    assert [(["606300", "445660", "401000"], [100_00, 20_00, -120_00])] == hands.ask(
        f"select account, cents from ledger.entry where entry_id = {second}"
    )
    third = hands.deeds.recode(second, {"606300": "606800"})
    hands.book.receive(event(invoice(number="FR-1")), event(invoice(number="FR-1", revision=2), n=2))
    assert [(1, first), (2, second), (3, third), (4, third)] == hands.ask("select version, entry_id from ledger.invoice order by 1")
    assert [third] == hands.todo()
    assert [] == hands.unsound()


def test_another_posting_after_a_correction_is_a_conflict(hands: Hands):
    (first,) = hands.book_invoices(MARCH)
    second = hands.deeds.recode(first, {"606400": "606300"})
    hands.book.receive(event(invoice([("606400", 90_00, "20")], revision=2), n=2))
    assert [("held", "conflict", second)] == hands.ask("select outcome, hold_reason, entry_id from ledger.invoice where version = 3")


def test_a_reversal_is_the_exact_mirror_with_its_own_number(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [entry])
    done = hands.deeds.reverse(entry)
    assert (2, MARCH) == (done.number, done.entry_date)
    assert [(done.entry_id, entry)] == hands.ask("select entry_id, reversed from ledger.reversal")
    assert [(["606400", "445660", "401000"], [-100_00, -20_00, 120_00], "FR-1")] == hands.ask(
        f"select account, cents, piece_ref from ledger.entry where entry_id = {done.entry_id}"
    )
    assert [] == hands.todo()
    assert [] == hands.unsound()


def test_a_correction_after_validation_is_a_reversal_and_a_new_entry(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [entry])
    new = hands.deeds.recode(entry, {"606400": "606300"})
    assert [new] == hands.todo()
    assert [(new - 1, entry)] == hands.ask("select entry_id, reversed from ledger.reversal")
    assert [(1, entry), (2, new - 1)] == [(number, one) for _, _, number, one, _ in hands.numbers()]
    assert [(1, entry), (2, new)] == hands.ask("select version, entry_id from ledger.invoice order by 1")
    hands.deeds.validate("AC", [new])
    assert [("606300", 100_00)] == hands.ask(
        "select account, sum(debit_cents - credit_cents)::bigint from ledger.line where account like '6%' group by 1 having "
        "sum(debit_cents - credit_cents) <> 0"
    )


def test_a_reversal_of_a_closed_month_goes_to_the_first_open_day(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [entry])
    hands.deeds.close(2026, date(2026, 3, 31), waiting=0)
    assert date(2026, 4, 1) == hands.deeds.reverse(entry).entry_date


def test_the_label_of_a_reversal_keeps_its_length(hands: Hands):
    (entry,) = hands.book_documents(invoice(number="N" * 200))
    hands.book.shelf.tamper("update ledger.entry set label = rpad('x', 500, 'x')")
    hands.deeds.validate("AC", [entry])
    hands.deeds.reverse(entry)
    assert [(LONGEST_TEXT, "Contre-passation AC 2026 n° 1 : xxx")] == hands.ask(
        "select length(label), left(label, 35) from ledger.entry order by entry_id desc limit 1"
    )


def test_a_month_is_locked_and_unlocked_with_a_reason(hands: Hands):
    march, april = hands.book_invoices(MARCH, APRIL)
    hands.deeds.lock(MARCH, "lock", "TVA de mars déposée")
    hands.deeds.validate("AC", [april])
    with pytest.raises(refusals.MonthLocked, match=r"2026-03\. Le déverrouiller"):
        hands.deeds.validate("AC", [march])
    hands.deeds.lock(LATE_MARCH, "unlock", "facture oubliée")
    hands.deeds.validate("AC", [march])
    assert [
        ("lock", date(2026, 3, 1), date(2026, 3, 31), "TVA de mars déposée", ACTOR),
        ("unlock", date(2026, 3, 1), date(2026, 3, 31), "facture oubliée", ACTOR),
    ] == hands.ask(
        "select deed, from_day, through, reason, actor from ledger.period_event join ledger.batch using (batch_id) order by batch_id"
    )
    assert [] == hands.unsound()


def test_closing_goes_on_and_opens_the_next_year(hands: Hands):
    hands.book_invoices(MARCH)
    hands.deeds.close(2026, date(2026, 3, 31), waiting=1)
    hands.deeds.close(2026, date(2026, 12, 31), waiting=1)
    assert [
        (2026, date(2026, 1, 1), date(2026, 12, 31), date(2026, 12, 31)),
        (2027, date(2027, 1, 1), date(2027, 12, 31), date(2026, 12, 31)),
    ] == hands.ask("select fy, starts, ends, closed_through from ledger.fiscal_year order by fy")
    assert [("close", date(2026, 1, 1), date(2026, 3, 31)), ("close", date(2026, 4, 1), date(2026, 12, 31))] == hands.ask(
        "select deed, from_day, through from ledger.period_event order by batch_id"
    )


def _validated(hands: Hands) -> int:
    (entry,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [entry])
    return entry


def _superseded(hands: Hands) -> int:
    (entry,) = hands.book_invoices(MARCH)
    hands.deeds.recode(entry, {"606400": "606300"})
    return entry


def _reversed(hands: Hands) -> int:
    entry = _validated(hands)
    hands.deeds.reverse(entry)
    return entry


def _waiting(hands: Hands, *days: date) -> int:
    return hands.book_invoices(*(days or (MARCH,)))[0]


def _closed_year(hands: Hands) -> int:
    entry = _waiting(hands)
    hands.book.shelf.tamper("update ledger.fiscal_year set closed_through = ends")
    return entry


def _other_company(hands: Hands) -> int:
    hands.book.receive(event(held(invoice_id="I-2")))
    return hands.book_documents(invoice(company_id="C-2", invoice_id="I-9"))[0]


def _on_suspense(hands: Hands) -> int:
    return hands.book_documents(invoice([("471000", 100_00, "20")]))[0]


def _locked(hands: Hands) -> None:
    _waiting(hands)
    hands.deeds.lock(MARCH, "lock", "TVA")


RECODED = {"606400": "606300"}
REFUSED: dict[str, tuple[type[DeedRefused], Callable[[Hands], object]]] = {
    "nobody answers": (refusals.ActorMissing, lambda on: on.of(actor=" \u00a0").validate("AC", [_waiting(on)])),
    "a name of two lines": (refusals.ActorMissing, lambda on: on.of(actor="a\nb").validate("AC", [_waiting(on)])),
    "unknown company": (refusals.CompanyUnknown, lambda on: on.of("C-9").validate("AC", [_waiting(on)])),
    "unknown entry": (refusals.EntryUnknown, lambda on: on.deeds.validate("AC", [_waiting(on), 7])),
    "another company's entry": (refusals.EntryOfAnother, lambda on: on.deeds.validate("AC", [_other_company(on)])),
    "another journal's entry": (refusals.JournalOfAnother, lambda on: on.deeds.validate("OD", [_waiting(on)])),
    "validated twice": (refusals.AlreadyValidated, lambda on: on.deeds.validate("AC", [_validated(on)])),
    "validated after it was superseded": (refusals.AlreadySuperseded, lambda on: on.deeds.validate("AC", [_superseded(on)])),
    "no year is open": (refusals.NoOpenDay, lambda on: on.deeds.validate("AC", [_closed_year(on)])),
    "nothing chosen": (refusals.NothingChosen, lambda on: on.deeds.validate("AC", [])),
    "superseded twice": (refusals.AlreadySuperseded, lambda on: on.deeds.recode(_superseded(on), RECODED)),
    "unknown entry corrected": (refusals.EntryUnknown, lambda on: on.deeds.recode(_waiting(on) + 1, RECODED)),
    "another company's entry corrected": (refusals.EntryOfAnother, lambda on: on.deeds.recode(_other_company(on), RECODED)),
    "corrected to no account of the chart": (refusals.AccountUnknown, lambda on: on.deeds.recode(_waiting(on), {"606400": "606999"})),
    "an account that no line has": (refusals.AccountUnknown, lambda on: on.deeds.recode(_waiting(on), {"606500": "606300"})),
    "reversed before validation": (refusals.NotValidated, lambda on: on.deeds.reverse(_waiting(on))),
    "reversed after it was superseded": (refusals.AlreadySuperseded, lambda on: on.deeds.reverse(_superseded(on))),
    "reversed twice": (refusals.AlreadyReversed, lambda on: on.deeds.reverse(_reversed(on))),
    "corrected after it was reversed": (refusals.AlreadyReversed, lambda on: on.deeds.recode(_reversed(on), RECODED)),
    "a reversal reversed": (refusals.ReversalStands, lambda on: on.deeds.reverse(_reversed(on) and on.ids()[-1])),
    "a reversal corrected": (refusals.ReversalStands, lambda on: on.deeds.recode(_reversed(on) and on.ids()[-1], RECODED)),
    "another company's entry reversed": (refusals.EntryOfAnother, lambda on: on.deeds.reverse(_other_company(on))),
    "an unknown year closed": (refusals.YearUnknown, lambda on: on.deeds.close(2020, date(2020, 1, 31), _waiting(on) and 0)),
    "closed again": (refusals.NotFurther, lambda on: [_waiting(on), *(on.deeds.close(2026, date(2026, 2, 28), 0) for _ in "12")]),
    "closed beyond the year": (refusals.NotFurther, lambda on: on.deeds.close(2026, date(2027, 1, 31), _waiting(on) and 1)),
    "an earlier year is open": (
        refusals.EarlierYearOpen,
        lambda on: on.deeds.close(2027, date(2027, 12, 31), _waiting(on, MARCH, NEXT_YEAR) and 2),
    ),
    "what waits was not acknowledged": (
        refusals.WaitingNotAcknowledged,
        lambda on: on.deeds.close(2026, date(2026, 3, 31), _waiting(on) and 0),
    ),
    "locked twice": (refusals.LockedSo, lambda on: [_locked(on), on.deeds.lock(MARCH, "lock", "TVA")]),
    "unlocked without a lock": (refusals.LockedSo, lambda on: [_waiting(on), on.deeds.lock(MARCH, "unlock", "TVA")]),
    "a closed month locked": (
        refusals.ClosedForGood,
        lambda on: [_waiting(on), on.deeds.close(2026, date(2026, 3, 31), 1), on.deeds.lock(MARCH, "lock", "TVA")],
    ),
    "locked for no reason": (refusals.ReasonMissing, lambda on: [_waiting(on), on.deeds.lock(MARCH, "lock", " ")]),
    "a month of no year locked": (refusals.YearUnknown, lambda on: [_waiting(on), on.deeds.lock(date(2020, 1, 1), "lock", "TVA")]),
    "VAT declared for no reason": (refusals.ReasonMissing, lambda on: [_waiting(on), on.deeds.file_vat(MARCH, " ")]),
    "VAT declared of no year": (refusals.YearUnknown, lambda on: [_waiting(on), on.deeds.file_vat(date(2062, 3, 31), "TVA")]),
    "VAT of an unknown company": (refusals.CompanyUnknown, lambda on: on.of("C-9").file_vat(MARCH, "TVA")),
    "VAT declared twice": (refusals.VatFiledSo, lambda on: [_waiting(on), *(on.deeds.file_vat(MARCH, "TVA") for _ in "12")]),
    "switched on twice": (refusals.AutomaticSo, lambda on: [_waiting(on), *(on.deeds.automatic(True) for _ in "12")]),
    "switched off before it was on": (refusals.AutomaticSo, lambda on: [_waiting(on), on.deeds.automatic(False)]),
    "switched on for an unknown company": (refusals.CompanyUnknown, lambda on: on.of("C-9").automatic(True)),
    "validated on a suspense account": (refusals.OnSuspense, lambda on: on.deeds.validate("AC", [_on_suspense(on)])),
    "validated in a locked month": (refusals.MonthLocked, lambda on: [_locked(on), on.deeds.validate("AC", [on.ids()[0]])]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_has_its_own_reason_and_writes_nothing(hands: Hands, name: str):
    reason, deed = REFUSED[name]
    with pytest.raises(reason, match=re.escape(reason.next_action)):
        deed(hands)
    batches = hands.ask("select count(*) from ledger.batch")
    assert hands.ask("select count(*) from ledger.chain") == batches
    assert [] == hands.unsound()


def test_every_code_of_the_functions_has_its_sentence():
    """LG031 is the one that only a race meets; LG032 has its cases in test_currency.py, those of papers theirs in test_papers.py."""
    written = {file.name: set(re.findall(r"LG0[1-9]\d", file.read_text(encoding="utf-8"))) for file in MIGRATIONS.glob("*.sql")}
    assert CODES.keys() == set.union(*written.values())
    of_deeds = {CODES[code] for code in written["0006_deeds.sql"] | written["0009_daily.sql"]}
    assert of_deeds - {reason for reason, _ in REFUSED.values()} == {refusals.ChangedMeanwhile, refusals.CurrencyMismatched}


def test_a_book_sealed_in_the_old_form_is_refused(database_url: str, tmp_path: Path):
    """A batch is written and sealed under migrations 0001 to 0006; 0007 says what to do, and changes nothing (decision 0070)."""
    for file in sorted(MIGRATIONS.glob("000[1-6]*.sql")):
        copy(file, tmp_path)
    migrate(database_url, SERVICE, tmp_path, with_outbox=True)
    with psycopg.connect(database_url) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("insert into ledger.chain values (3, 1, 1, 'x', 'x', 'x')")
    with pytest.raises(DatabaseError, match="start with an empty database"):
        migrate(database_url, SERVICE, MIGRATIONS, with_outbox=True)
    with psycopg.connect(database_url) as connection:
        assert (None,) == connection.execute("select to_regclass('ledger.sealed')").fetchone()

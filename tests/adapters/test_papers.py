"""Papers on a real PostgreSQL: imported whole or not at all, once, settled and lettered; each refusal for its own reason."""

import json
import re
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from threading import Barrier

import pytest

from schemas.invoice_classified.v1 import ClassifiedVat
from services.kernel.postgres import PostgresStore
from services.ledger.adapters import refusals
from services.ledger.adapters.papers.files import Row
from services.ledger.adapters.papers.taking import Imported, LinesRefused, Papers
from services.ledger.adapters.refusals import CODES
from tests.adapters.hands import ACTOR, Hands
from tests.adapters.test_papers_attacks import said
from tests.integration.ledger.shelf import MIGRATIONS
from tests.unit.ledger.documents import COMPANY, invoice

MARCH, APRIL = date(2026, 3, 10), date(2026, 4, 10)
LETTERS = (
    "select l.account, l.auxiliary, l.letter, array_agg(e.piece_ref order by e.entry_id)::text[] from ledger.lettering as l "
    "join ledger.entry as e using (entry_id) group by 1, 2, 3 order by 1, 2, length(l.letter), 3"
)


class Desk:
    """A person who imports papers of company C-1."""

    def __init__(self, hands: Hands) -> None:
        self.hands, self._store = hands, PostgresStore(hands.book.shelf.url, "ledger", pool_size=1)

    def of(self, company: str = COMPANY, actor: str = ACTOR) -> Papers:
        """Another person or company."""
        return Papers(self._store, company, actor)

    def take(self, *papers: dict[str, str]) -> Imported:
        """These papers in one file."""
        return self.of().take([Row(line, said) for line, said in enumerate(papers, 1)])

    def refused(self, *papers: dict[str, str]) -> str:
        """Why the file is refused; nothing is written then."""
        before = self.hands.ask("select count(*) from ledger.batch")
        with pytest.raises(LinesRefused) as refusal:
            self.take(*papers)
        assert before == self.hands.ask("select count(*) from ledger.batch")
        return str(refusal.value)

    def lines(self, entry: int) -> list[tuple[str, str | None, int]]:
        """Account, auxiliary and cents of an entry."""
        rows = self.hands.ask(f"select account, auxiliary, debit_cents - credit_cents from ledger.line where entry_id = {entry} order by n")
        return [(row[0], row[1], row[2]) for row in rows]

    def close(self) -> None:
        """End the session."""
        self._store.close()


@pytest.fixture(name="desk")
def desk_of(hands: Hands) -> Generator[Desk]:
    """An empty book and a person with papers."""
    desk = Desk(hands)
    yield desk
    desk.close()


def payment(settles: str, paid: str, number: str = "BQ-1", **more: str) -> dict[str, str]:
    """A payment of 10 April to the supplier of the test invoices."""
    return {"kind": "payment", "number": number, "date": "2026-04-10", "supplier": "AMAZON", "paid": paid, "settles": settles, **more}


def test_a_payment_settles_and_letters(desk: Desk):
    """120.00 owed, paid whole: an entry of the bank « À traiter », letter AA on both lines; sealed; the person is named."""
    (owed,) = desk.hands.book_invoices(MARCH)
    imported = desk.take(payment("FR-1", "120.00"))
    ((_, (entry,)),) = imported.papers
    assert [("401000", "AMAZON", 120_00), ("512000", None, -120_00)] == desk.lines(entry)
    assert [("401000", "AMAZON", "AA", ["FR-1", "BQ-1"])] == desk.hands.ask(LETTERS)
    assert [owed, entry] == desk.hands.todo()
    assert [("M", ACTOR)] == desk.hands.ask("select kind::text, actor from ledger.batch where actor is not null")
    assert [] == desk.hands.unsound()
    (done,) = desk.hands.deeds.validate("BQ", [entry])
    assert ("BQ", 2026, 1, APRIL) == (done.journal, done.fy, done.number, done.entry_date)


def test_the_same_paper_again_is_said_and_books_nothing(desk: Desk):
    """Again in another file, again in the same one; with another amount it is refused."""
    desk.hands.book_invoices(MARCH)
    desk.take(payment("FR-1", "50.00"))
    imported = desk.take(payment("FR-1", "50,00"), payment("FR-1", "70.00", "BQ-2"), payment("FR-1", "70.00", "BQ-2"))
    assert [0, 1, 0] == [len(entries) for _, entries in imported.papers]
    assert [("401000", "AMAZON", "AA", ["FR-1", "BQ-1", "BQ-2"])] == desk.hands.ask(LETTERS)
    assert "Ligne 1 : Cette pièce est déjà dans le livre avec un autre contenu : BQ-1." in desk.refused(payment("FR-1", "51.00"))
    before = desk.hands.ask("select count(*) from ledger.batch")
    assert [()] == [tuple(entries) for _, entries in desk.take(payment("FR-1", "50.00")).papers]
    assert before == desk.hands.ask("select count(*) from ledger.batch")


def test_one_payment_for_several_invoices_and_a_credit_note(desk: Desk):
    """120 + 120 less a credit note of 30: one line of 210, one letter."""
    desk.hands.book_invoices(MARCH, MARCH)
    credit = invoice([("606400", 25_00, "20")], type="credit_note", invoice_id="I-9", number="AV-9")
    desk.hands.book_documents(credit)
    desk.take(payment("FR-1=120|FR-2=120|AV-9=-30", "210"))
    assert [("401000", "AMAZON", "AA", ["FR-1", "FR-2", "AV-9", "BQ-1"])] == desk.hands.ask(LETTERS)


def test_partial_payments_have_their_letter_with_the_last(desk: Desk):
    desk.hands.book_invoices(MARCH, MARCH)
    desk.take(payment("FR-1=20", "20"), payment("FR-1=40|FR-2=120", "160", "BQ-2"))
    assert [] == desk.hands.ask(LETTERS)
    assert "Ce montant dépasse ce qui reste à régler de cette pièce : FR-1, 60,00." in desk.refused(payment("FR-1=60.01", "60.01", "BQ-3"))
    desk.take(payment("FR-1", "60", "BQ-3"))
    assert [("401000", "AMAZON", "AA", ["FR-1", "FR-2", "BQ-1", "BQ-2", "BQ-3"])] == desk.hands.ask(LETTERS)
    assert "Cette pièce est déjà réglée : FR-1." in desk.refused(payment("FR-1=1", "1", "BQ-4"))


def test_assets_are_paid_on_their_own_account(desk: Desk):
    """A computer and paper on one invoice: 404 and 401, each its letter."""
    desk.hands.book_documents(invoice([("218300", 900_00, "20"), ("606400", 100_00, "20")]))
    ((_, (entry,)),) = desk.take(payment("FR-1", "1200")).papers
    assert [("401000", "AMAZON", 300_00), ("404000", "AMAZON", 900_00), ("512000", None, -1200_00)] == desk.lines(entry)
    assert [("401000", "AA"), ("404000", "AA")] == [(account, letter) for account, _, letter, _ in desk.hands.ask(LETTERS)]


def test_letters_of_an_account_have_no_hole_and_none_is_given_twice(desk: Desk):
    desk.hands.book_invoices(*[MARCH] * 3)
    desk.take(payment("FR-1", "120"))
    desk.of().unletter("401000", "AMAZON", "AA")
    desk.take(payment("FR-2", "120", "BQ-2"))
    owed, paid = desk.hands.ask("select entry_id from ledger.entry where piece_ref in ('FR-1', 'BQ-1') order by 1")
    assert "AC" == desk.of().letter("401000", "AMAZON", [owed[0], paid[0]])
    assert ["AA", "AB", "AC"] == [letter for _, _, letter, _ in desk.hands.ask(LETTERS)]
    assert [] == desk.hands.unsound()


def test_all_bad_lines_are_said_at_once_and_nothing_is_written(desk: Desk):
    desk.hands.book_invoices(MARCH)
    said = desk.refused(payment("FR-1", "120"), payment("FR-7", "1", "BQ-2"), payment("FR-1", "x", "BQ-3"), {"kind": "gift"})
    assert [
        "Ligne 3 : Cette valeur n'est pas lisible : paid, x.",
        "Ligne 4 : Ce genre de pièce n'est pas connu : gift.",
        "Rien n'est importé",
    ] == [line.split(" Dates")[0].split(" Choisir")[0] for line in said.splitlines()]
    said = desk.refused(payment("FR-1", "120"), payment("FR-7", "1", "BQ-2"))
    assert said.startswith("Ligne 2 : Aucune pièce de ce fournisseur ne porte ce numéro dans le livre : AMAZON, FR-7.")


def test_a_reversed_payment_leaves_the_debt_open_again(desk: Desk):
    """Its letter is taken away first; then the invoice is paid by another one, under the next letter."""
    desk.hands.book_invoices(MARCH)
    ((_, (wrong,)),) = desk.take(payment("FR-1", "120")).papers
    desk.hands.deeds.validate("BQ", [wrong])
    with pytest.raises(refusals.LetteredStands, match="AA"):
        desk.hands.deeds.reverse(wrong)
    desk.of().unletter("401000", "AMAZON", "AA")
    desk.hands.deeds.reverse(wrong)
    desk.take(payment("FR-1", "120", "BQ-2"))
    assert [("AA", ["FR-1", "BQ-1"]), ("AB", ["FR-1", "BQ-2"])] == [(letter, pieces) for _, _, letter, pieces in desk.hands.ask(LETTERS)]
    assert [] == desk.hands.unsound()


def test_a_corrected_invoice_is_paid_as_it_stands(desk: Desk):
    """The invoice was corrected twice, before and after its validation: the payment settles the last entry."""
    (first,) = desk.hands.book_invoices(MARCH)
    second = desk.hands.deeds.recode(first, {"606400": "606300"})
    desk.hands.deeds.validate("AC", [second])
    third = desk.hands.deeds.recode(second, {"606300": "606800"})
    desk.take(payment("FR-1", "120"))
    assert [(third,)] == desk.hands.ask("select settled_entry from ledger.settlement")


def test_an_entry_of_a_paper_is_corrected_and_its_correction_paid(desk: Desk):
    """A carrier's bill in dollars on the wrong account, before and after its validation; amounts in dollars go with it."""
    bill = {"kind": "bill", "number": "T-1", "date": "2026-03-10", "supplier": "CARR1", "lines": "606400=250"}
    desk.hands.book_invoices(MARCH)
    ((_, (first,)),) = desk.take({**bill, "currency": "USD", "exchange_rate": "1.25"}).papers
    second = desk.hands.deeds.recode(first, {"606400": "624100"})
    desk.hands.deeds.validate("AC", [second])
    third = desk.hands.deeds.recode(second, {"624100": "607000"})
    assert [("607000", None, 200_00), ("401000", "CARR1", -200_00)] == desk.lines(third)
    pay = {"supplier": "CARR1", "currency": "USD"}
    ((_, (paid,)),) = desk.take(payment("T-1=250", "199", **pay)).papers
    assert [("401000", "CARR1", 200_00), ("756000", None, -1_00), ("512000", None, -199_00)] == desk.lines(paid)
    assert [[250_00, -250_00], [250_00, -250_00], [-250_00, 250_00], [250_00, -250_00], [250_00, None, None]] == [
        cents for (cents,) in desk.hands.ask("select currency_cents from ledger.entry where currency = 'USD' order by entry_id")
    ]
    assert [] == desk.hands.unsound()


def test_vat_that_waits_for_payment_is_found_in_the_book(desk: Desk):
    """A service of 36.00, paid in two parts in two imports: the second knows what the first released (CGI 269-2-c)."""
    waiting = ClassifiedVat(rate="20", base_cents=30_00, vat_cents=6_00, regime="domestic", waits_for="payment")
    desk.hands.book_documents(invoice([("651100", 30_00, "20")], vat=(waiting,)))
    desk.take(payment("FR-1", "12"))
    ((_, (_, vat)),) = desk.take(payment("FR-1", "24", "BQ-2")).papers
    assert [("445660", None, 4_00), ("445801", None, -4_00)] == desk.lines(vat)
    assert [(0,)] == desk.hands.ask("select sum(debit_cents - credit_cents)::bigint from ledger.line where account = '445801'")


def test_an_invoice_may_be_named_by_its_id(desk: Desk):
    """Two sellers gave the same number: the number alone is refused, the ids are not; one document by both names is refused."""
    desk.hands.book_documents(invoice(), invoice(invoice_id="I-2"))
    assert "Plusieurs pièces de ce fournisseur portent ce numéro : FR-1." in desk.refused(payment("FR-1", "120"))
    assert "Une même pièce est citée deux fois : BQ-1." in desk.refused(payment("I-1=60|I-1=60", "120"))
    desk.take(payment("I-1|I-2=120", "240"))
    assert [("AA", 3)] == desk.hands.ask("select letter, count(*) from ledger.lettering group by 1")


def test_what_an_advance_left_is_paid_although_its_use_bears_the_invoice_s_number(desk: Desk):
    """Of 120.00, 50.00 were paid beforehand; the use is FR-1 like the invoice, and is nothing to be paid. Two accounts, two letters."""
    desk.hands.book_invoices(MARCH)
    base = {"supplier": "AMAZON", "date": "2026-03-10"}
    advance = {**base, "kind": "advance", "number": "A-1", "paid": "50"}
    desk.take(advance, {**base, "kind": "advance_use", "number": "FR-1", "advance": "A-1", "invoice": "FR-1"})
    assert "Ce montant dépasse ce qui reste à régler de cette pièce : FR-1, 70,00." in desk.refused(payment("FR-1=71", "71"))
    desk.take(payment("FR-1", "70"))
    assert [("401000", "AMAZON", "AA", ["FR-1", "FR-1", "BQ-1"]), ("409100", "AMAZON", "AA", ["A-1", "FR-1"])] == desk.hands.ask(LETTERS)
    assert "Aucune pièce de ce fournisseur ne porte ce numéro" in desk.refused(payment("BQ-1", "1", "BQ-2"))


def test_a_bill_and_its_payment_may_come_in_one_file(desk: Desk):
    desk.hands.book_invoices(MARCH)
    bill = {"kind": "bill", "number": "T-1", "date": "2026-03-10", "supplier": "CARR1", "lines": "624100=10@20"}
    desk.take(bill, payment("T-1", "12", supplier="CARR1"))
    assert [("401000", "CARR1", "AA", ["T-1", "BQ-1"])] == desk.hands.ask(LETTERS)


def test_papers_of_a_closed_day_move_and_those_of_an_inventory_are_refused(desk: Desk):
    """March is closed, then April while the payment waits: its date is the one that validation fixes."""
    desk.hands.book_invoices(MARCH)
    desk.hands.deeds.close(2026, date(2026, 3, 31), 1)
    ((_, (entry,)),) = desk.take({**payment("FR-1", "120"), "date": "2026-03-28"}).papers
    assert [(date(2026, 4, 1), "Règlement FR-1 — opération du 28/03/2026")] == desk.hands.ask(
        f"select entry_date, label from ledger.entry where entry_id = {entry}"
    )
    accrual = {"kind": "accrual", "number": "F-1", "date": "2026-03-31", "supplier": "AMAZON", "lines": "606400=1"}
    assert "Ce jour est clôturé" in desk.refused(accrual)
    desk.hands.deeds.close(2026, date(2026, 4, 30), 2)
    (done,) = desk.hands.deeds.validate("BQ", [entry])
    assert date(2026, 5, 1) == done.entry_date


def test_the_reversal_of_an_accrual_opens_the_year_it_needs(desk: Desk):
    desk.hands.book_invoices(MARCH)
    accrual = {"kind": "accrual", "number": "F-1", "date": "2026-12-31", "supplier": "AMAZON", "lines": "606400=100@20"}
    ((_, entries),) = desk.take(accrual).papers
    done = desk.hands.deeds.validate("OD", entries)
    assert [(2026, 1, date(2026, 12, 31)), (2027, 1, date(2027, 1, 1))] == [(one.fy, one.number, one.entry_date) for one in done]


def test_papers_are_passed_by_and_what_comes_behind_is_announced(desk: Desk):
    """A payment, its validation and its reversal say nothing; the next invoice is announced (decision 0075)."""
    desk.hands.book_invoices(MARCH)
    desk.hands.book.announced()
    ((_, (entry,)),) = desk.take(payment("FR-1=1", "1")).papers
    desk.hands.deeds.validate("BQ", [entry])
    desk.hands.deeds.reverse(entry)
    assert [] == desk.hands.book.announced()
    desk.hands.book_documents(invoice(invoice_id="I-2", number="FR-2"))
    assert 2 == len(desk.hands.book.announced())


def test_four_who_import_the_same_file_book_it_once(desk: Desk):
    """At once, on sessions of their own: one of them books it, the others are told that it is there."""
    desk.hands.book_invoices(MARCH)
    start, file = Barrier(4), [Row(1, payment("FR-1", "120"))]

    def take(_place: int) -> int:
        with closing(PostgresStore(desk.hands.book.shelf.url, "ledger", pool_size=1)) as store:
            start.wait()
            ((_, entries),) = Papers(store, COMPANY, ACTOR).take(file).papers
            return len(entries)

    with ThreadPoolExecutor(4) as people:
        assert [0, 0, 0, 1] == sorted(people.map(take, range(4)))
    assert [("AA", 2)] == desk.hands.ask("select letter, count(*) from ledger.lettering group by 1")


def test_who_imports_waits_for_whoever_imports_into_that_book(desk: Desk):
    """The first has not committed another paper of that number; the second waits for it, and is refused."""
    desk.hands.book_invoices(MARCH)
    whole = json.dumps(said(desk.hands.ids()[0])).replace("'", "''")
    raised = desk.hands.beside([f"select ledger.book_papers('C-1', 'me', '{whole}')"], lambda: desk.take(payment("FR-1", "120")))
    assert isinstance(raised, LinesRefused)
    assert "déjà dans le livre avec un autre contenu : BQ-1" in str(raised)


LATER = {"kind": "advance", "number": "A-1", "date": "2126-04-10", "supplier": "AMAZON", "paid": "1"}
REFUSED: dict[str, tuple[type[refusals.DeedRefused], Callable[[Desk, int, int], object]]] = {
    "unknown company": (refusals.CompanyUnknown, lambda on, _owed, _paid: on.of("C-9").take([Row(1, payment("FR-1", "120"))])),
    "nobody answers": (refusals.ActorMissing, lambda on, _owed, _paid: on.of(actor=" ").take([Row(1, payment("FR-1", "120"))])),
    "a year far ahead": (refusals.TooFarAhead, lambda on, _owed, _paid: on.take(LATER)),
    "nothing to letter": (refusals.NothingChosen, lambda on, _owed, _paid: on.of().letter("401000", "AMAZON", [])),
    "an unknown entry lettered": (refusals.EntryUnknown, lambda on, owed, _paid: on.of().letter("401000", "AMAZON", [owed, 7])),
    "another company's entry lettered": (refusals.EntryOfAnother, lambda on, owed, _paid: on.of("C-2").letter("401000", "AMAZON", [owed])),
    "an account that the entry has not": (refusals.NoSuchLine, lambda on, owed, _paid: on.of().letter("404000", "AMAZON", [owed])),
    "a bank account lettered": (refusals.NoSuchLine, lambda on, owed, paid: on.of().letter("512000", "AMAZON", [owed, paid])),
    "one entry lettered": (refusals.LettersUnbalanced, lambda on, owed, _paid: on.of().letter("401000", "AMAZON", [owed])),
    "entries that do not settle each other": (
        refusals.LettersUnbalanced,
        lambda on, owed, _paid: on.of().letter("401000", "AMAZON", [owed, owed + 1]),
    ),
    "lettered twice": (
        refusals.LetteredAlready,
        lambda on, owed, paid: [on.of().letter("401000", "AMAZON", [owed, paid]) for _ in "12"],
    ),
    "a superseded entry lettered": (
        refusals.NoLongerStands,
        lambda on, owed, paid: [on.hands.deeds.recode(owed, {"606400": "606300"}), on.of().letter("401000", "AMAZON", [owed, paid])],
    ),
    "a lettered entry corrected": (
        refusals.LetteredStands,
        lambda on, owed, paid: [on.of().letter("401000", "AMAZON", [owed, paid]), on.hands.deeds.recode(owed, {"606400": "606300"})],
    ),
    "an unknown letter taken away": (refusals.LetterUnknown, lambda on, _owed, _paid: on.of().unletter("401000", "AMAZON", "AA")),
    "a letter taken away twice": (
        refusals.LetterUnknown,
        lambda on, owed, paid: [
            on.of().letter("401000", "AMAZON", [owed, paid]),
            *(on.of().unletter("401000", "AMAZON", "AA") for _ in "12"),
        ],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_has_its_own_reason_and_writes_nothing(desk: Desk, name: str):
    """An invoice of 120.00, another one, and a credit note of 120.00 that nothing joins yet; another company is there."""
    reason, deed = REFUSED[name]
    owed, _ = desk.hands.book_invoices(MARCH, MARCH)
    (paid,) = desk.hands.book_documents(invoice(type="credit_note", invoice_id="I-9", number="AV-9"))
    desk.hands.book_documents(invoice(company_id="C-2", invoice_id="I-8"))
    with pytest.raises(reason, match=re.escape(reason.next_action)):
        deed(desk, owed, paid)
    assert desk.hands.ask("select count(*) from ledger.batch") == desk.hands.ask("select count(*) from ledger.chain")
    assert [] == desk.hands.unsound()


def test_every_code_of_papers_has_its_case():
    """LG040 is what only forged settlements meet (test_papers_attacks.py): the domain refuses it first, by the line of the file."""
    written = set(re.findall(r"LG0[1-9]\d", (MIGRATIONS / "0008_papers.sql").read_text(encoding="utf-8"))) - {"LG030"}
    assert {CODES[code] for code in written} - {reason for reason, _ in REFUSED.values()} == {refusals.SettledAlready}

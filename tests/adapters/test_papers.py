"""Papers on a real PostgreSQL: imported whole or not at all, once, settled and lettered; each refusal for its own reason."""

from collections.abc import Callable
from datetime import date

import pytest

from services.kernel.postgres import PostgresStore
from services.ledger.adapters import refusals
from services.ledger.adapters.paper_files import Row
from services.ledger.adapters.papers import Imported, LinesRefused, Papers
from tests.adapters.hands import ACTOR, Hands
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
        self._store.close()


@pytest.fixture(name="desk")
def desk_of(hands: Hands):
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
    assert 2 < len(desk.lines(entry))
    assert ["404000", "401000"] != [account for account, *_ in desk.hands.ask(LETTERS)]
    assert {"AA"} == {letter for _, _, letter, _ in desk.hands.ask(LETTERS)}


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


REFUSED: dict[str, tuple[type[refusals.DeedRefused], Callable[[Desk], object]]] = {
    "unknown company": (refusals.CompanyUnknown, lambda on: on.of("C-9").take([Row(1, payment("FR-1", "120"))])),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_has_its_own_reason(desk: Desk, name: str):
    reason, deed = REFUSED[name]
    desk.hands.book_invoices(MARCH)
    with pytest.raises(reason):
        deed(desk)
    assert [] == desk.hands.unsound()

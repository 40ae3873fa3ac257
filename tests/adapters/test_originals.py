"""Credit notes and the invoices they name, in the book: what it knows of an original, and what a person made of it meanwhile."""

from collections.abc import Generator
from contextlib import closing
from typing import Any

import pytest

from schemas.invoice_classified.v1 import ClassifiedVat, InvoiceClassified
from services.kernel.postgres import PostgresStore
from services.ledger.adapters import books
from services.ledger.adapters.automatic import Automatic
from services.ledger.domain.originals import original_of
from services.ledger.handler import SERVICE
from tests.adapters.bookshelf import Bookshelf, PostgresBookshelf
from tests.adapters.hands import Hands
from tests.integration.ledger.shelf import event
from tests.unit.ledger.documents import SETTINGS, Row, entry_of, held, invoice, pdf

OTHER_BOOK = 4
LINES = "select account, debit_cents, credit_cents from ledger.line where entry_id = {} order by n"
FLAGS = "select facts -> 'flags' from ledger.invoice where invoice_id = 'A-1' order by version"


def note(rows: tuple[Row, ...] = (("606400", 100_00, "20"),), **changes: Any) -> InvoiceClassified:
    """A credit note that names FR-1 and gives back 100.00 unless told otherwise."""
    return invoice(rows, **{"type": "credit_note", "invoice_id": "A-1", "number": "AV-1", "credited_number": "FR-1", **changes})


def expenses(book: Bookshelf, invoice_id: str = "A-1") -> list[str]:
    """The accounts of an invoice's entries, apart from VAT and supplier."""
    entries = [entry for entry in book.content().entries if entry.invoice_id == invoice_id]
    return [line.account for entry in entries for line in entry.lines if line.account.startswith("6")]


def half(**changes: Any) -> InvoiceClassified:
    """A credit note of 50.00, classified on another account than the invoice."""
    return note((("606300", 50_00, "20"),), **changes)


def test_the_book_knows_the_invoices_and_receipts_with_a_number_whose_entry_stands(book: Bookshelf):
    """
    FR-1 of two sellers and of another company, R-1 a receipt; not a credit note, what is held, what has no entry
    """
    first, second, receipt = invoice(), invoice(invoice_id="I-2"), invoice(invoice_id="I-3", number="R-1", type="receipt")
    book.receive(event(second), event(first), event(receipt), event(note(number="FR-1", credited_number=None)))
    book.receive(event(invoice(invoice_id="I-4", number="FR-4", currency="GBP")), event(held(invoice_id="I-5", number="FR-5")))
    book.receive(event(invoice([("606400", 1, None), ("606400", -1, None)], invoice_id="I-6", number="FR-6")))
    book.owner.take(OTHER_BOOK)
    book.receive(event(invoice(company_id="C-2", invoice_id="I-7")), partition=OTHER_BOOK)
    asked = {("C-1", "FR-1"), ("C-1", "R-1"), *(("C-1", f"FR-{n}") for n in range(4, 7)), ("C-2", "FR-1"), ("C-3", "FR-1")}
    assert {
        ("C-1", "FR-1"): [original_of(first, entry_of(first).lines), original_of(second, entry_of(second).lines)],
        ("C-1", "R-1"): [original_of(receipt, entry_of(receipt).lines)],
        ("C-2", "FR-1"): [original_of(invoice(company_id="C-2", invoice_id="I-7"), entry_of(first).lines)],
    } == book.owner.books.originals(asked)
    assert {} == book.owner.books.originals([])


def test_an_original_is_what_its_latest_version_says(book: Bookshelf):
    """A second revision with the same posting; a third with another, which is in conflict, so the invoice is held."""
    second = invoice(revision=2, orders=("406-2",))
    book.receive(event(invoice()))
    book.receive(event(second, n=2))
    assert {("C-1", "FR-1"): [original_of(second, entry_of(second).lines)]} == book.owner.books.originals([("C-1", "FR-1")])
    book.receive(event(invoice([("606300", 1_00, "20")], revision=3), n=3))
    assert {} == book.owner.books.originals([("C-1", "FR-1")])


@pytest.mark.parametrize("pages", [1, 2])
def test_a_credit_note_finds_its_original_in_the_page_or_in_the_book(book: Bookshelf, pages: int):
    """The invoice is on 606400, the half of it that comes back was classified on 606300."""
    said = [event(invoice()), event(half())]
    for page in [said] if pages == 1 else [[one] for one in said]:
        book.receive(*page)
    assert ["606400"] == expenses(book)


def test_an_original_that_comes_later_changes_nothing(book: Bookshelf):
    """In the same page, and in the next, where a repeat and another revision of the credit note come as well."""
    book.receive(event(half()), event(invoice()))
    book.receive(event(half(invoice_id="A-2", number="AV-2", credited_number="FR-2")))
    book.receive(event(invoice(invoice_id="I-2", number="FR-2")))
    again = half(invoice_id="A-2", number="AV-2", credited_number="FR-2", revision=2)
    book.receive(event(half(), n=2), event(again, n=2))
    assert ["606300"] == expenses(book) == expenses(book, "A-2")
    assert ["recorded"] * 5 == [row[4] for row in book.content().versions]


def test_what_the_page_changes_of_an_original_counts_for_who_comes_behind(book: Bookshelf):
    """
    In the book: FR-1, FR-2, FR-3. A page, and their credit notes:
      I-1 says the same posting again; I-2 other amounts and I-3 another number, so both are in conflict, and nobody is FR-4
    """
    book.receive(*(event(invoice(invoice_id=f"I-{n}", number=f"FR-{n}")) for n in (1, 2, 3)))
    same, dearer = invoice(revision=2, orders=("406-2",)), invoice([("607000", 1_00, "20")], invoice_id="I-2", number="FR-2", revision=2)
    renamed = invoice(invoice_id="I-3", number="FR-4", revision=2)
    notes = [half(invoice_id=f"A-{n}", number=f"AV-{n}", credited_number=f"FR-{n}") for n in (1, 2, 3, 4)]
    book.receive(*(event(one, n=2) for one in (same, dearer, renamed)), *map(event, notes))
    assert [["606400"], ["606300"], ["606300"], ["606300"]] == [expenses(book, f"A-{n}") for n in (1, 2, 3, 4)]


def test_two_invoices_of_one_number_and_another_companys_are_none(book: Bookshelf):
    """Two in the page; FR-2 of another company in the same book, and in the same page."""
    book.receive(event(invoice()), event(invoice(invoice_id="I-2")), event(half()))
    strange = half(company_id="C-2", invoice_id="A-2", number="AV-2", credited_number="FR-2")
    own = half(invoice_id="A-4", number="AV-4", credited_number="FR-2")
    book.receive(event(invoice(invoice_id="I-3", number="FR-2")), event(strange), event(own))
    book.receive(event(strange.model_copy(update={"invoice_id": "A-3", "document": pdf("A-3")})))
    assert ["606300"] == expenses(book) == expenses(book, "A-2") == expenses(book, "A-3")
    assert ["606400"] == expenses(book, "A-4")


def test_a_page_without_credit_notes_asks_for_no_original(book: Bookshelf, monkeypatch: pytest.MonkeyPatch):
    """And a page with three that name their invoices asks once."""
    asked = list[list[str]]()
    ask = books.QUERIES.originals

    def note_down(connection: object, companies: list[str], numbers: list[str]) -> Any:
        asked.append(numbers)
        return ask(connection, companies=companies, numbers=numbers)

    monkeypatch.setattr(books.QUERIES, "originals", note_down)
    book.receive(event(invoice()), event(note(invoice_id="A-9", number="AV-9", credited_number=None)))
    assert [] == asked
    book.receive(*(event(half(invoice_id=f"A-{n}", number=f"AV-{n}", credited_number=f"FR-{n}")) for n in (3, 1, 2)))
    assert asked in ([], [["FR-1", "FR-2", "FR-3"]])


def lines_after(hands: Hands, document: InvoiceClassified) -> list[tuple[Any, ...]]:
    """Account, debit and credit of the document's entry."""
    (entry,) = hands.book_documents(document)
    return hands.ask(LINES.format(entry))


def flags(hands: Hands) -> list[list[str]]:
    """The remarks of the credit note, version by version."""
    return [said for (said,) in hands.ask(FLAGS)]


@pytest.mark.parametrize("is_validated", [False, True])
def test_a_credit_note_follows_what_a_person_corrected(hands: Hands, is_validated: bool):
    """Before its number, and after it, when the correction is a reversal and a new entry."""
    (entry,) = hands.book_documents(invoice())
    if is_validated:
        hands.deeds.validate("AC", [entry])
    hands.deeds.recode(entry, {"606400": "606300"})
    assert [("606300", 0, 100_00), ("445660", 0, 20_00), ("401000", 120_00, 0)] == lines_after(hands, note())
    assert [("606300", 0, 25_00), ("445660", 0, 5_00), ("401000", 30_00, 0)] == lines_after(
        hands, note((("607000", 25_00, "20"),), invoice_id="A-2", number="AV-2")
    )
    assert [[]] == flags(hands)
    assert [] == hands.unsound()


def test_what_was_deducted_then_is_given_back_whatever_is_deducted_now(hands: Hands):
    """
    FR-1 100.00 + 20.00 by a company with a coefficient of 0.6: 12.00; AV-1 half of it, when the company deducts all
    """
    row = ClassifiedVat(rate="20", base_cents=100_00, vat_cents=20_00, regime="domestic", deductible_cents=12_00)
    then = invoice(vat=(row,), settings=SETTINGS.model_copy(update={"deduction_coefficient": "0.6"}))
    line = then.lines[0].model_copy(update={"cost_cents": 108_00})
    hands.book_documents(then.model_copy(update={"lines": (line,)}))
    assert [("606400", 0, 54_00), ("445660", 0, 6_00), ("401000", 60_00, 0)] == lines_after(hands, half())
    assert [(6_00,)] == hands.ask("select (facts -> 'vat' -> 0 ->> 'deductible_cents')::int from ledger.invoice where invoice_id = 'A-1'")


def test_the_regime_is_the_originals_also_after_the_company_left_the_franchise(hands: Hands):
    """
    FR-1 100.00 + 20.00, all cost (CGI 293 B); AV-1 half of it. FR-2 an intra-EU acquisition; AV-2 a quarter, classified as CGI 283-1
    """
    row = ClassifiedVat(rate="20", base_cents=100_00, vat_cents=20_00, regime="domestic", deductible_cents=0)
    then = invoice(vat=(row,), settings=SETTINGS.model_copy(update={"vat_regime": "franchise"}))
    line = then.lines[0].model_copy(update={"cost_cents": 120_00})
    acquired = row.model_copy(update={"regime": "intra_eu", "deductible_cents": None})
    hands.book_documents(
        then.model_copy(update={"lines": (line,)}), invoice(invoice_id="I-2", number="FR-2", vat=(acquired,), gross_cents=100_00)
    )
    assert [("606400", 0, 60_00), ("401000", 60_00, 0)] == lines_after(hands, half())
    owed = ClassifiedVat(rate="20", base_cents=25_00, vat_cents=5_00, regime="reverse_charge")
    said = {"invoice_id": "A-2", "number": "AV-2", "credited_number": "FR-2", "vat": (owed,), "gross_cents": 25_00}
    assert [("606400", 0, 25_00), ("445662", 0, 5_00), ("445200", 5_00, 0), ("401000", 25_00, 0)] == lines_after(
        hands, note((("606300", 25_00, "20"),), **said)
    )


@pytest.mark.parametrize("original", [None, invoice(currency="GBP")])
def test_without_an_original_in_the_book_the_document_is_booked_as_classified_with_a_remark(
    hands: Hands, original: InvoiceClassified | None
):
    """Nobody knows FR-1; it is held."""
    hands.book_documents(*([original] if original else []))
    assert [("606300", 0, 50_00), ("445660", 0, 10_00), ("401000", 60_00, 0)] == lines_after(hands, half())
    assert [["credited_unknown"]] == flags(hands)


def test_what_a_person_turned_round_is_followed_by_nothing(hands: Hands):
    """FR-1 was final, and is reversed: nothing of it stands."""
    follows_nothing_turned_round(hands.book)


def follows_nothing_turned_round(book: Bookshelf) -> None:
    """Its credit note is booked as classified, with a remark."""
    assert isinstance(book, PostgresBookshelf)
    with closing(Hands(book)) as hands:
        entries = hands.book_documents(invoice())
        hands.deeds.validate("AC", entries)
        hands.deeds.reverse(*entries)
        assert [("606300", 0, 50_00), ("445660", 0, 10_00), ("401000", 60_00, 0)] == lines_after(hands, half())
        assert [["credited_unknown"]] == flags(hands)


def test_a_repeat_is_no_conflict_because_the_original_was_corrected_meanwhile(hands: Hands):
    """
    The same event again, another that says the same, a revision that says the same posting: the entry stays. Other amounts: a conflict.
    """
    (entry,) = hands.book_documents(invoice())
    hands.book_documents(half())
    hands.deeds.recode(entry, {"606400": "618100"})
    hands.book.receive(event(half()), event(half(), n=2), event(half(revision=2, orders=("406-2",)), n=3))
    assert ["606400"] == expenses(hands.book)
    hands.book.receive(event(note((("606300", 51_00, "20"),), revision=3), n=4))
    versions = hands.ask("select outcome, hold_reason, booked from ledger.invoice where invoice_id = 'A-1' order by version")
    assert [("recorded", None, True), ("recorded", None, False), ("held", "conflict", False)] == versions


@pytest.fixture
def automatic(hands: Hands) -> Generator[Automatic]:
    """The service's loop over a company that switched it on."""
    hands.book_documents(invoice(invoice_id="I-0", number="FR-0"))
    hands.deeds.validate("AC", hands.ids())
    hands.deeds.automatic(True)
    with closing(PostgresStore(hands.book.shelf.consumer_url, SERVICE, pool_size=1)) as store:
        yield Automatic(store)


def test_automatic_validation_leaves_what_the_book_did_not_tell(hands: Hands, automatic: Automatic):
    """A credit note of FR-0 is validated; one of an invoice that nobody knows waits."""
    known, unknown = hands.book_documents(note(credited_number="FR-0"), half(invoice_id="A-2", number="AV-2"))
    assert 1 == automatic.turn()
    assert ([known], [unknown]) == ([row[3] for row in hands.numbers()][1:], hands.todo())

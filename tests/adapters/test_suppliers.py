"""Suppliers, in memory and in PostgreSQL: what documents show of them, which became which, and where documents go from then on."""

from dataclasses import replace
from datetime import date

from tests.adapters.bookshelf import Bookshelf
from tests.adapters.suppliers import CANAL, PORT, bought, merger
from tests.adapters.teachings import lifted, recoded
from tests.integration.ledger.shelf import PARTITION, event
from tests.unit.ledger.documents import COMPANY, SETTINGS


def booked_on(book: Bookshelf) -> dict[str, str | None]:
    """The auxiliary of each invoice's entry."""
    return {entry.invoice_id: entry.lines[-1].auxiliary for entry in book.content().entries}


def parked(book: Bookshelf) -> int:
    """How many records were refused."""
    return len(book.content().parked)


def test_a_supplier_has_a_version_for_each_identity_its_documents_show(book: Bookshelf):
    """The same again, in the same page or later, is no version; a VAT number that appears, and a new name, are."""
    with_vat = PORT.model_copy(update={"vat_id": "FR68906550314"})
    renamed = with_vat.model_copy(update={"legal_name": "Port Bureau SAS"})
    book.receive(event(bought(1, PORT)), event(bought(2, PORT)), event(bought(3, with_vat)))
    book.receive(event(bought(4, PORT)), event(bought(5, renamed)), event(bought(6, CANAL)))
    assert (
        (COMPANY, "CANAL", 1, "Papeterie du Canal", "Papeterie du Canal", "FR88902100478", None),
        (COMPANY, "PORT", 1, "Papeterie du Port", "Papeterie du Port", None, "906550314"),
        (COMPANY, "PORT", 2, "Papeterie du Port", "Papeterie du Port", "FR68906550314", "906550314"),
        (COMPANY, "PORT", 3, "Port Bureau SAS", "Port Bureau SAS", "FR68906550314", "906550314"),
    ) == book.content().suppliers


def test_one_auxiliary_for_all_sellers_is_called_as_it_is_shown(book: Bookshelf):
    """Amazon Business stays Amazon Business, whoever sold; each seller is noted once."""
    shared = [seller.model_copy(update={"auxiliary": "AMAZON"}) for seller in (PORT, CANAL, PORT)]
    book.receive(*(event(bought(n, seller, settings=SETTINGS)) for n, seller in enumerate(shared, 1)))
    assert [("AMAZON", 1, "Amazon Business", "Papeterie du Port"), ("AMAZON", 2, "Amazon Business", "Papeterie du Canal")] == [
        row[1:5] for row in book.content().suppliers
    ]


def test_after_a_merger_new_documents_go_to_the_one_that_stays_and_old_entries_stay(book: Bookshelf):
    book.receive(event(bought(1, PORT)), event(bought(2, CANAL)))
    before = book.content()
    book.decide(merger("PORT", "CANAL", siren="902100478"))
    assert replace(book.content(), mergers=(), aliases=(), positions=before.positions) == before
    assert ((COMPANY, "D-1", "PORT", "CANAL"),) == book.content().mergers
    assert ((COMPANY, "CANAL", "auxiliary", "PORT"), (COMPANY, "CANAL", "siren", "902100478")) == book.content().aliases
    book.receive(event(bought(3, PORT)), event(bought(4, CANAL)))
    assert {"I-1": "PORT", "I-2": "CANAL", "I-3": "CANAL", "I-4": "CANAL"} == booked_on(book)
    assert before.suppliers == book.content().suppliers
    assert 0 == parked(book)


def test_the_next_revision_of_an_old_document_says_nothing_new(book: Bookshelf):
    """It comes under the old code or the new one; what is booked stands either way, and other amounts are a conflict as ever."""
    book.receive(event(bought(1, PORT)), event(bought(2, CANAL)))
    book.decide(merger("PORT", "CANAL"))
    book.receive(event(bought(1, PORT, revision=2, orders=("406-2",)), n=2))
    book.receive(event(bought(1, PORT.model_copy(update={"auxiliary": "CANAL"}), revision=3), n=3))
    assert ["recorded"] * 3 == [row[4] for row in book.content().versions if row[1] == "I-1"]
    assert {"I-1": "PORT", "I-2": "CANAL"} == booked_on(book)
    book.receive(event(bought(1, PORT, revision=4, rows=[("606300", 100_00, "20")]), n=4))
    assert "conflict" == book.content().versions[3][5]


def test_mergers_are_followed_to_the_end_and_the_last_of_one_supplier_holds(book: Bookshelf):
    """PORT → CANAL → QUAI; then PORT → LAC, as somebody knew better."""
    others = [CANAL.model_copy(update={"auxiliary": code, "legal_name": code}) for code in ("QUAI", "LAC")]
    book.receive(*(event(bought(n, one)) for n, one in enumerate((PORT, CANAL, *others), 1)))
    book.decide(merger("PORT", "CANAL"), merger("CANAL", "QUAI", "D-2"))
    book.receive(event(bought(5, PORT)))
    book.decide(merger("PORT", "LAC", "D-3"))
    book.receive(event(bought(6, PORT)), event(bought(7, CANAL)))
    assert {"I-5": "QUAI", "I-6": "LAC", "I-7": "QUAI"}.items() <= booked_on(book).items()


def test_the_one_that_stays_may_be_named_before_its_first_document(book: Bookshelf):
    book.receive(event(bought(1, PORT)))
    book.decide(merger("PORT", "CANAL", legal_name="Papeterie du Canal"))
    book.receive(event(bought(2, PORT)))
    assert {"I-1": "PORT", "I-2": "CANAL"} == booked_on(book)
    assert [("CANAL", 1), ("PORT", 1)] == [row[1:3] for row in book.content().suppliers]


def test_what_makes_no_sense_is_parked_once_and_the_rest_goes_on(book: Bookshelf):
    """Unknown, into itself, nobody's, back in a circle: one record each; the good ones before, between and behind are kept."""
    book.receive(event(bought(1, PORT)), event(bought(2, CANAL)), event(bought(3, CANAL.model_copy(update={"auxiliary": "QUAI"}))))
    book.decide(
        merger("LAC", "CANAL", "D-1"),
        merger("PORT", "CANAL", "D-2"),
        merger("CANAL", "CANAL", "D-3"),
        merger("CANAL", "LAC", "D-4"),
        merger("CANAL", "PORT", "D-5"),
        merger("CANAL", "QUAI", "D-6"),
        merger("QUAI", "PORT", "D-7"),
    )
    assert [0, 2, 3, 4, 6] == [offset for _, offset, *_ in book.content().parked]
    assert ["D-2", "D-6"] == [row[1] for row in book.content().mergers]
    book.receive(event(bought(4, PORT)))
    assert "QUAI" == booked_on(book)["I-4"]


def test_a_decision_that_comes_again_changes_nothing(book: Bookshelf):
    """The same record, the same event at another offset, also when a later decision overtook it."""
    book.receive(event(bought(1, PORT)), event(bought(2, CANAL)), event(bought(3, CANAL.model_copy(update={"auxiliary": "QUAI"}))))
    records = book.decide(merger("PORT", "CANAL"), merger("PORT", "QUAI", "D-2"))
    before = book.content()
    book.receive(*records)
    assert before == book.content()
    book.decide(merger("PORT", "CANAL"))
    assert before.mergers == book.content().mergers
    book.receive(event(bought(4, PORT, issue_date=date(2026, 3, 12))))
    assert "QUAI" == booked_on(book)["I-4"]


def test_what_people_decided_about_lines_and_holds_is_not_the_books_business(book: Bookshelf):
    """It is read, and nothing is written of it but how far was read."""
    book.receive(event(bought(1, PORT)))
    before = book.content()
    mine = {"company_id": COMPANY}
    book.decide(recoded("D-1").model_copy(update=mine), lifted("D-2").model_copy(update=mine))
    assert replace(before, positions=(*before.positions, ("topic-2", PARTITION, 2))) == book.content()

"""An invoice whose VAT waits for delivery (CGI 269-2-a): two entries, each with a life of its own, neither without the other."""

from collections.abc import Generator
from contextlib import closing
from datetime import date
from typing import Any

import psycopg
import pytest

from schemas.invoice_classified.v1 import InvoiceClassified
from services.kernel.postgres import PostgresStore
from services.ledger.adapters import refusals
from services.ledger.adapters.automatic import Automatic
from services.ledger.handler import SERVICE
from tests.adapters.bookshelf import Bookshelf
from tests.adapters.hands import Hands
from tests.adapters.sealed_books import WAITING, altered, verified
from tests.integration.ledger.shelf import event
from tests.simulation.memory.ledger_rows import BookedEntry
from tests.unit.ledger.documents import credit, debit, invoice

MARCH, APRIL = date(2026, 3, 30), date(2026, 4, 2)
LIFE = """
select e.entry_id, e.journal, coalesce(f.entry_date, e.entry_date), f.number, f.by_entry, r.reversed
from ledger.entry as e left join ledger.fate as f using (entry_id) left join ledger.reversal as r using (entry_id) order by 1
"""


def waiting(**changes: Any) -> InvoiceClassified:
    """FR-1 of 30 March over 120.00; the goods come on 2 April."""
    said: dict[str, Any] = {"issue_date": MARCH, "delivery_date": APRIL, "vat": (WAITING,), **changes}
    return invoice(**said)


@pytest.fixture(name="pair")
def booked_pair(hands: Hands) -> Generator[tuple[int, int]]:
    """The invoice's entry and the one that follows it; at the end the book is whole, whatever was done to it."""
    first, second = hands.book_documents(waiting())
    yield first, second
    assert [] == verified(hands.book.shelf).differences


def lives(hands: Hands) -> list[tuple[Any, ...]]:
    """Each entry: journal, day, number, the one that replaces it, the one it turns round; entries by their place among all."""
    places = {entry: place for place, entry in enumerate(hands.ids())}
    return [(*row[1:4], *(places[one] if one else None for one in row[4:])) for row in hands.ask(LIFE)]


def lines(hands: Hands, entry: int) -> list[tuple[str, int]]:
    """Account and cents of an entry's lines."""
    return hands.ask(f"select account, debit_cents - credit_cents from ledger.line where entry_id = {entry} order by n")


def waits_still(hands: Hands) -> int:
    """What is left on 445801, in cents, of all that stands."""
    ((cents,),) = hands.ask(
        "select sum(l.debit_cents - l.credit_cents)::bigint from ledger.line as l left join ledger.fate as f using (entry_id) "
        "where l.account = '445801' and f.by_entry is null"
    )
    return cents


def test_a_document_may_bring_two_entries(book: Bookshelf):
    """In memory and in PostgreSQL: one version, two entries; the year of the delivery is opened."""
    book.receive(event(waiting(issue_date=date(2026, 12, 30), delivery_date=date(2027, 1, 4))), event(invoice(invoice_id="I-2")))
    content = book.content()
    assert (
        BookedEntry("C-1", "I-1", 1, (debit("606400", 100_00), debit("445801", 20_00, rate="20"), credit("401000", 120_00, aux="AMAZON"))),
        BookedEntry("C-1", "I-1", 1, (debit("445660", 20_00, rate="20"), credit("445801", 20_00, rate="20"))),
    ) == content.entries[:2]
    assert [("C-1", "I-1", 1), ("C-1", "I-2", 1)] == [version[:3] for version in content.versions]
    years = book.owner.books.fiscal_years(["C-1"])
    assert [2026, 2027] == [year.starts.year for year in years["C-1"]]


def test_both_are_to_process_and_have_their_own_day(hands: Hands, pair: tuple[int, int]):
    assert [("AC", MARCH, None, None, None), ("OD", APRIL, None, None, None)] == lives(hands)
    assert list(pair) == hands.todo()
    assert [(pair[1], pair[0])] == hands.ask("select entry_id, principal from ledger.later_entry")
    assert [("Amazon Business — Papeterie Lyon — FR-1 — TVA déduite à la livraison", "FR-1", MARCH)] == hands.ask(
        f"select label, piece_ref, piece_date from ledger.entry where entry_id = {pair[1]}"
    )


def test_an_ordinary_invoice_has_no_row_more(hands: Hands):
    hands.book_invoices(MARCH, APRIL)
    assert [] == hands.ask("select entry_id from ledger.later_entry")


def test_each_is_validated_by_itself(hands: Hands, pair: tuple[int, int]):
    """A number in its own journal; VAT filed up to April moves the deduction alone, for the other has no VAT in a return."""
    hands.deeds.file_vat(date(2026, 4, 30), "CA3 d'avril")
    hands.deeds.validate("AC", [pair[0]])
    assert [pair[1]] == hands.todo()
    hands.deeds.validate("OD", [pair[1]])
    assert [("AC", MARCH, 1, None, None), ("OD", date(2026, 5, 1), 1, None, None)] == lives(hands)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"orders": ("406-2",)}, "recorded"),
        ({"delivery_date": date(2026, 4, 3)}, "held"),
        ({"vat": (WAITING.model_copy(update={"asset": True}),)}, "held"),
        ({"vat": (WAITING.model_copy(update={"waits_for": None}),)}, "held"),
    ],
)
@pytest.mark.usefixtures("pair")
def test_another_revision_is_compared_with_both(hands: Hands, change: dict[str, Any], outcome: str):
    """Facts only, another day of delivery, another account of the deduction, no second entry at all."""
    hands.book.receive(event(waiting(revision=2, **change), n=2))
    assert [(outcome, None if outcome == "recorded" else "conflict")] == hands.ask(
        "select outcome, hold_reason from ledger.invoice where version = 2"
    )
    assert 2 == len(hands.ids())


def test_a_repeat_after_its_month_is_closed_is_no_conflict(hands: Hands, pair: tuple[int, int]):
    hands.deeds.validate("AC", [pair[0]])
    hands.deeds.close(2026, date(2026, 4, 30), waiting=1)
    hands.book.receive(event(waiting(revision=2, orders=("406-2",)), n=2))
    assert [("recorded",)] == hands.ask("select outcome from ledger.invoice where version = 2")
    hands.deeds.validate("OD", [pair[1]])
    assert ("OD", date(2026, 5, 1), 1, None, None) == lives(hands)[1]


def test_without_a_day_of_delivery_it_is_held(hands: Hands):
    """As the classifier does; once the day is known both entries are booked (accounting rule A10.7)."""
    hands.book.receive(event(waiting(delivery_date=None)))
    assert [("booking", "delivery_date_missing", "La TVA de ce document se déduit à la livraison, dont la date n'est pas connue.")] == (
        hands.ask("select hold_stage, hold_reason, hold_sentence from ledger.invoice")
    )
    hands.book.receive(event(waiting(revision=2), n=2))
    assert ["AC", "OD"] == [life[0] for life in lives(hands)]


def test_automatic_validation_leaves_the_second_to_a_person(hands: Hands):
    hands.book_documents(invoice(invoice_id="I-0", number="FR-0"))
    hands.deeds.automatic(True)
    first, second = hands.book_documents(waiting())
    with closing(PostgresStore(hands.book.shelf.consumer_url, SERVICE, pool_size=1)) as store:
        assert 1 == Automatic(store).turn()
    assert [first] == [row[3] for row in hands.numbers()]
    assert second in hands.todo()


def test_a_correction_writes_both_anew(hands: Hands, pair: tuple[int, int]):
    new = hands.deeds.recode(pair[0], {"606400": "606300"})
    assert [("AC", MARCH, None, 2, None), ("OD", APRIL, None, 3, None)] == lives(hands)[:2]
    assert [("AC", MARCH, None, None, None), ("OD", APRIL, None, None, None)] == lives(hands)[2:]
    assert hands.ids()[2] == new
    assert [("606300", 100_00), ("445801", 20_00), ("401000", -120_00)] == lines(hands, new)
    assert lines(hands, pair[1]) == lines(hands, hands.ids()[3])
    assert hands.ids()[2:] == hands.todo()
    assert [(2, new, True)] == hands.ask("select version, entry_id, booked from ledger.invoice order by version desc limit 1")


def test_a_correction_of_the_second_writes_both_anew(hands: Hands, pair: tuple[int, int]):
    new = hands.deeds.recode(pair[1], {"445660": "445620"})
    assert hands.ids()[3] == new
    assert [("445620", 20_00), ("445801", -20_00)] == lines(hands, new)
    assert lines(hands, pair[0]) == lines(hands, hands.ids()[2])
    assert [(hands.ids()[2],)] == hands.ask("select entry_id from ledger.invoice order by version desc limit 1")


@pytest.mark.parametrize(
    ("final", "expected"),
    [
        (
            ["AC"],
            [("AC", 1, None, None), ("OD", None, 4, None), ("AC", 2, None, 0), ("AC", None, None, None), ("OD", None, None, None)],
        ),
        (
            ["OD"],
            [("AC", None, 2, None), ("OD", 1, None, None), ("AC", None, None, None), ("OD", 2, None, 1), ("OD", None, None, None)],
        ),
        (
            ["AC", "OD"],
            [
                *(("AC", 1, None, None), ("OD", 1, None, None)),
                *(("AC", 2, None, 0), ("AC", None, None, None), ("OD", 2, None, 1), ("OD", None, None, None)),
            ],
        ),
    ],
    ids=["the first is final", "the second is final", "both are final"],
)
def test_a_correction_reverses_what_is_final_and_replaces_what_waits(
    hands: Hands, pair: tuple[int, int], final: list[str], expected: list[Any]
):
    """Journal, number, replaced by, turns round: by the places of the entries. A new entry is right behind the mirror of the old one."""
    for journal in final:
        hands.deeds.validate(journal, [pair[journal == "OD"]])
    hands.deeds.recode(pair[0], {"606400": "606300"})
    assert expected == [(life[0], *life[2:]) for life in lives(hands)]
    assert 0 == waits_still(hands)
    again = hands.deeds.recode(hands.todo()[0], {"606300": "606400"})
    assert 2 == len(hands.todo())
    assert again == hands.todo()[0]


@pytest.mark.parametrize(("which", "change"), [(0, {"445801": "445660"}), (1, {"445801": "471000"}), (0, {"606400": "445801"})])
def test_a_correction_that_would_leave_something_on_445801_is_refused(
    hands: Hands, pair: tuple[int, int], which: int, change: dict[str, str]
):
    with pytest.raises(refusals.VatUnsettled, match="445801"):
        hands.deeds.recode(pair[which], change)
    assert list(pair) == hands.ids()


def test_a_reversal_turns_both_round(hands: Hands, pair: tuple[int, int]):
    hands.deeds.validate("AC", [pair[0]])
    hands.deeds.validate("OD", [pair[1]])
    made = hands.deeds.reverse(pair[0])
    assert ("AC", 2, MARCH) == (made.journal, made.number, made.entry_date)
    assert [("AC", MARCH, 2, None, 0), ("OD", APRIL, 2, None, 1)] == lives(hands)[2:]
    assert [] == hands.todo()
    assert 0 == waits_still(hands)


def test_a_reversal_drops_what_waits(hands: Hands, pair: tuple[int, int]):
    """Nothing is deducted of an invoice that is undone: the draft is replaced by the mirror (PCG 1031-3: it may still change)."""
    hands.deeds.validate("AC", [pair[0]])
    hands.deeds.reverse(pair[0])
    assert [("AC", MARCH, 1, None, None), ("OD", APRIL, None, 2, None), ("AC", MARCH, 2, None, 0)] == lives(hands)
    assert [] == hands.todo()
    with pytest.raises(refusals.AlreadySuperseded, match=str(pair[1])):
        hands.deeds.validate("OD", [pair[1]])


def test_the_second_may_be_reversed_alone(hands: Hands, pair: tuple[int, int]):
    """The goods went back before they came: the VAT waits again. From then on the first goes its way alone."""
    hands.deeds.validate("OD", [pair[1]])
    hands.deeds.reverse(pair[1])
    assert 20_00 == waits_still(hands)
    new = hands.deeds.recode(pair[0], {"606400": "606300"})
    assert [new] == hands.todo()
    assert [(pair[1],)] == hands.ask("select entry_id from ledger.later_entry")


def test_the_first_is_reversed_after_the_second(hands: Hands, pair: tuple[int, int]):
    hands.deeds.validate("OD", [pair[1]])
    hands.deeds.reverse(pair[1])
    hands.deeds.validate("AC", [pair[0]])
    hands.deeds.reverse(pair[0])
    assert [("OD", APRIL, 2, None, 1), ("AC", MARCH, 2, None, 0)] == lives(hands)[2:]
    assert 0 == waits_still(hands)


def test_who_reverses_waits_for_whoever_validates_the_second(hands: Hands, pair: tuple[int, int]):
    hands.deeds.validate("AC", [pair[0]])
    validate = f"select ledger.validate('C-1', 'OD', array[{pair[1]}], 'me')"
    refusal = hands.beside([validate], lambda: hands.deeds.reverse(pair[0]))
    assert isinstance(refusal, refusals.AlreadyValidated)
    hands.deeds.reverse(pair[0])
    assert 4 == len(hands.ids())


PLANTED = {
    "the first is replaced alone": "insert into fate (entry_id, batch_id, by_entry) values ({first}, 1, {second} + 1)",
    "the first is turned round alone": "insert into reversal values ({second} + 1, 1, {first})",
    "the second is replaced alone": "insert into fate (entry_id, batch_id, by_entry) values ({second}, 1, {second} + 1)",
}


@pytest.mark.parametrize("name", PLANTED)
def test_verify_names_a_pair_that_is_parted(hands: Hands, pair: tuple[int, int], name: str):
    """Beside the seal that does not hold any more: what was done behind the triggers, whoever sealed it."""
    first, second = pair
    said = altered(hands.book.shelf, PLANTED[name].format(first=first, second=second))
    assert f"L'écriture {second} et celle qu'elle suit, {first}, ne sont pas remplacées ou contre-passées l'une avec l'autre" in said


BENT: dict[str, tuple[list[str], list[str], str]] = {
    "a mirror that follows": (
        ["AC", "OD"],
        ["update ledger.later_entry set entry_id = entry_id - 1 where principal > {second}"],
        "an entry that follows none of its invoice",
    ),
    "each replaced by the other's": (
        [],
        [
            "update ledger.fate set by_entry = by_entry + 9 where entry_id = {first}",
            "update ledger.fate set by_entry = by_entry - 1 where entry_id = {second}",
            "update ledger.fate set by_entry = by_entry - 8 where entry_id = {first}",
        ],
        "not what a batch of its kind is",
    ),
    "the second replaced by what takes the first's place": (
        ["AC"],
        ["update ledger.fate set by_entry = by_entry - 1 where entry_id = {second}"],
        "not what a batch of its kind is",
    ),
    "the second replaced, the first left": (
        [],
        ["delete from ledger.fate where entry_id = {first}"],
        "goes without the one that follows it, or stays",
    ),
}


@pytest.mark.parametrize("name", BENT)
def test_a_correction_that_is_bent_before_its_check_is_refused(hands: Hands, pair: tuple[int, int], name: str):
    """As only a superuser could, with triggers off: the second look behind the functions."""
    final, statements, why = BENT[name]
    for journal in final:
        hands.deeds.validate(journal, [pair[journal == "OD"]])
    lines_of = (
        "array['606300', '445801', '401000'], array[null, null, 'AMAZON'], array[10000, 2000, -12000]::bigint[], array[null, '20', null]"
    )
    with psycopg.connect(hands.book.shelf.admin_url) as superuser:
        superuser.execute(f"select ledger.correct('C-1', {pair[0]}, 'me', {lines_of})".encode())
        superuser.execute("set local session_replication_role = replica")
        for statement in statements:
            superuser.execute(statement.format(first=pair[0], second=pair[1]).encode())
        superuser.execute("set local session_replication_role = origin")
        with pytest.raises(psycopg.DatabaseError, match=why):
            superuser.execute("set constraints all immediate")
        superuser.rollback()

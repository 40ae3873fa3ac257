"""Where the book does not tell what an original was: the document stays as classified, with a remark."""

from datetime import date

import pytest

from schemas.invoice_classified.v1 import InvoiceClassified
from schemas.values import Supplier
from services.ledger.domain.originals import Credit, credit_of
from services.ledger.domain.posting import Line
from tests.unit.ledger.credits import (
    BOOK,
    PAPER,
    PAPER_BACK,
    REMARK,
    Titled,
    booked,
    corrected,
    deducted,
    expense,
    flags_of,
    lines_of,
    owed_by_us,
    returned,
    titled,
    titled_return,
    vat_row,
)
from tests.unit.ledger.documents import credit, debit, entry_of, invoice


@pytest.mark.parametrize(
    ("parted", "given_back"),
    [
        ((debit("606300", 50_00), debit("606400", 50_00)), PAPER_BACK),
        ((debit("606300", 40_00), debit("606400", 60_00)), ("Autre chose", "607000", 1_00, "20")),
    ],
)
def test_what_amounts_do_not_tell_stays_as_classified_with_a_remark(parted: tuple[Line, ...], given_back: Titled):
    """A person parted paper and lamp half and half; a line that is like none of the invoice."""
    original = titled([PAPER, ("Lampe", "606400", 40_00, "20"), BOOK])
    as_parted = corrected(original, *parted, *entry_of(original).lines[1:])
    note = titled_return([given_back])
    assert ["607000"] == expense(note, as_parted)
    assert REMARK == flags_of(note, as_parted)


A_AND_B = [("A", "606400", 50_00, None), ("B", "606300", 50_00, None)]
B_OF_TWO = [("A", "606400", 60_00, None), ("B", "606300", 60_00, None), ("C", "606300", 40_00, None)]


@pytest.mark.parametrize(
    ("bought", "parted", "title"),
    [
        (A_AND_B, (debit("607000", 50_00), debit("618100", 20_00), debit("615500", 30_00)), "A"),
        ([A_AND_B[0], ("B", "606300", 99_00, None)], (debit("607000", 50_00), debit("618100", 50_00), debit("615500", 49_00)), "A"),
        (B_OF_TWO, (debit("607000", 60_00), debit("618100", 70_00), debit("615500", 30_00)), "B"),
    ],
)
def test_an_amount_that_is_there_twice_tells_nothing(bought: list[Titled], parted: tuple[Line, ...], title: str):
    """Two accounts of one amount became three others; one became two of its amount; the one of a line's amount is another account's."""
    original = titled(bought)
    as_parted = corrected(original, *parted, entry_of(original).lines[-1])
    assert REMARK == flags_of(titled_return([(title, "624100", 10_00, None)]), as_parted)


TREATED_TWICE = (vat_row(50_00, 10_00), vat_row(50_00, 10_00, opinion="not_deductible", deductible_cents=0))


@pytest.mark.parametrize(
    ("original", "note"),
    [
        (invoice(**owed_by_us(100_00, "intra_eu")), returned([("606400", 50_00, "20")])),
        (invoice(), returned([("606400", 50_00, "20")], **owed_by_us(50_00, "intra_eu"))),
        (invoice(), returned([("606400", 50_00, "5.5")])),
        (invoice(), returned([("606400", 50_00, None)])),
        (invoice(), returned([("606400", 50_00, None)], vat=(vat_row(50_00, 10_00),), gross_cents=60_00)),
        (invoice(), returned([("606400", 100_00, "20")], vat=(vat_row(100_00, 20_00, rate="10"),))),
        (invoice(**owed_by_us(100_00, "intra_eu")), returned([("606400", 100_00, "20")], vat=(vat_row(100_00, 0, regime="import"),))),
        (invoice(**owed_by_us(100_00, "intra_eu")), returned([("606400", 80_00, "20")], vat=(vat_row(80_00, 20_00),))),
        (invoice([("606400", 100_00, "20")], vat=(vat_row(100_00, 0),)), returned([("606400", 50_00, "20")])),
        (invoice(vat=(vat_row(100_00, 20_00, waits_for="delivery"),), delivery_date=date(2026, 4, 2)), returned([("606400", 50_00, "20")])),
        (invoice(**deducted(100_00, 20_00, 10_00)).model_copy(update={"vat": TREATED_TWICE}), returned([("606400", 50_00, "20")])),
    ],
)
def test_vat_that_the_original_does_not_explain_stays_as_classified_with_a_remark(original: InvoiceClassified, note: InvoiceClassified):
    """
    In the gross and not there; the reverse; another rate; none; in no line; all of it at another rate; none where the buyer owed it;
    as much as the buyer owed; some where there was none; what waited for delivery; what was treated in two ways
    """
    assert note.vat == credit_of(note, [booked(original)]).document.vat
    assert REMARK == flags_of(note, booked(original))


@pytest.mark.parametrize(
    "by_hand",
    [
        (debit("606400", 100_00), debit("445660", 20_00), credit("401000", 120_00, aux="AMAZON")),
        (debit("606400", 90_00), debit("445660", 30_00, rate="20"), credit("401000", 120_00, aux="AMAZON")),
        (debit("606400", 100_00), debit("445662", 20_00, rate="20"), credit("401000", 120_00, aux="AMAZON")),
        (debit("606400", 100_00), debit("445710", 20_00, rate="20"), credit("401000", 120_00, aux="AMAZON")),
    ],
)
def test_vat_that_a_person_booked_in_a_way_of_his_own_stays_as_classified_with_a_remark(by_hand: tuple[Line, ...]):
    """Without its rate; more than is printed; deducted as an acquisition on which nothing is due; on an account of no regime."""
    note = returned([("606400", 50_00, "20")])
    assert note.vat == credit_of(note, [corrected(invoice(), *by_hand)]).document.vat
    assert REMARK == flags_of(note, corrected(invoice(), *by_hand))


def test_a_buyer_who_owes_vat_of_which_the_entry_has_nothing_is_not_understood():
    original = corrected(invoice(**owed_by_us(100_00, "intra_eu")), debit("606400", 100_00), credit("401000", 100_00, aux="AMAZON"))
    assert REMARK == flags_of(returned([("606400", 50_00, "20")], **owed_by_us(50_00, "intra_eu")), original)


def test_what_is_owed_by_another_amount_than_the_document_is_not_turned_round():
    """A person accepted a difference: 110.00 owed, 10.00 of it on 758. The credit note gives back 120.00."""
    by_hand = (debit("606300", 100_00), debit("445660", 20_00, rate="20"), credit("758000", 10_00), credit("401000", 110_00, aux="AMAZON"))
    assert [credit("606300", 100_00), credit("445660", 20_00, rate="20"), debit("401000", 120_00, aux="AMAZON")] == lines_of(
        returned([("606400", 100_00, "20")]), corrected(invoice(), *by_hand)
    )


def test_vat_that_waits_for_delivery_is_not_turned_round_either():
    """A second entry may have moved it since: all of it comes back, as classified, with a remark."""
    original = booked(invoice(vat=(vat_row(100_00, 20_00, waits_for="delivery"),), delivery_date=date(2026, 4, 2)))
    note = returned([("606400", 100_00, "20")])
    assert credit("445660", 20_00, rate="20") in lines_of(note, original)
    assert REMARK == flags_of(note, original)


def test_a_rebate_on_both_kinds_of_purchases_stays_as_classified_with_a_remark():
    original = booked(titled([PAPER, ("Carton", "607000", 10_00, "20")]))
    note = returned([("609600", 7_00, "20")])
    assert (["609600"], REMARK) == (expense(note, original), flags_of(note, original))


OTHER = Supplier(name="Amazon Business", auxiliary="AMAZON", legal_name="Outillage Brest", vat_id="FR10987654321", siren=None)
NAMELESS = OTHER.model_copy(update={"vat_id": None, "legal_name": None})
RENAMED = OTHER.model_copy(update={"vat_id": None, "legal_name": "PAPETERIE LYON"})


@pytest.mark.parametrize(
    ("supplier", "account"),
    [(OTHER, "606400"), (OTHER.model_copy(update={"vat_id": None}), "606400"), (NAMELESS, "606300"), (RENAMED, "606300")],
)
def test_the_same_number_of_another_seller_is_another_invoice(supplier: Supplier, account: str):
    """By VAT number; by name where one has no number; a seller that is not known is taken for the same; capitals do not matter."""
    original = booked(invoice(supplier=supplier), a606400="606300")
    note = returned([("606400", 50_00, "20")])
    assert [account] == expense(note, original)
    assert (() if account == "606300" else REMARK) == flags_of(note, original)


def test_a_seller_is_the_same_by_any_of_its_numbers_whatever_its_name():
    """Another VAT number, the same SIREN, another spelling."""
    known = OTHER.model_copy(update={"siren": "732829320"})
    elsewhere = known.model_copy(update={"vat_id": "DE813470268", "legal_name": "Outillage Brest SAS"})
    note = returned([("606400", 50_00, "20")], supplier=elsewhere)
    assert ["606300"] == expense(note, booked(invoice(supplier=known), a606400="606300"))


def test_none_or_two_of_the_number_change_nothing_and_are_remarked():
    note = returned([("606400", 50_00, "20")])
    two = [booked(invoice(invoice_id=name), a606400="606300") for name in ("I-1", "I-2")]
    for named in ([], two):
        assert Credit(note.model_copy(update={"flags": REMARK})) == credit_of(note, named)


@pytest.mark.parametrize("currencies", [("EUR", "USD"), ("USD", "EUR")])
def test_amounts_in_another_currency_are_not_compared(currencies: tuple[str, str]):
    original = invoice().model_copy(update={"currency": currencies[0]})
    note = returned([("606400", 100_00, "20")], currency=currencies[1])
    assert REMARK == flags_of(note, corrected(original, *entry_of(invoice()).lines))

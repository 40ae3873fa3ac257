"""Documents and the entries they make: cases in sight, and properties that hold for any document."""

from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.invoice_classified.v1 import ClassifiedVat, InvoiceClassified
from schemas.values import Supplier
from services.ledger.domain.holds import (
    DeductionUndecided,
    DeliveryDateMissing,
    Hold,
    NoRate,
    RegimeUnknown,
    TooLargeToBook,
    TotalsMismatch,
    TypeUnknown,
)
from services.ledger.domain.posting import Line, NoEntry, post, source_key
from tests.unit.ledger.documents import SETTINGS, Row, case, credit, debit, entry_of, invoice, line, lines


def test_an_invoice_is_expense_and_vat_against_the_supplier():
    """
    invoice FR-1
      606400  100.00  20%
    """
    assert [debit("606400", 100_00), debit("445660", 20_00, rate="20"), credit("401000", 120_00, aux="AMAZON")] == lines(case())


def test_a_credit_note_is_the_same_on_the_other_side():
    """
    credit_note AV-1
      606400  100.00  20%
    """
    assert [credit("606400", 100_00), credit("445660", 20_00, rate="20"), debit("401000", 120_00, aux="AMAZON")] == lines(case())


def test_expenses_are_summed_per_account_across_rates_and_vat_per_rate():
    """
    invoice FR-2
      606300   50.00  20%
      606400   30.00  5.5%
      606400   70.00  20%
    """
    assert [
        debit("606300", 50_00),
        debit("606400", 100_00),
        debit("445660", 1_65, rate="5.5"),
        debit("445660", 24_00, rate="20"),
        credit("401000", 175_65, aux="AMAZON"),
    ] == lines(case())


def test_a_discount_reduces_its_purchase():
    """
    invoice FR-3
      606400  100.00  20%
      606400  -10.00  20%
    """
    assert [debit("606400", 90_00), debit("445660", 18_00, rate="20"), credit("401000", 108_00, aux="AMAZON")] == lines(case())


def test_a_line_without_vat_has_no_vat_line():
    """
    invoice FR-4
      618100  40.00
    """
    assert [debit("618100", 40_00), credit("401000", 40_00, aux="AMAZON")] == lines(case())


def test_a_cent_too_much_in_the_gross_is_a_charge():
    """
    invoice FR-5, gross 120.01
      606400  100.00  20%
    """
    assert [
        debit("606400", 100_00),
        debit("658000", 1),
        debit("445660", 20_00, rate="20"),
        credit("401000", 120_01, aux="AMAZON"),
    ] == lines(case())


def test_printed_vat_stands_and_the_cent_it_lacks_is_a_gain():
    """
    invoice FR-6, gross 119.99
      606400  100.00  20%
      vat     20%     20.00
    """
    assert [
        debit("606400", 100_00),
        credit("758000", 1),
        debit("445660", 20_00, rate="20"),
        credit("401000", 119_99, aux="AMAZON"),
    ] == lines(case())


def test_the_gap_of_a_credit_note_is_mirrored_too():
    """
    credit_note AV-2, gross 120.01
      606400  100.00  20%
    """
    assert credit("658000", 1) in lines(case())


def test_two_cents_on_one_line_are_held():
    """
    invoice FR-7, gross 120.02
      606400  100.00  20%
    """
    with pytest.raises(TotalsMismatch):
        post(case())


def test_five_cents_on_five_lines_are_rounding_and_six_on_six_are_not():
    five = invoice([("606400", 10_00, None)] * 5, gross_cents=50_05)
    six = invoice([("606400", 10_00, None)] * 6, gross_cents=60_06)
    assert [debit("606400", 50_00), debit("658000", 5), credit("401000", 50_05, aux="AMAZON")] == lines(five)
    with pytest.raises(TotalsMismatch):
        post(six)


def test_vat_that_is_in_the_totals_but_not_in_the_table_is_held():
    with pytest.raises(TotalsMismatch):
        post(invoice([("606400", 100_00, "20")], vat=(), gross_cents=120_00))


def test_a_document_that_nets_to_zero_has_no_entry():
    """
    invoice FR-8
      606400   10.00  20%
      606400  -10.00  20%
    """
    assert NoEntry() == post(case())


TAKEN = ("606300", -(10**15), None)
REGIME = (ClassifiedVat(rate="20", base_cents=100_00, vat_cents=20_00, regime="a_later_regime"),)


@pytest.mark.parametrize(
    ("document", "hold"),
    [
        (invoice(currency="GBP"), NoRate),
        (invoice(type="self_billed"), TypeUnknown),
        (invoice(vat=REGIME), RegimeUnknown),
        (invoice(settings=SETTINGS.model_copy(update={"vat_regime": "franchise"})), DeductionUndecided),
        (invoice(settings=SETTINGS.model_copy(update={"deduction_coefficient": "0.6"})), DeductionUndecided),
        (invoice(settings=SETTINGS.model_copy(update={"vat_regime": "a_later_regime"})), DeductionUndecided),
        (invoice(exchange_rate="1.1"), NoRate),
        (invoice(currency="USD", exchange_rate="0"), NoRate),
        (invoice(currency="USD", exchange_rate="-1.1"), NoRate),
        (invoice(currency="XYZ", exchange_rate="1.1"), NoRate),
        (invoice(currency="USD", exchange_rate="0.000000000000001"), TooLargeToBook),
        (invoice([("606400", 10**15, None), ("606400", 10**6, None), TAKEN], currency="VND", exchange_rate="27000"), TooLargeToBook),
    ],
)
def test_what_the_ledger_cannot_book_yet_is_held(document: InvoiceClassified, hold: type[Hold]):
    with pytest.raises(hold):
        post(document)


def test_a_hold_has_a_code_a_sentence_and_an_action():
    assert "totals_mismatch" == TotalsMismatch.code()
    assert "Le total du document diffère de la somme de ses lignes et de sa TVA." == TotalsMismatch.sentence()
    assert "Comparer le PDF et les lignes, puis accepter l'écart ou corriger." == TotalsMismatch.next_action


def test_the_heading_names_journal_dates_piece_and_seller():
    entry = entry_of(invoice(number="FR-9"))
    assert ("AC", date(2026, 3, 10), "FR-9", date(2026, 3, 10)) == (entry.journal, entry.entry_date, entry.piece_ref, entry.piece_date)
    assert "Amazon Business — Papeterie Lyon — FR-9" == entry.label


def test_a_label_is_cut_where_its_contract_ends():
    """500 characters, however long supplier, seller and number are."""
    assert 500 == len(entry_of(invoice(number="N" * 500)).label)


def test_a_sum_beyond_what_an_amount_may_be_is_held():
    """Each line may be announced, their account's sum may not; one cent less may."""
    rest = ("606300", -(10**15), None)
    with pytest.raises(TooLargeToBook):
        post(invoice([("606400", 10**15, None), ("606400", 1, None), rest]))
    assert 10**15 == entry_of(invoice([("606400", 10**15 - 1, None), ("606400", 1, None), rest, ("606300", 1, None)])).lines[1].cents


def test_the_label_is_one_line_without_separators_of_the_fec():
    supplier = Supplier(name="Amazon Business", auxiliary="AMAZON", legal_name="A|B\tC\r\nD", vat_id=None, siren=None)
    entry = entry_of(invoice(supplier=supplier, number="FR\t10"))
    assert "Amazon Business — A B C D — FR 10" == entry.label
    assert "FR 10" == entry.piece_ref


def test_a_seller_who_is_the_supplier_is_named_once():
    supplier = Supplier(name="Papeterie Lyon", auxiliary="S1", legal_name="Papeterie Lyon", vat_id=None, siren=None)
    assert "Papeterie Lyon — FR-1" == entry_of(invoice(supplier=supplier)).label


def test_the_source_key_starts_with_the_issue_date_and_knows_no_rulebook():
    key = source_key(invoice(issue_date=date(2026, 3, 10)))
    assert 1_773_100_800_000 == int.from_bytes(key.bytes[:6])  # 10 March 2026, midnight UTC
    assert key == source_key(invoice(issue_date=date(2026, 3, 10), rulebook_version="r2"))
    assert key != source_key(invoice(issue_date=date(2026, 3, 10), revision=2))


WAITING = ClassifiedVat(rate="20", base_cents=100_00, vat_cents=20_00, regime="domestic", waits_for="delivery")


def waiting(day: date | None, **changes: Any) -> InvoiceClassified:
    """An invoice of 10 March over 120.00 whose goods come on that day."""
    said: dict[str, Any] = {"vat": (WAITING,), "delivery_date": day, **changes}
    return invoice(**said)


def test_vat_that_waits_is_deducted_on_delivery():
    """Half on an asset; the second entry is dated on delivery, under the invoice's piece (CGI 269-2-a, 271 I)."""
    rows = tuple(WAITING.model_copy(update={"asset": asset, "vat_cents": 10_00}) for asset in (False, True))
    entry = entry_of(waiting(date(2026, 4, 2), vat=rows))
    assert [("606400", 100_00), ("445801", 20_00)] == [(one.account, one.cents) for one in entry.lines[:2]]
    later = entry.later
    assert later is not None
    assert ("OD", date(2026, 4, 2), "FR-1", date(2026, 3, 10)) == (later.journal, later.entry_date, later.piece_ref, later.piece_date)
    moved = [debit("445620", 10_00, rate="20"), debit("445660", 10_00, rate="20")]
    assert [*moved, *[credit("445801", 10_00, rate="20")] * 2] == list(later.lines)
    assert "Amazon Business — Papeterie Lyon — FR-1 — TVA déduite à la livraison" == later.label
    assert entry.source_key != later.source_key


def test_nothing_is_deducted_before_the_invoice_is_there():
    """Delivered a week earlier (CGI 271 II); and a day nobody knows is asked for."""
    later = entry_of(waiting(date(2026, 3, 3))).later
    assert later is not None
    assert date(2026, 3, 10) == later.entry_date
    with pytest.raises(DeliveryDateMissing):
        post(waiting(None))


def test_what_is_deducted_nowhere_waits_for_nothing():
    """Foreign VAT, in the cost; a deductible part of zero."""
    nowhere = WAITING.model_copy(update={"regime": "foreign"}), WAITING.model_copy(update={"deductible_cents": 0})
    cost = (line("606400", 100_00, "20").model_copy(update={"cost_cents": 120_00}),)
    entries = [entry_of(waiting(None, vat=(row,), lines=cost)) for row in nowhere]
    assert [None, None] == [entry.later for entry in entries]
    assert [[("606400", 120_00), ("401000", -120_00)]] * 2 == [[(one.account, one.cents) for one in entry.lines] for entry in entries]


def test_the_digest_covers_what_follows():
    """The same again; another day; another account of the deduction. Where nothing follows it is what it was."""
    assets = (WAITING.model_copy(update={"asset": True}),)
    said = [
        waiting(date(2026, 4, 2)),
        waiting(date(2026, 4, 2), revision=2),
        waiting(date(2026, 4, 3)),
        waiting(date(2026, 4, 2), vat=assets),
    ]
    first, again, *others = [entry_of(document).digest for document in said]
    assert first == again
    assert 3 == len({first, *others})
    assert "a7581038" == entry_of(invoice()).digest.hex()[:8]


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["606400", "606300", "624100", "471000"]), st.integers(-(10**9), 10**9), st.sampled_from(["20", "5.5", None])
    ),
    min_size=1,
    max_size=12,
)


@st.composite
def documents(draw: st.DrawFn) -> InvoiceClassified:
    """Any document that can be booked: any lines, any printed VAT, a gross within the tolerance."""
    rows: list[Row] = draw(ROWS)
    vat = tuple(
        ClassifiedVat(rate=rate, base_cents=0, vat_cents=draw(st.integers(-(10**8), 10**8)), regime="domestic")
        for rate in sorted({rate for _, _, rate in rows if rate})
    )
    tolerance = min(5, len(rows))
    gap = draw(st.integers(-tolerance, tolerance))
    gross = sum(net for _, net, _ in rows) + sum(group.vat_cents for group in vat) + gap
    return invoice(rows, vat=vat, gross_cents=gross, type=draw(st.sampled_from(["invoice", "credit_note"])))


@given(documents())
def test_every_entry_balances_and_owes_the_gross(document: InvoiceClassified):
    said = lines(document)
    side = 1 if document.type == "invoice" else -1
    assert 0 == sum(one.cents for one in said)
    assert side * document.totals.gross_cents == -sum(one.cents for one in said if one.account == "401000")
    assert all(one.cents for one in said)
    assert len(said) != 1


@given(documents())
def test_an_invoice_and_its_full_return_are_mirror_images(document: InvoiceClassified):
    other = "credit_note" if document.type == "invoice" else "invoice"
    mirrored = lines(document.model_copy(update={"type": other}))
    assert [Line(one.account, one.auxiliary, -one.cents, one.vat_rate) for one in lines(document)] == mirrored


@given(documents(), st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(document: InvoiceClassified, chance: Random):
    shuffled = list(document.lines)
    chance.shuffle(shuffled)
    assert lines(document) == lines(document.model_copy(update={"lines": tuple(shuffled), "vat": tuple(reversed(document.vat))}))

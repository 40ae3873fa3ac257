"""Lines → VAT table → totals, the tolerance, and what Amazon charged."""

from collections.abc import Sequence

import pytest

from schemas.invoice_collected.v1 import Charge, Evidence
from schemas.values import Totals
from services.classifier.domain.agreement import charges_of, compare
from services.classifier.domain.arithmetic import add_up, known_totals, tolerance
from services.classifier.domain.holds import DocumentContradictsOrder, TotalsMismatch, TotalsMissing
from services.classifier.domain.identity import Identity
from tests.support.collected import ISSUED, charge, evidence, fact, line, silent_charge, stated, vat

INVOICE = Identity("invoice", "FR1", ISSUED, "EUR")
CREDIT = Identity("credit_note", "AV1", ISSUED, "EUR")


def binder(lines: int = 1, gross_cents: int = 120_00, **changes: object) -> Evidence:
    """100,00 € at 20 % in that many lines."""
    nets = [100_00 // lines] * (lines - 1)
    parts = [line("Classeur", net) for net in (*nets, 100_00 - sum(nets))]
    return evidence(parts, (vat("20", 100_00, 20_00),), gross_cents=fact(gross_cents), **changes)


def total(net: int, tax: int, gross: int) -> Totals:
    """Totals in cents."""
    return Totals(net_cents=net, vat_cents=tax, gross_cents=gross)


@pytest.mark.parametrize(("lines", "gap"), [(1, 1), (1, -1), (3, 3), (5, 5), (9, 5)])
def test_a_rounding_gap_is_accepted_and_the_printed_total_stands(lines: int, gap: int) -> None:
    """Goal: min(5 cents, lines). Case BC11: header total one cent above the sum."""
    assert total(100_00, 20_00, 120_00 + gap) == add_up(binder(lines, 120_00 + gap), 0)


@pytest.mark.parametrize(("lines", "gap"), [(1, 2), (3, -4), (5, 6), (9, 6), (1, 1_00)])
def test_a_larger_gap_is_held(lines: int, gap: int) -> None:
    """Goal: beyond the tolerance a person decides. Case BC13: one euro."""
    with pytest.raises(TotalsMismatch):
        add_up(binder(lines, 120_00 + gap), 0)


def test_the_tolerance_of_a_document_without_lines_is_one_cent() -> None:
    """Case: zero lines known."""
    assert [1, 1, 4, 5, 5] == [tolerance(lines) for lines in (0, 1, 4, 5, 60)]


@pytest.mark.parametrize(
    "said",
    [
        evidence((line("Papier", 90_00),), (vat("20", 100_00, 20_00),)),
        evidence((line("Papier", 100_00),), (vat("20", 100_00, 20_00), vat("5.5", 10_00, 55)), net_cents=fact(100_00)),
        evidence((), (vat("20", 100_00, 20_00),), vat_cents=fact(19_00), gross_cents=fact(119_00)),
        evidence((), (vat("20", 100_00, 10_00),)),
        evidence((line("Papier", 40_00), line("Livre", 60_00, "5.5")), (vat("20", 60_00, 12_00), vat("5.5", 40_00, 2_20))),
    ],
    ids=["lines", "bases", "vat sum", "base × rate", "lines of a rate"],
)
def test_each_level_must_agree_with_the_next(said: Evidence) -> None:
    """Goal: one contradiction anywhere is enough."""
    with pytest.raises(TotalsMismatch):
        add_up(said, 0)


def test_vat_may_be_rounded_line_by_line() -> None:
    """Case: 30 lines of 0,33 € at 20 %, VAT 0,07 € each instead of 0,066 €: 2,10 € printed for 1,98 €."""
    said = evidence([line("Vis", 33)] * 30, (vat("20", 9_90, 2_10),))
    assert total(9_90, 2_10, 12_00) == add_up(said, 0)


def test_charges_count_as_lines_where_the_document_lists_none() -> None:
    """Case: the same consolidated invoice as text, with Amazon's thirty charges."""
    said = evidence((), (vat("20", 9_90, 2_10),))
    assert total(9_90, 2_10, 12_00) == add_up(said, 30)
    with pytest.raises(TotalsMismatch):
        add_up(said, 3)


def test_totals_that_are_not_printed_follow_from_the_vat_table() -> None:
    """Case: only the gross and the table are printed."""
    assert total(100_00, 20_00, 120_00) == add_up(binder(net_cents=None, vat_cents=None), 0)


@pytest.mark.parametrize("missing", ["gross_cents", "net_cents", "vat_cents"])
def test_a_total_nobody_prints_is_not_computed_from_the_others(missing: str) -> None:
    """Goal: no guess. Case: no VAT table."""
    said = evidence((), (), net_cents=fact(100_00), vat_cents=fact(20_00), gross_cents=fact(120_00)).model_copy(update={missing: None})
    assert known_totals(said) is None
    with pytest.raises(TotalsMissing):
        add_up(said, 0)


@pytest.mark.parametrize("charges", [(), (charge(total_cents=None),), (charge(), silent_charge("Stylo")), (charge(currency="USD"),)])
def test_charges_without_amounts_say_nothing(charges: Sequence[Charge]) -> None:
    """Goal: a null amount is unknown, not zero."""
    compare(tuple(charges), INVOICE, total(100_00, 20_00, 120_00))


@pytest.mark.parametrize("gross", [48_00, 48_02, 47_98])
def test_charges_that_add_up_to_the_gross_agree(gross: int) -> None:
    """Case: two charges of 24,00 €; two lines, two cents."""
    compare((charge(), charge()), INVOICE, total(40_00, gross - 40_00, gross))


@pytest.mark.parametrize("gross", [24_00, 48_03, 96_00])
def test_charges_that_add_up_to_something_else_contradict(gross: int) -> None:
    """Case: a document that is not the one Amazon charged for."""
    with pytest.raises(DocumentContradictsOrder):
        compare((charge(), charge()), INVOICE, total(0, gross, gross))


def test_debits_belong_to_invoices_and_refunds_to_credit_notes() -> None:
    """Goal: an order charged and partly refunded contradicts neither document."""
    both = stated((charge(), charge(kind="refund", total_cents=6_00), charge(kind="overrefund", total_cents=1_00), charge(kind="new")))
    assert [24_00] == [one.total_cents for one in charges_of(both, INVOICE.type)]
    assert [6_00, 1_00] == [one.total_cents for one in charges_of(both, CREDIT.type)]

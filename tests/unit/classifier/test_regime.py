"""The VAT regime: what is domestic, and the true reason of what is not."""

from collections.abc import Sequence

import pytest

from schemas.invoice_collected.v1 import Evidence, Party, VatGroup
from services.classifier.domain.arithmetic import add_up
from services.classifier.domain.holds import (
    ExportOrImport,
    ForeignVat,
    Hold,
    IntraEu,
    IntraEuSupplyFromFrance,
    MarginScheme,
    ReverseCharge,
    SmallBusiness,
    VatRateUnknown,
    VatTableMissing,
    VatWronglyCharged,
    ZeroRateUnexplained,
)
from services.classifier.domain.regime import domestic_vat, refuse_announced
from tests.support.collected import evidence, german_seller, party, seller, vat


def charged(said: Evidence) -> list[tuple[str, int, int, str]]:
    """The regime's answer as rows."""
    return [(row.rate, row.base_cents, row.vat_cents, row.regime) for row in domestic_vat(said, add_up(said, 9))]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ((vat("20.00", 100_00, 20_00),), [("20", 100_00, 20_00, "domestic")]),
        ((vat("10", 100_00, 10_00),), [("10", 100_00, 10_00, "domestic")]),
        ((vat("5.50", 100_00, 5_50),), [("5.5", 100_00, 5_50, "domestic")]),
        ((vat("2.1", 100_00, 2_10),), [("2.1", 100_00, 2_10, "domestic")]),
        ((vat("8.5", 100_00, 8_50),), [("8.5", 100_00, 8_50, "domestic")]),
        ((vat("20", 40_00, 8_00), vat("5.5", 20_00, 1_10)), [("5.5", 20_00, 1_10, "domestic"), ("20", 40_00, 8_00, "domestic")]),
        ((vat("20", 40_00, 8_00), vat("20.0", 10_00, 2_00)), [("20", 50_00, 10_00, "domestic")]),
        ((vat("20", 40_00, 8_00), vat("0", 9_00, 0, "e")), [("20", 40_00, 8_00, "domestic")]),
        ((vat("0", 9_00, 0, None),), []),
        ((vat(None, 9_00, 0, "o"),), []),
    ],
    ids=["20", "10", "5.5", "2.1", "8.5", "two rates", "one rate twice", "exempt beside", "established seller, no VAT", "out of scope"],
)
def test_french_vat_of_an_established_seller(table: Sequence[VatGroup], expected: list[tuple[str, int, int, str]]) -> None:
    """Goal: one row per rate, lowest first; untaxed lines have no VAT row and are not held (A10.17)."""
    assert expected == charged(evidence((), table))


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (german_seller(), ForeignVat),
        (party("Händler", None, None, "DE"), ForeignVat),
        (party("Trader", "GB123456789"), ForeignVat),
        (party("Negozio", "FR53999999999", None, "IT"), VatWronglyCharged),
    ],
    ids=["German number", "abroad, no number", "British number", "French number, seat in Italy"],
)
def test_a_seller_abroad_that_charges_vat_is_held(who: Party, reason: type[Hold]) -> None:
    """Goal: VAT that could not legally be charged is not deducted (A10.3). Case: 20 % printed."""
    with pytest.raises(reason):
        charged(evidence((), (vat("20", 100_00, 20_00),), seller=who))


@pytest.mark.parametrize(
    "who",
    [seller(None), seller("FR"), party("Amazon EU S.à r.l., Succursale Française", "FR12487773327", None, "LU"), party("Inconnu"), party()],
    ids=["no country", "France", "branch of a Luxembourg company", "name only", "nothing"],
)
def test_a_seller_that_shows_no_foreign_seat_charges_domestic_vat(who: Party) -> None:
    """Goal: what the document does not say is not held against it; an unidentified seller is a flag elsewhere."""
    assert [("20", 100_00, 20_00, "domestic")] == charged(evidence((), (vat("20", 100_00, 20_00),), seller=who))


@pytest.mark.parametrize("rate", ["19", "7", "19.6", "21", "0.9"])
def test_a_rate_that_is_not_french_is_held(rate: str) -> None:
    """Case: a seller of unknown country."""
    tax = round(100_00 * float(rate) / 100)
    with pytest.raises(VatRateUnknown):
        charged(evidence((), (vat(rate, 100_00, tax),), seller=party("Inconnu")))


def test_vat_without_its_table_is_held() -> None:
    """Cases: totals only (Factur-X MINIMUM), and a row without its rate."""
    totals_only = evidence((), (vat("20", 100_00, 20_00),)).model_copy(update={"vat": ()})
    for said in (totals_only, evidence((), (vat(None, 100_00, 20_00),))):
        with pytest.raises(VatTableMissing):
            charged(said)


@pytest.mark.parametrize("who", [german_seller(), party("Vendeur", "FR53999999999"), party()], ids=["German", "country unknown", "nothing"])
def test_no_vat_and_no_reason_is_held(who: Party) -> None:
    """Goal: a French number alone does not prove an establishment that could exempt."""
    with pytest.raises(ZeroRateUnexplained):
        charged(evidence((), (vat("0", 100_00, 0, None),), seller=who))


@pytest.mark.parametrize(
    ("mentions", "category", "reason"),
    [
        (("reverse_charge",), "s", ReverseCharge),
        ((), "ae", ReverseCharge),
        (("intra_eu_supply",), "z", IntraEu),
        ((), "k", IntraEu),
        (("export",), "z", ExportOrImport),
        ((), "g", ExportOrImport),
        (("small_business_exempt",), "e", SmallBusiness),
        (("margin_scheme",), "e", MarginScheme),
    ],
)
def test_a_regime_the_document_announces_is_held_under_its_name(mentions: tuple[str, ...], category: str, reason: type[Hold]) -> None:
    """Goal: the true reason, from the words or from the category of a VAT row."""
    with pytest.raises(reason):
        refuse_announced(evidence((), (vat("0", 100_00, 0, category),), mentions=mentions, seller=german_seller()))


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (seller("FR"), IntraEuSupplyFromFrance),
        (seller(None), IntraEuSupplyFromFrance),
        (party("Amazon EU S.à r.l., Succursale Française", "FR12487773327", None, "LU"), IntraEuSupplyFromFrance),
        (german_seller(), IntraEu),
        (party("Händler", "FR53999999999", None, "DE"), IntraEu),
        (party("Inconnu"), IntraEu),
    ],
    ids=["France", "French number, country unknown", "French branch", "Germany", "Germany, French number", "unknown"],
)
@pytest.mark.parametrize(("mentions", "category"), [(("intra_eu_supply",), "z"), ((), "k")], ids=["words", "category"])
def test_an_exempt_supply_out_of_france_is_no_acquisition(who: Party, reason: type[Hold], mentions: tuple[str, ...], category: str) -> None:
    """Goal: nobody is told to self-assess VAT on what a French seller delivers abroad (CGI 262 ter I)."""
    with pytest.raises(reason):
        refuse_announced(evidence((), (vat("0", 100_00, 0, category),), mentions=mentions, seller=who))


def test_unknown_mentions_and_categories_say_nothing() -> None:
    """Goal: lists that grow break nobody."""
    refuse_announced(evidence((), (vat("20", 100_00, 20_00, "new"),), mentions=("eco_contribution",)))

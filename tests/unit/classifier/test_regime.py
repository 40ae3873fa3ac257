"""The decision table of VAT regimes: every row has a document that it decides, and every document has a row."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.invoice_collected.v1 import Evidence, Party, VatGroup
from services.classifier.domain import holds
from services.classifier.domain.arithmetic import add_up
from services.classifier.domain.holds import Hold
from services.classifier.domain.vat.regime import TABLE, Row, Situation, row_of, situation_of
from services.classifier.domain.vat.ruling import Ruling, Standpoint, printed_of, rulings
from services.classifier.domain.vat.standing import standing_of
from tests.support.collected import evidence, fact, german_seller, party, seller, settings, vat

ITALIAN = party("Arredo Quattro Venti S.r.l.", "IT04738120965", None, "IT")
CHINESE = party("Shenzhen Lianqiao Co., Ltd", None, None, "CN")
CHINESE_IN_GERMANY = party("Shenzhen Lianqiao Co., Ltd", "DE813470268", None, "CN")
BRITISH = party("Hartwell Trading Ltd", "GB980780684", None, "GB")
UNKNOWN = party("Inconnu")
BRANCH = party("Amazon EU S.à r.l., Succursale Française", "FR12487773327", None, "LU")


def untaxed(who: Party, *mentions: str, category: str | None = None, departure: str | None = None, **changes: Any) -> Evidence:
    """100,00 € without VAT."""
    leaves = fact(departure) if departure else None
    return evidence((), (vat("0", 100_00, 0, category),), seller=who, mentions=mentions, departure=leaves, **changes)


def taxed(who: Party, rate: str = "20", *mentions: str) -> Evidence:
    """100,00 € with VAT at that rate."""
    return evidence((), (vat(rate, 100_00, round(float(rate) * 100)),), seller=who, mentions=mentions)


def ruled(said: Evidence, lines: str = "goods", paper: str = "invoice", **changes: Any) -> Ruling:
    """What the table says of the document's only rate. Raises Hold."""
    rate = "0" if said.vat[0].rate is None else said.vat[0].rate
    return rulings(said, add_up(said, 9), Standpoint(paper, settings(**changes), {}))(rate, lines)


DECIDED: list[tuple[Evidence, str, str, str | type[Hold]]] = [
    (untaxed(CHINESE), "receipt", "goods", "receipt"),
    (taxed(seller()), "receipt", "goods", "receipt"),
    (untaxed(german_seller(), "intra_eu_supply"), "receipt", "goods", holds.RegimeContradicted),
    (untaxed(german_seller(), "intra_eu_supply", "export"), "invoice", "goods", holds.RegimeContradicted),
    (taxed(seller(), "20", "reverse_charge"), "invoice", "goods", holds.RegimeContradicted),
    (taxed(seller(), "20", "small_business_exempt"), "invoice", "goods", holds.RegimeContradicted),
    (taxed(UNKNOWN, "19.6"), "invoice", "goods", holds.VatRateUnknown),
    (taxed(seller(), "19.6"), "invoice", "goods", holds.VatRateUnknown),
    (taxed(german_seller(), "19"), "invoice", "goods", "foreign"),
    (taxed(BRITISH, "20"), "invoice", "goods", "foreign"),
    (taxed(party("Händler", None, None, "DE"), "19"), "invoice", "goods", "foreign"),
    (taxed(german_seller(), "21"), "invoice", "goods", "foreign"),
    (taxed(german_seller(), "20"), "invoice", "goods", holds.VatWronglyCharged),
    (taxed(party("Negozio", "FR88902100478", None, "IT")), "invoice", "goods", holds.VatWronglyCharged),
    (taxed(party("Negozio", "FR88902100478", None, "IT"), "10"), "invoice", "goods", holds.VatWronglyCharged),
    (taxed(CHINESE), "invoice", "goods", holds.VatWronglyCharged),
    (taxed(seller()), "invoice", "goods", "domestic"),
    (taxed(seller(None)), "invoice", "goods", "domestic"),
    (taxed(BRANCH), "invoice", "goods", "domestic"),
    (taxed(UNKNOWN), "invoice", "goods", "domestic"),
    (taxed(party()), "invoice", "goods", "domestic"),
    (taxed(seller("RE"), "8.5"), "invoice", "goods", "domestic"),
    (taxed(seller("GP"), "2.1"), "invoice", "goods", "domestic"),
    (untaxed(german_seller(), "small_business_exempt"), "invoice", "goods", holds.SmallBusinessAbroad),
    (untaxed(seller(), "small_business_exempt"), "invoice", "goods", "small_business"),
    (untaxed(seller(), "margin_scheme"), "invoice", "goods", "margin"),
    (untaxed(german_seller(), "margin_scheme"), "invoice", "goods", "margin"),
    (untaxed(seller(), category="ae"), "invoice", "goods", holds.ReverseChargeFromFrance),
    (untaxed(german_seller(), category="ae"), "invoice", "services", "reverse_charge_services"),
    (untaxed(ITALIAN, category="ae"), "invoice", "goods", "reverse_charge"),
    (untaxed(ITALIAN, "reverse_charge"), "invoice", "goods", "reverse_charge"),
    (untaxed(CHINESE, "reverse_charge", departure="FR"), "invoice", "goods", "reverse_charge"),
    (untaxed(ITALIAN, "reverse_charge", departure="IT"), "invoice", "goods", holds.ReverseCharge),
    (untaxed(UNKNOWN, "reverse_charge"), "invoice", "goods", holds.ReverseCharge),
    (untaxed(seller(), category="k"), "invoice", "goods", holds.IntraEuSupplyFromFrance),
    (untaxed(BRANCH, "intra_eu_supply"), "invoice", "goods", holds.IntraEuSupplyFromFrance),
    (untaxed(seller(None), category="k"), "invoice", "goods", holds.IntraEuSupplyFromFrance),
    (untaxed(german_seller(), category="k"), "invoice", "services", "reverse_charge_services"),
    (untaxed(german_seller(), category="k"), "invoice", "goods", "intra_eu"),
    (untaxed(german_seller(), "intra_eu_supply", departure="PL"), "invoice", "goods", "intra_eu"),
    (untaxed(CHINESE_IN_GERMANY, category="k"), "invoice", "goods", "intra_eu"),
    (untaxed(german_seller(), category="k", departure="FR"), "invoice", "goods", holds.IntraEu),
    (untaxed(party("Händler", None, None, "DE"), category="k"), "invoice", "goods", holds.IntraEu),
    (untaxed(UNKNOWN, "intra_eu_supply"), "invoice", "goods", holds.IntraEu),
    (untaxed(CHINESE, category="g"), "invoice", "goods", "import"),
    (untaxed(BRITISH, "export"), "invoice", "goods", "import"),
    (untaxed(german_seller(), category="g", departure="CN"), "invoice", "goods", "import"),
    (untaxed(seller(), category="g"), "invoice", "goods", holds.ExportOrImport),
    (untaxed(german_seller(), category="g"), "invoice", "goods", holds.ExportOrImport),
    (untaxed(CHINESE, category="g", departure="FR"), "invoice", "goods", holds.ExportOrImport),
    (untaxed(seller()), "invoice", "goods", "exempt"),
    (untaxed(seller(), category="e"), "invoice", "services", "exempt"),
    (untaxed(ITALIAN, departure="FR"), "invoice", "goods", "reverse_charge"),
    (untaxed(german_seller(), departure="DE"), "invoice", "goods", "intra_eu"),
    (untaxed(CHINESE, departure="CN"), "invoice", "goods", "import"),
    (untaxed(german_seller()), "invoice", "goods", holds.ZeroRateUnexplained),
    (untaxed(UNKNOWN), "invoice", "goods", holds.ZeroRateUnexplained),
    (untaxed(seller(None)), "invoice", "goods", holds.ZeroRateUnexplained),
    (untaxed(german_seller(), departure="FR"), "invoice", "services", holds.ZeroRateUnexplained),
]


@pytest.mark.parametrize(("said", "paper", "lines", "expected"), DECIDED)
def test_the_table_decides(said: Evidence, paper: str, lines: str, expected: str | type[Hold]) -> None:
    """Goal: accounting.md A4 and A10, one document each: what is said, who sells, whose number, from where."""
    if isinstance(expected, str):
        assert expected == ruled(said, lines, paper).regime
    else:
        with pytest.raises(expected):
            ruled(said, lines, paper)


def test_every_row_decides_a_document() -> None:
    """Goal: no row is dead, none is hidden by one above it. Case: the documents above, and a company without a VAT number."""
    nobody = settings(vat_id=None)
    without = untaxed(ITALIAN, "reverse_charge", buyer=party("Dupont"))
    cases = [(said, lines, paper, settings()) for said, paper, lines, _ in DECIDED] + [(without, "goods", "invoice", nobody)]
    assert list(TABLE) == sorted({id(row): row for row in (row_for(*case) for case in cases)}.values(), key=TABLE.index)


def row_for(said: Evidence, lines: str, paper: str, company: Any) -> Row:
    """The row that decides the document's first VAT row."""
    return row_of(situation_of(said, said.vat[0], lines, paper, company))


WORDS = {
    "paper": ["invoice", "receipt"],
    "says": ["nothing", "reverse_charge", "intra_eu", "export", "small_business", "margin", "several"],
    "vat": ["none", "french", "foreign", "unknown"],
    "lines": ["goods", "services"],
    "seller": ["here", "eu", "outside", "unknown"],
    "number": ["here", "eu", "outside", "none"],
    "departure": ["here", "eu", "outside", "unknown"],
    "buyer": ["identified", "unidentified"],
}


def test_the_table_knows_its_columns() -> None:
    """Goal: a misspelled condition cannot make a row match nothing, or everything."""
    used = {(column, word) for row in TABLE for column, words in row.when.items() for word in words.split()}
    assert set() == used - {(column, word) for column, words in WORDS.items() for word in words}


@given(st.fixed_dictionaries({column: st.sampled_from(words) for column, words in WORDS.items()}))
def test_every_situation_has_a_row_with_an_article(words: dict[str, str]) -> None:
    """Goal: total; and no VAT is deducted from a receipt, nor French VAT of a seller that is not established here."""
    row = row_of(Situation(**words))
    assert row.article if isinstance(row.then, str) else row.then.article
    if words["paper"] == "receipt" or (words["vat"] == "french" and words["seller"] in ("eu", "outside")):
        assert row.then not in ("domestic", "intra_eu", "reverse_charge", "reverse_charge_services")


def test_zero_vat_alone_decides_nothing() -> None:
    """Goal: two documents that print the same amounts differ by seat, number, mention and departure only."""
    assert ["exempt", "intra_eu", "reverse_charge", "import"] == [
        ruled(untaxed(who, category=category)).regime
        for who, category in ((seller(), None), (german_seller(), "k"), (ITALIAN, "ae"), (CHINESE, "g"))
    ]


def test_a_company_without_a_vat_number_owes_no_vat_of_its_own() -> None:
    """Case: neither the settings nor the document know a number of the buyer (CGI 283-1: « identifié »)."""
    with pytest.raises(holds.CompanyWithoutVatNumber):
        ruled(untaxed(ITALIAN, "reverse_charge", buyer=party("Dupont")), vat_id=None)


@pytest.mark.parametrize(
    ("who", "place"),
    [(seller(), "here"), (seller(None), "unknown"), (BRANCH, "here"), (german_seller(), "eu"), (party(None, "DE813470268"), "eu"),
     (party(None, "GB980780684"), "outside"), (CHINESE_IN_GERMANY, "outside"), (party(None, None, None, "GR"), "eu"), (party(), "unknown")],
)  # fmt: skip
def test_the_seat_is_what_is_printed(who: Party, place: str) -> None:
    """Goal: a French number proves no seat (A10.3); a foreign one stands for a seat that is not printed."""
    assert place == standing_of(who).seat


def test_a_row_announced_by_its_category_leaves_the_others_alone() -> None:
    """Case: 20 % and, beside it, a row of category AE: embedded XML gives the mention too."""
    rows = (vat("20", 40_00, 8_00), vat("0", 60_00, 0, "ae"))
    said = evidence((), rows, mentions=("reverse_charge",), seller=seller())
    ask = rulings(said, add_up(said, 9), Standpoint("invoice", settings(), {}))
    assert "domestic" == ask("20", "goods").regime
    with pytest.raises(holds.ReverseChargeFromFrance):
        ask("0", "goods")


def test_a_rate_printed_beside_a_mention_is_a_label() -> None:
    """Case: « Autoliquidation, TVA 20 % », and no amount of VAT."""
    assert "reverse_charge" == ruled(evidence((), (vat("20", 100_00, 0, None),), seller=ITALIAN, mentions=("reverse_charge",))).regime


def test_amounts_of_one_rate_under_two_regimes_are_held() -> None:
    """Case: a Chinese seller with a German number; 0 % of category K and 0 % of category G: whose line is which?"""
    said = evidence((), (vat("0", 40_00, 0, "k"), vat("0", 60_00, 0, "g")), seller=CHINESE_IN_GERMANY)
    with pytest.raises(holds.RegimesMixed):
        rulings(said, add_up(said, 9), Standpoint("invoice", settings(), {}))("0", "goods")


@pytest.mark.parametrize("table", [(), (vat(None, 100_00, 20_00),)], ids=["totals only", "a row without its rate"])
def test_vat_without_its_rate_is_held(table: tuple[VatGroup, ...]) -> None:
    """Goal: VAT is booked by rate. Cases: Factur-X MINIMUM, and a table without a column."""
    said = evidence((), (vat("20", 100_00, 20_00),)).model_copy(update={"vat": table})
    with pytest.raises(holds.VatTableMissing):
        printed_of(said, add_up(said, 9))


def test_unknown_mentions_and_categories_say_nothing() -> None:
    """Goal: lists that grow break nobody."""
    assert "domestic" == ruled(evidence((), (vat("20", 100_00, 20_00, "new"),), mentions=("eco_contribution",))).regime

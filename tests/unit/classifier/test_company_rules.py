"""A company's rules: what each condition matches, who decides first, and what a version says."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.invoice_classified.v1 import ClassifiedLine, InvoiceClassified
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.classification import classify
from services.classifier.domain.nature.company_rules import CompanyRule, CompanyRules
from tests.support.collected import SELLER_VAT_ID, collected, evidence, line, seller, silent_charge, stated, vat

SHIPPED = read_rulebook()
TITLE = "Classeur à levier A4, lot de 10"


def rule(origin: str = "written", edition: int = 1, **said: Any) -> CompanyRule:
    """A company rule."""
    page = {"id": f"co-{edition}", "nature": "resale", "owner": "Mme Dupont", "origin": origin, "edition": edition}
    return CompanyRule.model_validate({**page, **said}, strict=False)


def decided(*rules: CompanyRule, title: str = TITLE, cents: int = 40_00) -> ClassifiedLine:
    """The line of a document that FR Lumière SARL sold, ordered with a GL code, when the company has these rules."""
    charge = silent_charge(title, unspsc="44122003").model_copy(
        update={"asin": "B00ABC1234", "merchant": "Lumière SARL", "business_order_info": {"GL code": "607100", "Cost Center": "Lyon 2"}}
    )
    document = collected(evidence((line(title, cents),), (vat("20", cents, cents // 5),), seller=seller()), stated((charge,)))
    answer = classify(document, SHIPPED.for_company(CompanyRules(edition=7, rules=rules)))
    assert isinstance(answer, InvoiceClassified), answer
    assert "2026_11_4_c7" == answer.rulebook_version
    return answer.lines[0]


@pytest.mark.parametrize(
    ("condition", "because"),
    [
        ({"products": ["B00ABC1234"]}, "produit B00ABC1234"),
        ({"products": ["b00abc1234"]}, "produit B00ABC1234"),
        ({"products": ["CLASSEUR à levier A4, lot de 10"]}, "libellé du produit"),
        ({"words": ["classeur à levier"]}, "« classeur a levier » dans le libellé"),
        ({"unspsc": ["4412"]}, "code UNSPSC 44122003"),
        ({"sellers": ["lumiere sarl"]}, "vendeur Lumière SARL"),
        ({"fields": {"gl code": "607100"}}, "gl code = 607100"),
        ({"fields": {"cost center": "lyon 2"}}, "cost center = lyon 2"),
        ({"above_cents": 39_99}, "prix unitaire au-dessus du seuil"),
        ({"up_to_cents": 40_00}, "prix unitaire dans la limite"),
        ({"sellers": ["Lumière SARL"], "above_cents": 10_00}, "vendeur Lumière SARL et prix unitaire au-dessus du seuil"),
    ],
)
def test_each_condition_decides_and_is_named(condition: dict[str, Any], because: str) -> None:
    """Goal: a company's rule wins over the shipped words, and the reason says what of the line it matched."""
    answer = decided(rule(**condition))
    assert ("resale", "607000", "co-1", because) == (answer.nature, answer.account, answer.rule, answer.because)


@pytest.mark.parametrize(
    "condition",
    [
        {"products": ["B00ZZZ9999"]},
        {"words": ["enveloppe"]},
        {"unspsc": ["4413"]},
        {"sellers": ["Lumière"]},
        {"fields": {"GL code": "607"}},
        {"fields": {"Department": "607100"}},
        {"above_cents": 40_00},
        {"up_to_cents": 39_99},
        {"sellers": ["Lumière SARL"], "above_cents": 50_00},
    ],
)
def test_a_rule_that_does_not_meet_the_line_leaves_it_to_the_words(condition: dict[str, Any]) -> None:
    """Goal: every condition counts, and a part of a value is no value."""
    assert ("supplies", "words-supplies") == (decided(rule(**condition)).nature, decided(rule(**condition)).rule)


def test_the_precedence_of_a_companys_rules() -> None:
    """Goal: product, seller, field, amount, then what was taught; within one tier the later rule."""
    by = [
        rule(edition=1, nature="books", origin="taught", words=["classeur"]),
        rule(edition=2, nature="food", up_to_cents=90_00),
        rule(edition=3, nature="cleaning", fields={"GL code": "607100"}),
        rule(edition=4, nature="furniture", sellers=["Lumière SARL"]),
        rule(edition=5, nature="client_gift", unspsc=["44"]),
        rule(edition=6, nature="resale", products=["B00ABC1234"]),
    ]
    natures = [decided(*by[: count + 1]).nature for count in range(len(by))]
    assert ["books", "food", "cleaning", "furniture", "client_gift", "resale"] == natures


def test_a_rule_may_name_its_account() -> None:
    """Case: the company books its packaging on 602600."""
    answer = decided(rule(nature="supplies", account="602600", words=["classeur"]))
    assert ("supplies", "602600") == (answer.nature, answer.account)


def test_an_asset_is_tested_whatever_rule_names_equipment() -> None:
    """Goal: a company's rule that says furniture does not make an expense of 900 €."""
    answer = decided(rule(nature="furniture", words=["classeur"]), cents=900_00)
    assert not answer.account.startswith("6")


def test_a_rule_without_a_condition_is_refused() -> None:
    """Goal: nothing decides everything by mistake."""
    with pytest.raises(ValidationError, match="names no condition"):
        rule()


def test_a_company_without_rules_is_answered_by_the_shipped_version() -> None:
    """Goal: the version says both parts, and the company's only where there is one."""
    assert "2026_11_4" == SHIPPED.for_company(CompanyRules()).version
    assert "2026_11_4_c12" == SHIPPED.for_company(CompanyRules(edition=3)).for_company(CompanyRules(edition=12)).version


def test_a_seller_is_known_by_its_vat_number_too() -> None:
    """Case: the document prints the number, the rule names it."""
    assert "resale" == decided(rule(sellers=[SELLER_VAT_ID])).nature

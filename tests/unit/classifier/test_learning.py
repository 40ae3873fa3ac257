"""How a correction becomes a rule: which lines are like it, when it is enough, and that the next twenty are right."""

from typing import Any

import pytest

from schemas.invoice_classified.v1 import InvoiceClassified
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.classification import classify
from services.classifier.domain.dry_run import compare
from services.classifier.domain.explanation import euros
from services.classifier.domain.nature.company_rules import CompanyRules, Merger
from services.classifier.domain.nature.learning import family_of, is_enough, learned
from tests.adapters.teachings import recoded
from tests.support.collected import collected, credit_note, domestic_invoice, evidence, line, stated, vat

SHIPPED = read_rulebook()


@pytest.mark.parametrize(
    ("changes", "family"),
    [
        ({}, "words:classeur a levier"),
        ({"matched": None}, "words:classeur"),
        ({"matched": None, "label": "XK-220 3 x 7"}, "product:xk-220 3 x 7"),
        ({"scope": "product", "asin": "B00ABC1234"}, "product:b00abc1234"),
        ({"scope": "product"}, "product:classeur a levier a4"),
        ({"scope": "unspsc", "unspsc": "44122003"}, "unspsc:441220"),
        ({"scope": "unspsc", "unspsc": "44"}, "product:classeur a levier a4"),
        ({"scope": "seller", "seller": "FR88902100478"}, "seller:fr88902100478"),
        ({"scope": "seller"}, "product:classeur a levier a4"),
        ({"scope": "moon"}, "product:classeur a levier a4"),
    ],
)
def test_which_lines_are_like_the_corrected_one(changes: dict[str, Any], family: str) -> None:
    """Goal: what a scope asks for and the line does not have falls back to the narrowest; a scope of tomorrow, too."""
    assert family == family_of(recoded("d1", **changes))


@pytest.mark.parametrize(
    ("natures", "enough"),
    [("aa", False), ("aaa", True), ("baaa", True), ("aab", False), ("abab", False), ("aaba", False), ("aabaaa", True)],
)
def test_three_in_a_row_are_enough(natures: str, enough: bool) -> None:
    """Goal: the last three say the same, whatever came before."""
    assert enough == is_enough([recoded(f"d{number}", nature) for number, nature in enumerate(natures)])


def test_of_one_line_the_last_correction_counts() -> None:
    """Case: three lines; one of them was corrected to something else first."""
    first = recoded("d0", "books", invoice_id="inv-x")
    assert is_enough([first, recoded("d1"), recoded("d2"), recoded("d3", invoice_id="inv-x")])


def test_after_three_corrections_of_one_family_the_next_twenty_are_right() -> None:
    """Case: cat food, which no shipped word knows, for a veterinarian who sells it."""
    corrections = [recoded(f"d{number}", matched=None, label=f"Croquettes chat {number} kg") for number in range(3)]
    assert is_enough(corrections)
    rulebook = SHIPPED.for_company(CompanyRules(edition=1, rules=(learned(corrections[-1], 1),)))
    for number in range(20):
        said = evidence((line(f"Croquettes pour chien, sac de {number} kg", 40_00),), (vat("20", 40_00, 8_00),))
        before, after = classify(collected(said, stated()), SHIPPED), classify(collected(said, stated()), rulebook)
        assert isinstance(before, InvoiceClassified)
        assert isinstance(after, InvoiceClassified)
        assert ("unknown", "resale") == (before.lines[0].nature, after.lines[0].nature)


def test_the_same_rulebook_version_gives_the_same_bytes() -> None:
    """Goal: a replay with the edition of then says what was said then."""
    rules = CompanyRules(edition=3, rules=(learned(recoded("d1", label="Papier", matched="papier", always=True), 3),))
    once, again = (classify(domestic_invoice(), SHIPPED.for_company(rules)).model_dump_json() for _ in range(2))
    assert once == again
    read = CompanyRules.model_validate_json(rules.model_dump_json())
    assert once == classify(domestic_invoice(), SHIPPED.for_company(read)).model_dump_json()


def test_a_dry_run_counts_a_credit_note_on_its_own_side() -> None:
    """Case: an invoice and its return of paper, which would become resale: the accounts net to what stays."""
    rule = learned(recoded("d1", label="Papier", matched="papier", always=True), 1)
    after = SHIPPED.for_company(CompanyRules(edition=1, rules=(rule,)))
    documents = [domestic_invoice(), credit_note(invoice_id="inv-2")]
    effect = compare(documents, SHIPPED, after)
    assert 2 == effect.documents
    assert 0 == sum(effect.cents.values())
    assert {change.after.account for change in effect.lines} == {"607000"}


def test_merged_suppliers_are_one() -> None:
    """Goal: a chain is followed, a circle ends, and what the person said of the one that stays is shown."""
    mergers = tuple(
        Merger(auxiliary=one, into=other, legal_name=name, vat_id=None, siren=None)
        for one, other, name in (("AMAZON", "B", None), ("B", "C", "C SARL"), ("C", "AMAZON", None))
    )
    answer = classify(domestic_invoice(), SHIPPED.for_company(CompanyRules(edition=3, mergers=mergers[:2])))
    assert ("C", "C SARL") == (answer.supplier.auxiliary, answer.supplier.legal_name)
    circle = classify(domestic_invoice(), SHIPPED.for_company(CompanyRules(edition=4, mergers=mergers)))
    assert "AMAZON" == circle.supplier.auxiliary


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0,00 €"), (-5, "-0,05 €"), (123456, "1 234,56 €"), (123456789, "1 234 567,89 €"), (-100000, "-1 000,00 €")]
)
def test_euros_as_french_prints_them(cents: int, text: str) -> None:
    """Goal: decimal comma, narrow no-break spaces between thousands."""
    assert text == euros(cents).replace("\N{NARROW NO-BREAK SPACE}", " ")

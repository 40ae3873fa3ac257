"""The VAT officer: every defect is caught for its own reason, and nothing is said against what is right."""

import re
from collections import Counter
from datetime import date
from typing import Any

import pytest

from schemas.classification_held.v1 import ClassificationHeld
from schemas.invoice_classified.v1 import InvoiceClassified
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.classification import classify
from services.classifier.domain.vat.deduction import right_to_deduct
from services.ledger.domain.posting import Entry, post
from tests.support.collected import collected, domestic_invoice, evidence, fact, german_seller, intra_eu_invoice, line, party, settings, vat
from tests.support.vat_documents import BASES, FOLDER, KINDS, clean, defects, with_defect

RULEBOOK = read_rulebook()
DEFECTS = defects()
ALONE = ("old_rate", "rate_25", "book_at_20", "paper_at_5.5", "paper_at_10", "german_vat", "british_vat")
"""Documents that are their own defect."""


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect["id"])
def test_a_defect_is_caught_for_its_reason(defect: dict[str, Any]) -> None:
    """Goal: what could cost the deduction is asked about, under its name. Case: one line of `defects.json`."""
    answer = classify(with_defect(defect), RULEBOOK)
    caught = answer.reason if isinstance(answer, ClassificationHeld) else [f"flag:{flag}" for flag in answer.flags]
    assert defect["caught"] in ([caught] if isinstance(caught, str) else caught)
    assert isinstance(caught, str) or len(caught) == 1


@pytest.mark.parametrize("name", [name for name in BASES if name not in ALONE])
def test_the_documents_that_defects_change_are_sound(name: str) -> None:
    """Goal: it is the defect that is caught, nothing else."""
    answer = classify(BASES[name](), RULEBOOK)
    assert isinstance(answer, InvoiceClassified), answer
    assert set() == set(answer.flags) - {"import_vat_to_come"}


def test_the_defects_are_listed() -> None:
    """Goal: the README can be trusted; sixty at least, no two alike."""
    rows = re.findall(r"^\| (VD\d+) \| (.+) \| `(.+)` \|$", (FOLDER / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [(one["id"], one["defect"], one["caught"]) for one in DEFECTS] == rows
    assert len(DEFECTS) >= 60
    assert len(DEFECTS) == len({(one["base"], str(one["set"])) for one in DEFECTS})


@pytest.mark.parametrize("seed", range(1, 201))
def test_a_clean_document_raises_no_alarm(seed: int) -> None:
    """Goal: no false alarm. Case: two hundred documents, twenty kinds; each is classified, flagged as its kind always is, and booked."""
    document, flags = clean(seed)
    answer = classify(document, RULEBOOK)
    assert isinstance(answer, InvoiceClassified), answer
    assert flags == set(answer.flags)
    assert isinstance(post(answer), Entry)


def test_the_clean_documents_are_of_every_kind() -> None:
    """Goal: ten of each."""
    assert dict.fromkeys(range(len(KINDS)), 10) == dict(Counter(seed % len(KINDS) for seed in range(1, 201)))


OPINIONS: list[tuple[str, dict[str, Any], bool, str, str]] = [
    ("domestic", {}, False, "1", "deductible"),
    ("domestic", {"deduction_coefficient": "0.6"}, False, "0.6", "deductible"),
    ("domestic", {"deduction_coefficient": "0"}, False, "0", "not_deductible"),
    ("domestic", {"vat_regime": "franchise"}, False, "0", "not_deductible"),
    ("domestic", {}, True, "0", "not_deductible"),
    ("intra_eu", {}, False, "1", "reverse_charge"),
    ("intra_eu", {"vat_regime": "franchise"}, False, "0", "reverse_charge"),
    ("reverse_charge", {"deduction_coefficient": "0.6"}, False, "0.6", "reverse_charge"),
    ("reverse_charge_services", {}, False, "1", "reverse_charge"),
    ("foreign", {}, False, "0", "not_deductible"),
    ("receipt", {}, False, "0", "not_deductible"),
    ("import", {}, False, "0", "nothing_to_deduct"),
    ("small_business", {}, False, "0", "nothing_to_deduct"),
    ("margin", {}, False, "0", "nothing_to_deduct"),
]


@pytest.mark.parametrize(("regime", "company", "is_excluded", "part", "opinion"), OPINIONS)
def test_the_opinion_on_a_regime(regime: str, company: dict[str, Any], is_excluded: bool, part: str, opinion: str) -> None:
    """Goal: deductible, due by the buyer, not deductible or nothing, with the article."""
    right = right_to_deduct(regime, "CGI 271", settings(**company), is_excluded=is_excluded)
    assert (part, opinion) == (str(right.part), right.opinion)
    assert right.article


def test_the_opinion_travels_with_its_article() -> None:
    """Cases: French VAT; an intra-EU acquisition of a company in franchise."""
    domestic, acquired = (
        classify(one, RULEBOOK) for one in (domestic_invoice(), intra_eu_invoice(settings=settings(vat_regime="franchise")))
    )
    assert isinstance(domestic, InvoiceClassified)
    assert isinstance(acquired, InvoiceClassified)
    assert [("5.5", "deductible", "CGI 271 I-1"), ("20", "deductible", "CGI 271 I-1")] == [
        (row.rate, row.opinion, row.article) for row in domestic.vat
    ]
    assert [("intra_eu", 0, "reverse_charge", "CGI 256 bis, 283-2 bis ; CGI 293 E")] == [
        (row.regime, row.deductible_cents, row.opinion, row.article) for row in acquired.vat
    ]


@pytest.mark.parametrize(
    ("day", "gross_cents", "opinion"),
    [
        ("2015-12-31", 65_00, "deductible"),
        ("2015-12-31", 65_02, "not_deductible"),
        ("2016-01-01", 69_00, "deductible"),
        ("2020-12-31", 69_01, "not_deductible"),
        ("2021-01-01", 69_01, "deductible"),
        ("2025-12-31", 73_00, "deductible"),
        ("2025-12-31", 73_01, "not_deductible"),
        ("2026-03-10", 73_01, "not_deductible"),
        ("2009-06-30", 65_02, "not_deductible"),
    ],
)
def test_the_limit_of_gifts_is_that_of_the_documents_day(day: str, gross_cents: int, opinion: str) -> None:
    """Goal: CGI ann. IV 28-00 A as it stood; 65 €, from 2016 69 €, from 2021 73 €, all taxes included."""
    tax = round(gross_cents / 6)
    gift = evidence(
        (line("Coffret cadeau", gross_cents - tax),), (vat("20", gross_cents - tax, tax),), issue_date=fact(date.fromisoformat(day))
    )
    answer = classify(collected(gift), RULEBOOK)
    assert isinstance(answer, InvoiceClassified)
    assert [("client_gift", opinion)] == [(one.nature, answer.vat[0].opinion) for one in answer.lines]


def test_a_seller_outside_the_union_needs_no_number_where_the_buyer_owes_the_vat() -> None:
    """Goal: CGI 286 ter 1°. Cases: 200 € of goods already in France, of a Chinese and of a German seller without numbers."""
    chinese, german = (
        classify(
            collected(evidence((line("Papier", 200_00, "0"),), (vat("0", 200_00, 0, "ae"),), seller=party("Vendeur", None, None, country))),
            RULEBOOK,
        )
        for country in ("CN", "DE")
    )
    assert isinstance(chinese, InvoiceClassified)
    assert [("reverse_charge", 40_00)] == [(row.regime, row.deductible_cents) for row in chinese.vat]
    assert isinstance(german, ClassificationHeld)
    assert "seller_unidentified" == german.reason


def test_numbers_may_be_missing_up_to_150_euros() -> None:
    """Goal: ann. II 242 nonies A; one cent more is asked about."""
    german = german_seller().model_copy(update={"vat_id": None, "country": None})
    said = [
        classify(collected(evidence((line("Papier", net),), (vat("20", net, net // 5),), seller=german)), RULEBOOK)
        for net in (150_00, 150_05)
    ]
    assert [InvoiceClassified, ClassificationHeld] == [type(one) for one in said]

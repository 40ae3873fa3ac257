"""The decision tree as a person reads it: the article of law beside each VAT regime and beside what a hold asks for."""

import pytest

from schemas.invoice_collected.v1 import InvoiceCollected
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.explanation import explain
from services.classifier.domain.holds import HOLDS, Hold
from tests.support.collected import collected, evidence, fact, german_seller, line, party, settings, vat
from tests.unit.classifier.test_holds import PROVOKED

RULEBOOK = read_rulebook()
PAPER, PAPER_UNTAXED = (line("Papier A4", 100_00),), (line("Papier A4", 100_00, "0"),)
AT_TWENTY = (vat("20", 100_00, 20_00),)


def told(document: InvoiceCollected) -> str:
    """The whole tree."""
    return "\n".join(explain(document, RULEBOOK))


@pytest.mark.parametrize(
    ("document", "row"),
    [
        (
            collected(evidence(PAPER, AT_TWENTY)),
            "├ TVA 20 % : régime domestic (CGI 271 I-1), base 100,00 €, taxe 20,00 €, déduite 20,00 €",
        ),
        (
            collected(evidence(PAPER_UNTAXED, (vat("0", 100_00, 0, "ae"),), seller=german_seller(), departure=fact("FR"))),
            "├ TVA 20 % : régime reverse_charge (CGI 283-1), base 100,00 €, taxe 20,00 €, déduite 20,00 €",
        ),
        (
            collected(evidence(PAPER, AT_TWENTY), settings=settings(vat_regime="franchise")),
            "├ TVA 20 % : régime domestic (CGI 271 I-1 ; CGI 293 E), base 100,00 €, taxe 20,00 €, déduite 0,00 €",
        ),
        (
            collected(evidence((line("Papier A4", 100_00, "19"),), (vat("19", 100_00, 19_00),), seller=german_seller())),
            "├ TVA 19 % : régime foreign (directive 2008/9 art. 4), base 100,00 €, taxe 19,00 €, déduite 0,00 €",
        ),
    ],
    ids=["domestic", "due by the buyer", "a company that deducts nothing", "German VAT"],
)
def test_each_regime_has_its_article_beside_it(document: InvoiceCollected, row: str) -> None:
    """Goal: whoever asks why VAT is deducted or not reads the text that says so."""
    assert row in told(document)


@pytest.mark.parametrize("reason", HOLDS, ids=lambda reason: reason.code())
def test_each_reason_has_its_article_beside_it_where_one_exists(reason: type[Hold]) -> None:
    """Goal: what the officer asks for is asked for by a text; what is only arithmetic or reading has none."""
    last = told(PROVOKED[reason]).splitlines()[-1]
    beside = f"{reason.code()}, {reason.article}" if reason.article else reason.code()
    assert f"└ retenu ({beside}) : {reason.sentence()} → {reason.next_action}" == last


def test_a_hold_of_the_officer_names_the_code() -> None:
    """Case: an Italian seller charges French VAT."""
    italian = collected(evidence(PAPER, AT_TWENTY, seller=party("Negozio SRL", "FR88902100478", None, "IT")))
    assert "└ retenu (vat_wrongly_charged, CGI 283-1) : " in told(italian)

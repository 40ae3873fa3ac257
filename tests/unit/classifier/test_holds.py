"""Every hold reason: listed once, in French, with one next action, and a document that provokes it."""

import re

import pytest

from schemas.classification_held.v1 import ClassificationHeld
from schemas.invoice_classified.v1 import InvoiceClassified
from schemas.invoice_collected.v1 import InvoiceCollected
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain import holds
from services.classifier.domain.classification import classify
from services.classifier.domain.holds import HOLDS, Hold
from tests.support.collected import charge as charged
from tests.support.collected import (
    collected,
    credit_note,
    domestic_invoice,
    evidence,
    fact,
    seller,
    settings,
    stated,
    unreadable_document,
    vat,
)
from tests.support.provoked import PROVOKED, paper, untaxed

RULEBOOK = read_rulebook()


@pytest.mark.parametrize("reason", HOLDS, ids=lambda reason: reason.code())
def test_each_reason_has_a_document_that_provokes_it(reason: type[Hold]) -> None:
    """Goal: no reason is dead. The answer carries the reason's code, sentence and next action."""
    answer = classify(PROVOKED[reason], RULEBOOK)
    assert isinstance(answer, ClassificationHeld)
    assert (reason.code(), reason.sentence(), reason.next_action) == (answer.reason, answer.sentence, answer.next_action)


def test_the_list_of_reasons_is_complete() -> None:
    """Goal: a reason nobody listed or provokes cannot exist, and none is a kind of another."""
    assert set(Hold.__subclasses__()) == set(HOLDS) == set(PROVOKED)
    assert [] == [reason for reason in HOLDS if reason.__subclasses__()]
    assert len(HOLDS) == len(set(HOLDS)) == len({reason.sentence() for reason in HOLDS})


def test_amazons_charges_and_their_shipping_may_be_too_many_lines() -> None:
    """Case: 1,001 articles, each with its shipping; one less is classified."""
    one = charged("Papier", principal_cents=1_00, shipping_cents=50, total_cents=1_80, tax_cents=30)

    def answer(count: int) -> InvoiceClassified | ClassificationHeld:
        return classify(collected(evidence((), (vat("20", 1_50 * count, 30 * count),)), stated((one,) * count)), RULEBOOK)

    few, many = answer(1_000), answer(1_001)
    assert isinstance(few, InvoiceClassified)
    assert 2_000 == len(few.lines)
    assert isinstance(many, ClassificationHeld)
    assert "document_too_long" == many.reason


@pytest.mark.parametrize("reason", HOLDS, ids=lambda reason: reason.code())
def test_each_reason_is_one_french_sentence_with_one_next_action(reason: type[Hold]) -> None:
    """Goal: what a person reads is a whole sentence, and never the base class's."""
    assert reason.sentence()[0].isupper()
    assert reason.sentence().endswith(".")
    assert "\n" not in reason.sentence()
    assert Hold.next_action != reason.next_action
    assert reason.next_action.endswith((".", ")."))


@pytest.mark.parametrize("reason", HOLDS, ids=lambda reason: reason.code())
def test_what_a_person_reads_has_french_typography(reason: type[Hold]) -> None:
    """Goal: typographic apostrophes; no plain space before « : » and « ; », nor between a number and its sign."""
    for said in (reason.sentence(), reason.next_action):
        assert [] == re.findall(r"'| [:;!?%€]", said)


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (holds.NoRate, "Le document est dans une autre devise que l’euro, et n’imprime pas de cours."),
        (holds.SelfBilled, "Ce document est une autofacture, émise par l’acheteur au nom du vendeur."),
        (
            holds.NotAnInvoice,
            "Ce document n’est ni une facture, ni un avoir, ni un reçu\N{NO-BREAK SPACE}: il n’ouvre pas droit à déduction de la TVA.",
        ),
    ],
)
def test_a_sentence_says_the_true_reason(reason: type[Hold], sentence: str) -> None:
    """Goal: nothing the document contradicts: a PDF in dollars may well print its rate, a proforma is no receipt."""
    assert sentence == reason.sentence()


def test_the_code_is_the_class_name() -> None:
    """Goal: the code on the wire follows from the class."""
    assert "document_contradicts_order" == holds.DocumentContradictsOrder.code()
    assert "no_rate" == holds.NoRate.code()


def test_a_held_document_shows_everything_that_is_known() -> None:
    """Goal: the API's data are shown where the document says nothing. Case: a scanned PDF."""
    answer = classify(unreadable_document(), RULEBOOK)
    assert isinstance(answer, ClassificationHeld)
    assert ("invoice", "FR6001ABCDE", "2026-03-10", "EUR") == (answer.type, answer.number, str(answer.issue_date), answer.currency)
    assert answer.totals is None
    assert "Amazon Business" == answer.supplier.name


def test_the_first_reason_in_the_order_of_the_steps_is_said() -> None:
    """Case: an export from France that also has a wrong total: identity before arithmetic before the regime."""
    answer = classify(untaxed("g", gross_cents=fact(500_00)), RULEBOOK)
    assert isinstance(answer, ClassificationHeld)
    assert "totals_mismatch" == answer.reason


@pytest.mark.parametrize("document", [domestic_invoice(), credit_note(), paper(seller=seller(None))])
def test_ordinary_documents_are_not_held(document: InvoiceCollected) -> None:
    """Goal: the reasons do not catch what can be booked."""
    assert not isinstance(classify(document, RULEBOOK), ClassificationHeld)


def test_the_buyer_is_not_compared_when_the_settings_say_so() -> None:
    """Case: the same other buyer, `buyer_check` off: booked, and flagged."""
    document = PROVOKED[holds.OtherBuyer].model_copy(update={"settings": settings(buyer_check=False)})
    answer = classify(document, RULEBOOK)
    assert not isinstance(answer, ClassificationHeld)
    assert ("buyer_not_checked",) == answer.flags

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
    german_seller,
    line,
    party,
    seller,
    settings,
    stated,
    unreadable_document,
    vat,
)

RULEBOOK = read_rulebook()
PAPER = (line("Papier", 100_00),)
CHINESE_IN_GERMANY = party("Shenzhen Lianqiao Co., Ltd", "DE813470268", None, "CN")
AT_TWENTY = (vat("20", 100_00, 20_00),)


def paper(**changes: object) -> InvoiceCollected:
    """100,00 € of paper at 20 %, changed."""
    return collected(evidence(PAPER, AT_TWENTY, **changes), stated(number=None, kind=None))


def untaxed(category: str | None = None, **changes: object) -> InvoiceCollected:
    """100,00 € without VAT, changed."""
    return collected(evidence((line("Papier", 100_00, "0"),), (vat("0", 100_00, 0, category),), **changes))


def dear(**changes: object) -> InvoiceCollected:
    """200,00 € of paper at 20 %: above what a simplified invoice may be."""
    return collected(evidence((line("Papier", 200_00),), (vat("20", 200_00, 40_00),), **changes))


PROVOKED: dict[type[Hold], InvoiceCollected] = {
    holds.DocumentUnreadable: unreadable_document(),
    holds.NotAnInvoice: paper(type=fact("proforma")),
    holds.NotAVatInvoice: paper(mentions=("not_a_vat_invoice",)),
    holds.SelfBilled: paper(type=fact("self_billed")),
    holds.TypeMissing: paper(type=None),
    holds.TypeMismatch: collected(evidence(PAPER, AT_TWENTY), stated(kind="credit_note")),
    holds.DocumentTooLong: collected(evidence((line("Papier " * 71, 5),) * 2_000, AT_TWENTY), stated(number=None, kind=None)),
    holds.NumberMissing: paper(number=None),
    holds.NumberMismatch: collected(evidence(PAPER, AT_TWENTY), stated(number="FR-OTHER")),
    holds.IssueDateMissing: collected(evidence(PAPER, AT_TWENTY, issue_date=None), stated().model_copy(update={"issue_date": None})),
    holds.CurrencyMissing: paper(currency=None),
    holds.NoRate: paper(currency=fact("USD")),
    holds.TotalsMissing: paper(gross_cents=None),
    holds.TotalsMismatch: paper(gross_cents=fact(121_00)),
    holds.NegativeTotal: paper(gross_cents=fact(-120_00)),
    holds.AmountImplausible: collected(evidence((), (vat("20", 10**12 + 5, (10**12 + 5) // 5),))),
    holds.DocumentContradictsOrder: collected(evidence(PAPER, AT_TWENTY), stated((charged("Papier", total_cents=119_00),))),
    holds.OtherBuyer: paper(buyer=party("Durand SA", "FR83404833048")),
    holds.VatWronglyCharged: paper(seller=party("Negozio SRL", "FR88902100478", None, "IT")),
    holds.VatRateUnknown: collected(evidence((line("Papier", 100_00, "19.6"),), (vat("19.6", 100_00, 19_60),))),
    holds.VatTableMissing: paper(vat=()),
    holds.RegimeContradicted: paper(mentions=("reverse_charge",)),
    holds.RegimesMixed: collected(
        evidence((line("Papier", 100_00, "0"),), (vat("0", 60_00, 0, "k"), vat("0", 40_00, 0, "g")), seller=CHINESE_IN_GERMANY)
    ),
    holds.ReverseChargeFromFrance: untaxed("ae"),
    holds.CompanyWithoutVatNumber: untaxed("ae", seller=german_seller(), buyer=party("Dupont")).model_copy(
        update={"settings": settings(vat_id=None)}
    ),
    holds.FrenchRateUnknown: collected(
        evidence((line("Objet décoratif", 100_00, "0"),), (vat("0", 100_00, 0, "k"),), seller=german_seller())
    ),
    holds.ReverseCharge: untaxed("ae", seller=party("Inconnu")),
    holds.IntraEu: untaxed("k", seller=party("Händler", None, None, "DE")),
    holds.IntraEuSupplyFromFrance: untaxed("k", buyer=party("Papelería del Río SL", "ESB12345674", None, "ES")).model_copy(
        update={"settings": settings(buyer_check=False)}
    ),
    holds.ExportOrImport: untaxed("g"),
    holds.SmallBusinessAbroad: untaxed(mentions=("small_business_exempt",), seller=german_seller()),
    holds.DeliveryDateMissing: paper().model_copy(update={"settings": settings(vat_timing="strict")}),
    holds.SellerNumberInvalid: paper(seller=party("Vendeur", "FR00902100478", None, "FR")),
    holds.SellerUnidentified: dear(seller=party("Vendeur", None, None, "FR")),
    holds.BuyerMissing: dear(buyer=party()),
    holds.BuyerNumberMissing: untaxed("ae", seller=german_seller(), buyer=party("Dupont SARL", None, "732829320", "FR")),
    holds.ZeroRateUnexplained: untaxed(seller=german_seller()),
}


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

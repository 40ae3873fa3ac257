"""What a person decided about a hold: that hold passes, with what the decision gives, and nothing else does."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.classification_held.v1 import ClassificationHeld
from schemas.invoice_classified.v1 import InvoiceClassified
from schemas.invoice_collected.v1 import InvoiceCollected, Lift
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain import holds, lifting
from services.classifier.domain.classification import classify
from services.classifier.domain.explanation import explain
from services.classifier.domain.holds import HOLDS, Hold
from services.classifier.domain.liftable import ANSWERS, BOOKING, OF_CLASSIFICATION, Answer
from services.ledger.domain.posting import Entry, post
from tests.support.collected import collected as document_of
from tests.support.collected import credit_note, domestic_invoice, evidence, fact, german_seller, line, party, settings, stated, vat
from tests.support.decisions import GIVEN, decided, decision
from tests.support.provoked import PAPER, PROVOKED, paper, untaxed

RULEBOOK = read_rulebook()
ORDINARY = {"606400": 100_00, "445660": 20_00, "401000": -120_00}
IN_THE_COST = {"606400": 120_00, "401000": -120_00}
OWED = {"606400": 100_00, "401000": -100_00}
BY_US = {**OWED, "445664": 20_00, "445714": -20_00}
ACQUIRED = {**OWED, "445662": 20_00, "445200": -20_00}
TWICE = {"606400": 240_00, "401000": -240_00}

BOOKED: dict[tuple[type[Hold], str | None], dict[str, int]] = {
    (holds.NotAnInvoice, "receipt"): IN_THE_COST,
    (holds.NotAVatInvoice, None): IN_THE_COST,
    (holds.SelfBilled, "invoice"): ORDINARY,
    (holds.TypeMissing, "invoice"): ORDINARY,
    (holds.TypeMissing, "credit_note"): {account: -cents for account, cents in ORDINARY.items()},
    (holds.TypeMismatch, "invoice"): ORDINARY,
    (holds.NumberMissing, None): ORDINARY,
    (holds.NumberMismatch, None): ORDINARY,
    (holds.IssueDateMissing, None): ORDINARY,
    (holds.CurrencyMissing, None): ORDINARY,
    (holds.NoRate, None): {"606400": 80_00, "445660": 16_00, "401000": -96_00},
    (holds.TotalsMissing, None): ORDINARY,
    (holds.TotalsMismatch, "658000"): {"606400": 100_00, "658000": 1_00, "445660": 20_00, "401000": -121_00},
    (holds.TotalsMismatch, "471000"): {"606400": 100_00, "471000": 1_00, "445660": 20_00, "401000": -121_00},
    (holds.DocumentContradictsOrder, None): ORDINARY,
    (holds.OtherBuyer, None): ORDINARY,
    (holds.VatWronglyCharged, "foreign"): IN_THE_COST,
    (holds.VatRateUnknown, "foreign"): {"606400": 119_60, "401000": -119_60},
    (holds.VatTableMissing, None): ORDINARY,
    (holds.RegimeContradicted, "foreign"): IN_THE_COST,
    (holds.ReverseChargeFromFrance, "reverse_charge"): BY_US,
    (holds.ReverseCharge, "reverse_charge"): BY_US,
    (holds.ReverseCharge, "reverse_charge_services"): BY_US,
    (holds.ReverseCharge, "intra_eu"): ACQUIRED,
    (holds.ReverseCharge, "import"): OWED,
    (holds.IntraEu, "intra_eu"): ACQUIRED,
    (holds.IntraEu, "reverse_charge"): BY_US,
    (holds.IntraEu, "import"): OWED,
    (holds.IntraEuSupplyFromFrance, "exempt"): OWED,
    (holds.ExportOrImport, "import"): OWED,
    (holds.SmallBusinessAbroad, "small_business"): OWED,
    (holds.DeliveryDateMissing, None): ORDINARY,
    (holds.SellerNumberInvalid, None): IN_THE_COST,
    (holds.SellerUnidentified, None): TWICE,
    (holds.BuyerMissing, None): TWICE,
    (holds.BuyerNumberMissing, None): {"606400": 120_00, "445714": -20_00, "401000": -100_00},
    (holds.ZeroRateUnexplained, "exempt"): OWED,
    (holds.ZeroRateUnexplained, "small_business"): OWED,
    (holds.ZeroRateUnexplained, "margin"): OWED,
    (holds.ZeroRateUnexplained, "intra_eu"): ACQUIRED,
    (holds.ZeroRateUnexplained, "reverse_charge"): BY_US,
    (holds.ZeroRateUnexplained, "reverse_charge_services"): BY_US,
    (holds.ZeroRateUnexplained, "import"): OWED,
}
"""What is booked of the document that provokes a hold, once it is lifted with this choice."""

AGAIN = (holds.FrenchRateUnknown, holds.CompanyWithoutVatNumber)


def lift(hold: type[Hold], choice: str | None = None, **changes: Any) -> Lift:
    """A whole decision about this hold."""
    answer = OF_CLASSIFICATION[hold]
    given: dict[str, Any] = {name: GIVEN[name] for name in answer.gives if name in GIVEN}
    given |= {name: choice for name in ("type", "regime") if name in answer.gives}
    account = choice if "account" in answer.gives else None
    return decision(hold.code(), account, **given).model_copy(update=changes)


def answer_to(document: InvoiceCollected, *lifts: Lift) -> InvoiceClassified | ClassificationHeld:
    return classify(decided(document, *lifts), RULEBOOK)


def entry_of(document: InvoiceCollected, *lifts: Lift) -> dict[str, int]:
    """Cents by account."""
    answer = answer_to(document, *lifts)
    assert isinstance(answer, InvoiceClassified), answer
    assert "hold_lifted" in answer.flags
    entry = post(answer)
    assert isinstance(entry, Entry)
    return {line.account: line.cents for line in entry.lines}


def reason_of(document: InvoiceCollected, *lifts: Lift) -> str:
    answer = answer_to(document, *lifts)
    assert isinstance(answer, ClassificationHeld)
    return answer.reason


def name_of(part: type[Hold] | str | None) -> str:
    return part.code() if isinstance(part, type) else part or "given"


@pytest.mark.parametrize(("hold", "choice"), BOOKED, ids=name_of)
def test_a_lifted_document_is_booked_with_what_the_decision_gives(hold: type[Hold], choice: str | None) -> None:
    """Goal: each decision there may be has its entry, by hand. VAT is deducted only where it could be without the person."""
    assert BOOKED[hold, choice] == entry_of(PROVOKED[hold], lift(hold, choice))


def test_every_hold_that_may_be_lifted_is_among_them() -> None:
    """Goal: no row of the table is untried, and none of its choices but those of a contradicted regime, where VAT is charged."""
    lifted = {hold for hold in HOLDS if OF_CLASSIFICATION[hold].is_liftable and not OF_CLASSIFICATION[hold].is_look_again}
    assert lifted == {hold for hold, _ in BOOKED}
    assert set(AGAIN) == {hold for hold in HOLDS if OF_CLASSIFICATION[hold].is_look_again}
    assert [] == [
        (hold, choice)
        for hold in lifted - {holds.RegimeContradicted, holds.TotalsMismatch, holds.SelfBilled, holds.TypeMismatch}
        for choice in OF_CLASSIFICATION[hold].choices
        if (hold, choice) not in BOOKED
    ]


@pytest.mark.parametrize("hold", HOLDS, ids=lambda hold: hold.code())
def test_a_decision_about_another_hold_lifts_nothing(hold: type[Hold]) -> None:
    """Case: every other hold is lifted, with all there is to give; this one stays."""
    others = [lift(other, (OF_CLASSIFICATION[other].choices or (None,))[0]) for other in HOLDS if other is not hold]
    assert hold.code() == reason_of(PROVOKED[hold], *others)


@pytest.mark.parametrize("hold", [hold for hold in HOLDS if OF_CLASSIFICATION[hold].gives], ids=lambda hold: hold.code())
def test_a_decision_that_gives_nothing_lifts_nothing(hold: type[Hold]) -> None:
    """Goal: an event that no command of ours made is no way round the table."""
    assert hold.code() == reason_of(PROVOKED[hold], decision(hold.code(), because=None))


@pytest.mark.parametrize("hold", [hold for hold in HOLDS if OF_CLASSIFICATION[hold].choices], ids=lambda hold: hold.code())
def test_a_choice_that_the_hold_does_not_have_lifts_nothing(hold: type[Hold]) -> None:
    """Case: a regime, type or account of another hold."""
    assert hold.code() == reason_of(PROVOKED[hold], lift(hold, "domestic" if "regime" in OF_CLASSIFICATION[hold].gives else "606400"))


def test_what_cannot_be_lifted_is_not() -> None:
    """Case: a PDF nobody can read, with every fact given."""
    assert "document_unreadable" == reason_of(PROVOKED[holds.DocumentUnreadable], decision("document_unreadable", **GIVEN))


def test_one_decision_after_the_other() -> None:
    """Case: no type, and a total that differs: the first decision shows the second hold, the second books it."""
    document = paper(type=None, gross_cents=fact(121_00))
    first = lift(holds.TypeMissing, "invoice")
    held = answer_to(document, first)
    assert isinstance(held, ClassificationHeld)
    assert ("totals_mismatch", "invoice") == (held.reason, held.type)
    assert BOOKED[holds.TotalsMismatch, "658000"] == entry_of(document, first, lift(holds.TotalsMismatch, "658000"))


def test_the_latest_decision_about_a_hold_counts() -> None:
    """Case: two regimes, one after the other."""
    several = [lift(holds.ReverseCharge, regime) for regime in ("reverse_charge", "intra_eu")]
    assert ACQUIRED == entry_of(PROVOKED[holds.ReverseCharge], *several)


@pytest.mark.parametrize(
    ("gross", "account", "booked"),
    [
        *(
            (126_00, "658000", False),
            (125_00, "658000", True),
            (126_00, "471000", True),
            (119_00, "758000", True),
            (119_00, "658000", False),
        ),
        *((121_00, "758000", False), (115_00, "758000", True), (114_99, "758000", False), (114_99, "471000", True)),
    ],
)
def test_up_to_five_euros_go_to_658_or_758_and_more_waits(gross: int, account: str, booked: bool) -> None:
    """Goal: a loss is on 658, a gain on 758, and more than 5,00 € on 471, where an accountant must look (accounting rule A10.15)."""
    document, accepted = paper(gross_cents=fact(gross)), lift(holds.TotalsMismatch, account)
    if booked:
        gap = gross - 120_00
        assert {**ORDINARY, account: gap, "401000": -gross} == entry_of(document, accepted)
    else:
        assert "totals_mismatch" == reason_of(document, accepted)


def test_never_more_vat_is_deducted_than_is_printed() -> None:
    """Case: the VAT table has 20,00 €, the total says 15,00 €: not even on 471 (accounting rule A10.15)."""
    document = paper(vat_cents=fact(15_00), gross_cents=fact(115_00))
    assert "totals_mismatch" == reason_of(document, lift(holds.TotalsMismatch, "471000"))


def test_a_difference_says_who_accepted_it() -> None:
    """Goal: the line names the person and the reason."""
    answer = answer_to(PROVOKED[holds.TotalsMismatch], lift(holds.TotalsMismatch, "658000"))
    assert isinstance(answer, InvoiceClassified)
    assert ("Écart accepté", 1_00, "decision", "accepté par Mme Lefèvre : vu") == (
        *(answer.lines[-1].label, answer.lines[-1].net_cents),
        *(answer.lines[-1].rule, answer.lines[-1].because),
    )


def test_a_difference_that_only_the_ledger_sees_is_accepted_too() -> None:
    """Case: a gap of one cent, which the classifier lets through: it goes where the person says, not to 658."""
    document = paper(gross_cents=fact(120_01))
    assert {**ORDINARY, "471000": 1, "401000": -120_01} == entry_of(document, decision("totals_mismatch", "471000", stage=BOOKING))


def test_a_decision_about_a_booking_is_handed_on_and_lifts_no_hold_of_ours() -> None:
    """Case: two invoices with one PDF are distinct; and `totals_mismatch` of the ledger on a document the classifier holds."""
    answer = answer_to(domestic_invoice(), decision("same_document", stage=BOOKING), decision("conflict", stage=BOOKING))
    assert isinstance(answer, InvoiceClassified)
    assert (("same_document",), ("hold_lifted",)) == (answer.lifted, answer.flags)
    assert "totals_mismatch" == reason_of(PROVOKED[holds.TotalsMismatch], decision("totals_mismatch", "658000", stage=BOOKING))


@pytest.mark.parametrize("hold", AGAIN, ids=lambda hold: hold.code())
def test_what_is_cured_elsewhere_only_comes_back(hold: type[Hold]) -> None:
    """Goal: as long as the setting or the rule is not there, it is held again."""
    assert hold.code() == reason_of(PROVOKED[hold], lift(hold))
    cured = PROVOKED[holds.CompanyWithoutVatNumber].model_copy(update={"settings": settings()})
    assert "buyer_number_missing" == reason_of(cured, lift(holds.CompanyWithoutVatNumber))


def test_a_document_without_decisions_is_what_it_was() -> None:
    """Goal: nothing of this touches others; and one that needs no decision any more is flagged all the same."""
    for document in (domestic_invoice(), credit_note(), untaxed("ae", seller=german_seller())):
        plain = classify(document, RULEBOOK)
        assert isinstance(plain, InvoiceClassified)
        assert "hold_lifted" not in plain.flags
        assert () == plain.lifted
        again = classify(decided(document, lift(holds.OtherBuyer)), RULEBOOK)
        assert isinstance(again, InvoiceClassified)
        assert {**plain.model_dump(), "revision": 2, "flags": tuple(sorted((*plain.flags, "hold_lifted")))} == again.model_dump()


def test_the_settings_of_the_company_are_not_changed_by_a_decision() -> None:
    """Case: nothing is deducted, and the company still deducts all of its VAT."""
    answer = answer_to(PROVOKED[holds.SellerUnidentified], lift(holds.SellerUnidentified))
    assert isinstance(answer, InvoiceClassified)
    assert "1" == answer.settings.deduction_coefficient
    assert [("CGI ann. II 242 nonies A I-2°", 0)] == [(row.article, row.deductible_cents) for row in answer.vat]


def test_the_explanation_names_the_decision() -> None:
    """Goal: whoever asks why sees who decided what."""
    document = decided(PROVOKED[holds.OtherBuyer], lift(holds.OtherBuyer))
    assert "├ décision de Mme Lefèvre le 2026-03-12 : other_buyer, vu" in list(explain(document, RULEBOOK))


def test_a_rate_that_is_given_is_that_of_rows_without_one() -> None:
    """Case: a table of two rows, one without its rate; what is printed of the other stays."""
    rows = (vat("5.5", 40_00, 2_20), vat(None, 100_00, 20_00))
    document = document_of(evidence((line("Café", 40_00, "5.5"), *PAPER), rows), stated(number=None, kind=None))
    answer = answer_to(document.model_copy(update={"evidence": document.evidence}), lift(holds.VatTableMissing))
    assert isinstance(answer, InvoiceClassified)
    assert [("5.5", 2_20), ("20", 20_00)] == [(row.rate, row.vat_cents) for row in answer.vat]


def test_a_party_that_is_another_stays_another_for_all_else() -> None:
    """Case: the buyer is not compared, but a missing number of the seller is still asked for."""
    document = PROVOKED[holds.SellerUnidentified]
    other = document.model_copy(update={"evidence": document.evidence.model_copy(update={"buyer": party("Durand SA", "FR83404833048")})})
    assert "seller_unidentified" == reason_of(other, lift(holds.OtherBuyer))


def asks_no_table(lift: Lift) -> Answer:
    return ANSWERS[lift.stage or "classification", lift.reason]


def takes_anything(_account: str, _gap: int) -> bool:
    return True


MISTAKES: dict[str, tuple[str, object, Callable[[], None]]] = {
    "whatever a decision misses": ("answer_to", asks_no_table, lambda: test_a_decision_that_gives_nothing_lifts_nothing(holds.OtherBuyer)),
    "any account takes any gap": (
        *("_takes", takes_anything),
        lambda: test_up_to_five_euros_go_to_658_or_758_and_more_waits(126_00, "658000", False),
    ),
    "what misses a mention is deducted": (
        *("NOT_DEDUCTED", ()),
        lambda: test_a_lifted_document_is_booked_with_what_the_decision_gives(holds.SellerUnidentified, None),
    ),
    "the ledger's decisions are the classifier's": (
        *("BOOKING", "nobody"),
        test_a_decision_about_a_booking_is_handed_on_and_lifts_no_hold_of_ours,
    ),
    "nobody sees that a person decided": ("FLAG", "test_environment", test_a_document_without_decisions_is_what_it_was),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_noticed(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: each guard has a case that fails without it."""
    name, wrong, check = MISTAKES[mistake]
    monkeypatch.setattr(lifting, name, wrong)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check()

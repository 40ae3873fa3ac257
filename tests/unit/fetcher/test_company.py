"""What a company may do, and from when its documents count."""

from datetime import date

import pytest
from pydantic import ValidationError

from schemas.values import CompanySettings
from services.fetcher.domain.company import (
    Choices,
    Company,
    ImportStartTooEarly,
    PlanTooLow,
    check_import_start,
)
from services.fetcher.domain.records import Kind, Statements
from services.fetcher.domain.stating import stated_of


def company(plan: str = "essentiel", test_environment: bool = False, choices: Choices = Choices()) -> Company:  # noqa: B008 (frozen)
    """A company as stored."""
    return Company("acme", "Acme SAS", "903172660", "FR12903172660", plan, "ACME", test_environment, "k1:AAAA", choices, 3)


@pytest.mark.parametrize(("plan", "test_environment"), [("essentiel", False), ("premium", False), ("basique", True)])
def test_who_may_connect(plan: str, test_environment: bool) -> None:
    """Essentiel, Premium, or any plan in a test environment."""
    company(plan, test_environment).check_plan()


def test_below_essentiel_nobody_connects() -> None:
    """A lower plan is refused in words, with what to do."""
    with pytest.raises(PlanTooLow, match="Essentiel et Premium") as refused:
        company("basique").check_plan()
    assert "Passez à l'abonnement Essentiel" in refused.value.next_action


def test_thirty_days_before_the_connection_and_not_one_more() -> None:
    """The help article's limit."""
    check_import_start(date(2026, 10, 24), date(2026, 11, 23))
    with pytest.raises(ImportStartTooEarly):
        check_import_start(date(2026, 10, 23), date(2026, 11, 23))


def test_without_a_choice_import_starts_today_and_nothing_is_before_the_cut_over() -> None:
    """The default of the help article; the cut-over follows the start unless it was chosen."""
    settings = company().settings(date(2026, 11, 23))
    assert (date(2026, 11, 23), date(2026, 11, 23), False, 3) == (
        settings.import_start,
        settings.cut_over,
        settings.automatic_import,
        settings.revision,
    )
    chosen = Choices(import_start=date(2026, 11, 1), cut_over=date(2026, 11, 10), automatic_import=True)
    settings = company(choices=chosen).settings(date(2026, 11, 23))
    assert (date(2026, 11, 1), date(2026, 11, 10), True) == (settings.import_start, settings.cut_over, settings.automatic_import)


def test_a_document_the_api_is_silent_about_has_no_charges() -> None:
    """No line bears its number: which money is its own would be a guess."""
    stated = stated_of("FR-1", Kind.INVOICE, Statements("A13V1IB3VIYZZH", ("171-1",), (), ()))
    assert (None, None, (), ("171-1",)) == (stated.number, stated.type, stated.charges, stated.orders)


def test_the_vat_profile_travels_with_every_document():
    """Goal: a document is classified under what the operator entered; without a choice, all VAT is deducted and 500,00 is the limit."""
    chosen = Choices(
        vat_regime="franchise", deduction_coefficient="0", supplier_mode="legal_seller", asset_limit_cents=800_00,
        asset_limit_basis="gross", freight_policy="608", vat_timing="strict",
    )  # fmt: skip
    entered, plain = company(choices=chosen).settings(date(2026, 11, 23)), company().settings(date(2026, 11, 23))
    assert ("franchise", "0", "legal_seller", 800_00, "gross", "608", "strict") == profile(entered)
    assert ("normal", "1", "amazon_business", 500_00, "net", "goods", "invoice") == profile(plain)


@pytest.mark.parametrize("coefficient", ["60%", "1.2", "-0.5", "0,6"])
def test_a_coefficient_that_is_none_is_refused_when_it_is_entered(coefficient: str):
    """Goal: not later, in the middle of a run."""
    with pytest.raises(ValidationError):
        Choices(deduction_coefficient=coefficient)


def profile(settings: CompanySettings) -> tuple[object, ...]:
    """What tax and accounting depend on."""
    return (
        settings.vat_regime, settings.deduction_coefficient, settings.supplier_mode, settings.asset_limit_cents,
        settings.asset_limit_basis, settings.freight_policy, settings.vat_timing,
    )  # fmt: skip

"""A company, its settings, and what it may do: connect, and how far back it may import."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from pydantic import Field

from schemas.contract import Contract
from schemas.values import Code, CompanySettings, Day, Siren, Text, VatId

PLANS_WITH_CONNECTIONS = frozenset({"essentiel", "premium"})
OLDEST_IMPORT = timedelta(days=30)


class Refusal(Exception):
    """What a person asked for is not possible; the docstring says why, in French, `next_action` what to do."""

    next_action = ""

    def __str__(self) -> str:
        """The reason, as shown."""
        return (self.__doc__ or "").strip()


class UnknownCompany(Refusal):
    """Aucune entreprise ne porte ce nom."""

    next_action = "Vérifiez l'orthographe : le nom doit être celui de l'entreprise dans l'application."


class PlanTooLow(Refusal):
    """L'intégration Amazon Business est incluse dans les abonnements Essentiel et Premium."""

    next_action = "Passez à l'abonnement Essentiel ou supérieur, ou utilisez un environnement de test."


class ImportStartTooEarly(Refusal):
    """La date de début d'import ne peut pas précéder la connexion de plus de 30 jours."""

    next_action = "Choisissez une date plus récente, ou demandez une migration d'historique (service payant)."


class Choices(Contract):
    """What a company chose; null = follows from the connection's day."""

    vat_regime: Code = "normal"
    deduction_coefficient: str = Field(default="1", pattern=r"^(0(\.[0-9]{1,4})?|1)$")
    supplier_mode: Code = "amazon_business"
    automatic_import: bool = False
    import_start: Day | None = None
    cut_over: Day | None = None
    buyer_check: bool = True
    asset_limit_cents: int = Field(default=500_00, ge=0)
    asset_limit_basis: Code = "net"
    freight_policy: Code = "goods"
    vat_timing: Code = "invoice"


class CompanyFile(Contract):
    """A company as an operator enters it. `email` is the account's address; `settings` overrides the defaults."""

    company_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")
    name: Text
    siren: Siren
    vat_id: VatId | None = None
    plan: Code
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", repr=False)
    file_code: str = Field(pattern=r"^[A-Z0-9-]{1,20}$")
    test_environment: bool = False
    settings: Choices = Choices()


@dataclass(frozen=True, slots=True)
class Company:
    """A company as stored. `sealed_address` only the notifier opens; from `migrated_since` on its history was migrated."""

    company_id: str
    name: str
    siren: str
    vat_id: str | None
    plan: str
    file_code: str
    test_environment: bool
    sealed_address: str
    choices: Choices
    settings_revision: int
    migrated_since: date | None = None

    @property
    def may_collect(self) -> bool:
        """From Essentiel upward, or in a test environment."""
        return self.test_environment or self.plan in PLANS_WITH_CONNECTIONS

    def check_plan(self) -> None:
        """Raises PlanTooLow below Essentiel, unless this is a test environment."""
        if not self.may_collect:
            raise PlanTooLow

    def settings(self, today: date) -> CompanySettings:
        """The settings in force; import starts on `today` when nothing was chosen, and nothing is before the cut-over.

        What was migrated belongs to the import: its later corrections are imported too.
        """
        start = _earlier(self.choices.import_start or today, self.migrated_since)
        return CompanySettings(
            revision=self.settings_revision,
            company_name=self.name,
            siren=self.siren,
            vat_id=self.vat_id,
            vat_regime=self.choices.vat_regime,
            deduction_coefficient=self.choices.deduction_coefficient,
            supplier_mode=self.choices.supplier_mode,
            automatic_import=self.choices.automatic_import,
            import_start=start,
            cut_over=self.choices.cut_over or start,
            buyer_check=self.choices.buyer_check,
            test_environment=self.test_environment,
            asset_limit_cents=self.choices.asset_limit_cents,
            asset_limit_basis=self.choices.asset_limit_basis,
            freight_policy=self.choices.freight_policy,
            vat_timing=self.choices.vat_timing,
        )

    def importing_since(self, day: date) -> "Company":
        """The company as its migration from that day on sees it."""
        return replace(self, migrated_since=_earlier(day, self.migrated_since))


def check_import_start(chosen: date, opened_on: date, migrated_since: date | None = None) -> None:
    """Raises ImportStartTooEarly more than 30 days before the connection, unless history was migrated from before that."""
    if chosen < _earlier(opened_on - OLDEST_IMPORT, migrated_since):
        raise ImportStartTooEarly


def _earlier(day: date, other: date | None) -> date:
    return min(day, other) if other else day

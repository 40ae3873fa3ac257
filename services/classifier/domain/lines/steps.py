"""What the steps on the lines hand to each other: a line with its nature, and a line on its account."""

from collections.abc import Callable
from typing import NamedTuple

from schemas.invoice_collected.v1 import Answers
from schemas.values import CompanySettings
from services.classifier.domain.holds import FrenchRateUnknown
from services.classifier.domain.items import Item
from services.classifier.domain.lines.asset import Limit
from services.classifier.domain.nature.decision import Decision
from services.classifier.domain.nature.rulebook import Nature
from services.classifier.domain.vat.rates import UNTAXED
from services.classifier.domain.vat.regime import CHARGED, SELF_ASSESSED
from services.classifier.domain.vat.ruling import Ruling


class Terms(NamedTuple):
    """What holds for all lines of a document. `ruling` = the regime of a printed rate, for goods or services; it may raise a Hold."""

    settings: CompanySettings
    answers: Answers | None
    limit: Limit
    gift_limit_cents: int
    is_credit_note: bool
    ruling: Callable[[str, str], Ruling]


class Named(NamedTuple):
    """An item and what the rulebook says of it; `place` = its place among the items."""

    place: int
    item: Item
    decision: Decision
    nature: Nature
    role: str

    def ruling(self, terms: Terms) -> Ruling:
        """The regime of the line."""
        return terms.ruling(self.item.rate, "services" if self.role == "service" else "goods")

    def tax_rate(self, regime: str) -> str:
        """The printed rate, or the French rate that the buyer assesses; 0 where there is no VAT. Raises FrenchRateUnknown."""
        if regime not in SELF_ASSESSED:
            return self.item.rate if regime in CHARGED else UNTAXED
        if self.role == "deposit":
            return UNTAXED
        if self.nature.french_rate is None:
            raise FrenchRateUnknown
        return self.nature.french_rate

    @property
    def order(self) -> tuple[str, str, int, str]:
        """A place among lines that does not depend on where they are printed."""
        return self.nature.account, self.item.label, self.item.net_cents, str(self.item.quantity)


class Placed(NamedTuple):
    """A line, or a share of one, on its account; `tax_rate` = of the VAT under its regime, `rate` = as printed."""

    label: str
    net_cents: int
    rate: str
    tax_rate: str
    ruling: Ruling
    nature: str
    role: str
    account: str
    rule: str
    because: str
    is_asset: bool = False
    is_excluded: bool = False  # from deduction, whatever the company deducts

    @property
    def is_taxed(self) -> bool:
        """Whether any VAT goes with the line."""
        return self.tax_rate != UNTAXED

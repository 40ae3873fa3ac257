"""The asset test (BOI-BIC-CHG-20-30-10, PCG 212-6; accounting rule A10.12): what one unit costs, after discounts, freight aside."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from schemas.invoice_collected.v1 import Answers
from services.classifier.domain.nature.rulebook import Nature
from services.classifier.domain.vat.rates import thousandths
from services.classifier.domain.vat.ruling import Ruling

FURNITURE = "2184"
NO_ANSWERS = Answers()


class Limit(NamedTuple):
    """What a unit may cost and still be an expense, in hundredths of the document's currency; `basis`: net (of deducted VAT), or gross."""

    cents: Decimal
    basis: str


class Article(NamedTuple):
    """A line of goods as the test sees it; `net_cents` after discounts and with its levies, `deducted` the part of its VAT, 0 to 1."""

    position: int
    nature: Nature
    net_cents: int
    quantity: Decimal
    ruling: Ruling
    tax_rate: str
    deducted: Decimal

    def cost_cents(self, limit: Limit) -> Decimal:
        """What the whole line costs."""
        kept = Decimal(1) if limit.basis == "gross" else 1 - self.deducted
        return self.net_cents * (1 + kept * thousandths(self.tax_rate) / 100_000)

    @property
    def is_furniture(self) -> bool:
        """First equipment is a question for furniture only."""
        return (self.nature.asset or "").startswith(FURNITURE)


def assets(articles: Mapping[int, Article], limit: Limit, answers: Answers | None) -> set[int]:
    """The keys of the lines that are fixed assets. Sets and first equipment are a person's answers, never guessed."""
    answered = answers or NO_ANSWERS
    sets = _costs_of_sets(articles, limit, answered)
    return {key for key, article in articles.items() if article.nature.asset and _is_asset(article, limit, sets, answered)}


def may_be_first_equipment(articles: Mapping[int, Article], found: set[int], limit: Limit) -> bool:
    """Whether furniture is an expense by its unit price and above the limit in all: a person knows whether it is the office's first."""
    cheap = [article.cost_cents(limit) for key, article in articles.items() if article.is_furniture and key not in found]
    return sum(cheap, Decimal()) > limit.cents


def _is_asset(article: Article, limit: Limit, sets: Mapping[int, Decimal], answers: Answers) -> bool:
    if answers.initial_equipment and article.is_furniture:
        return True
    if article.position in sets:
        return sets[article.position] > limit.cents
    return article.cost_cents(limit) / article.quantity > limit.cents


def _costs_of_sets(articles: Mapping[int, Article], limit: Limit, answers: Answers) -> dict[int, Decimal]:
    """What the whole set costs, for the position of each of its parts."""
    if not answers.sets:
        return {}
    costs = {article.position: article.cost_cents(limit) for article in articles.values()}
    return {position: sum((costs.get(part, Decimal()) for part in parts), Decimal()) for parts in answers.sets for position in parts}

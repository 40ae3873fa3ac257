"""The rulebook: which words, UNSPSC codes, sellers and charges mean which nature, and which account a nature has. Data with a version."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.contract import Contract
from schemas.values import Account, Cents, Code, Rate, Text
from services.classifier.domain.nature.company_rules import CompanyRules, CompanyTier
from services.classifier.domain.nature.titles import Titles, WordTier
from services.classifier.domain.nature.wording import SILENT, UNDECIDED, Vocabulary, Words, fold, listed

ROLES = ("goods", "stock", "service", "shipping", "discount", "cash_discount", "rebate", "levy", "duty", "gift", "deposit", "unknown")
NOTHING = re.compile(r"(?!)")

WORD_TIERS: tuple[WordTier, ...] = ("purpose", "article", "hint")
Tier = CompanyTier | WordTier | Literal["unspsc", "seller", "charge"]
PRECEDENCE: tuple[Tier, ...] = (
    "company_product",
    "company_seller",
    "company_field",
    "company_amount",
    "taught",
    "purpose",
    "article",
    "unspsc",
    "seller",
    "hint",
    "charge",
)
"""Who decides first (decision 0059). The file states the same list, and is refused when it does not."""

Language = Annotated[str, Field(pattern="^(fr|en|de)$")]


class Nature(Contract):
    """A kind of purchase: its account, its VAT rate in France (null when it follows something else), and what is special about it.

    A `consumable` is bought by the lot: when one unit alone is as dear as an asset, it is no consumable.
    """

    account: Account
    french_rate: Rate | None = None
    other_rates: tuple[Rate, ...] = Field(default=(), description="rates that some goods of this nature have as well")
    asset: Account | None = Field(default=None, description="where a unit above the company's limit goes")
    role: Code = Field(default="goods", description=f"known: {', '.join(ROLES)}")
    consumable: bool = False

    @property
    def equipment(self) -> bool:
        """Whether a dear unit is an asset."""
        return self.asset is not None


class Rule(Contract):
    """One rule: the nature of a line whose title, UNSPSC code, seller or kind it matches.

    Words are found as `wording.Vocabulary` says; with `beside`, only where one of those words stands anywhere in the title, too.
    """

    id: Text
    nature: Code
    tier: WordTier = Field(default="article", description="purpose: decides wherever it stands; article: names the article; hint: last")
    words: dict[Language, tuple[Text, ...]] = Field(default_factory=dict)
    beside: dict[Language, tuple[Text, ...]] = Field(default_factory=dict)
    unspsc: tuple[Annotated[str, Field(pattern=r"^\d{2,8}$")], ...] = ()
    sellers: tuple[Text, ...] = Field(default=(), description="how the seller's name begins")
    charge: Code | None = Field(default=None, description="known: shipping")
    at_start: bool = Field(default=False, description="the words count only where the title begins with them")


class GiftLimit(Contract):
    """The unit value, all taxes included, up to which a gift is of very small value (CGI ann. IV 28-00 A), from a day on."""

    since: date
    cents: Cents


class Rulebook(Contract):
    """Rules of one version, and beside them those of the company whose documents are read."""

    version: Code
    precedence: tuple[str, ...]
    natures: dict[Code, Nature]
    rules: tuple[Rule, ...]
    silent_words: dict[Language, tuple[Text, ...]] = Field(default_factory=dict, description="words that decide nothing")
    undecided_words: dict[Language, tuple[Text, ...]] = Field(
        default_factory=dict, description="articles that no title tells the nature of"
    )
    discount_words: tuple[Text, ...] = Field(description="what names a line that only lowers others")
    waiting_account: Account = Field(description="where a line goes whose nature needs a person")
    gift_limits: Annotated[tuple[GiftLimit, ...], Field(min_length=1)] = Field(
        description="above them VAT on gifts is not deducted (CGI ann. II 206 IV-2-3°); earliest first"
    )
    asset_above_cents: int = Field(description="a consumable of a higher net unit price is not believed to be one")
    company: CompanyRules = CompanyRules()

    @classmethod
    def parse(cls, page: Mapping[str, object]) -> Self:
        """The rulebook in loaded data. Raises ValidationError."""
        return cls.model_validate(page, strict=False)

    def for_company(self, company: CompanyRules) -> Self:
        """This rulebook with a company's rules; its version says both. The words are indexed once for all companies."""
        shipped = self.version.partition("_c")[0]
        version = f"{shipped}_c{company.edition}" if company.edition else shipped
        _ = self.titles, self.codes, self.code_lengths, self.sellers, self.charges  # a copy shares what is indexed already
        return self.model_copy(update={"version": version, "company": company})

    @model_validator(mode="after")
    def _rules_are_sound(self) -> Self:
        names = [rule.id for rule in self.rules]
        if len(set(names)) < len(names):
            raise ValueError("two rules have one id")
        if unknown := {rule.nature for rule in self.rules} - set(self.natures):
            raise ValueError(f"rules name natures that are not listed: {sorted(unknown)}")
        if sorted(self.gift_limits, key=lambda limit: limit.since) != list(self.gift_limits):
            raise ValueError("the limits of gifts do not stand in the order of their days")
        if self.precedence != PRECEDENCE:
            raise ValueError(f"the precedence is {', '.join(PRECEDENCE)}")
        return self

    def gift_limit_cents(self, day: date) -> int:
        """The limit of that day; of earlier days than the first, the first."""
        held = [limit.cents for limit in self.gift_limits if limit.since <= day]
        return held[-1] if held else self.gift_limits[0].cents

    @cached_property
    def titles(self) -> Titles:
        """What the words of the rules find in titles; a rule is named by its place among `rules`."""
        return Titles(
            {tier: Vocabulary([*listed(SILENT, self.silent_words), *self._words(tier)]) for tier in WORD_TIERS},
            {place: Vocabulary(listed(place, rule.beside)) for place, rule in enumerate(self.rules) if rule.beside},
            frozenset(place for place, rule in enumerate(self.rules) if self.natures[rule.nature].equipment),
        )

    def _words(self, tier: WordTier) -> Iterator[Words]:
        for place, rule in enumerate(self.rules):
            if rule.tier == tier:
                yield from listed(place, rule.words, rule.at_start)
        if tier != "purpose":
            yield from listed(UNDECIDED, self.undecided_words)

    @cached_property
    def codes(self) -> dict[str, Rule]:
        """The rule of each UNSPSC prefix; of two the first."""
        return {prefix: rule for rule in reversed(self.rules) for prefix in rule.unspsc}

    @cached_property
    def code_lengths(self) -> Sequence[int]:
        """How many digits the listed prefixes have, the longest first."""
        return sorted({len(prefix) for prefix in self.codes}, reverse=True)

    @cached_property
    def sellers(self) -> Sequence[tuple[str, Rule]]:
        """How the names of sellers begin, folded, with their rules."""
        return [(fold(seller), rule) for rule in self.rules for seller in rule.sellers]

    @cached_property
    def charges(self) -> dict[str, Rule]:
        """The rule of each kind of charge; of two the first."""
        return {rule.charge: rule for rule in reversed(self.rules) if rule.charge}

    @cached_property
    def discounts(self) -> re.Pattern[str]:
        """What the label of a discount contains."""
        return words_pattern(self.discount_words)


def words_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """An expression that finds any of the words, whole, singular or plural in -s or -x, in folded text."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_expression, words))})(?!\w)") if words else NOTHING


def _expression(word: str) -> str:
    return r"[sx]?[\s-]+".join(re.escape(part) for part in fold(word).split()) + "[sx]?"

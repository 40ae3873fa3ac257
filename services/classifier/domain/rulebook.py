"""The rulebook: which words, UNSPSC codes and charges mean which nature, and which account a nature has. Data with a version."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.contract import Contract
from schemas.values import Account, Code, Rate, Text

ROLES = ("goods", "stock", "service", "shipping", "discount", "cash_discount", "rebate", "levy", "duty", "gift", "deposit", "unknown")
NOTHING = re.compile(r"(?!)")
NOT_THE_HEAD = r"(?<!\ba )(?<!\ben )"  # « filtre à café » is no coffee, « gobelet en papier » no paper
ASIDE = re.compile(r"\b(?:livraison (?:gratuite|offerte)|free (?:shipping|delivery)|(?:kostenloser|gratis) versand|versandkostenfrei)\b")
PURPOSE = re.compile(r"\b(?:pour|avec|for|with|fur|mit)\b.*|(?<=\w)\W+(?:compatibles?|kompatibel)\b.*")


class Nature(Contract):
    """A kind of purchase: its account, its VAT rate in France (null when it follows something else), and what is special about it."""

    account: Account
    french_rate: Rate | None = None
    other_rates: tuple[Rate, ...] = Field(default=(), description="rates that some goods of this nature have as well")
    asset: Account | None = Field(default=None, description="where a unit above the company's limit goes")
    role: Code = Field(default="goods", description=f"known: {', '.join(ROLES)}")


class Rule(Contract):
    """One rule: the nature of a line whose label, UNSPSC code or kind it matches. A word ending in `*` matches every word it begins."""

    id: Text
    nature: Code
    words: dict[Annotated[str, Field(pattern="^(fr|en|de)$")], tuple[Text, ...]] = Field(default_factory=dict)
    unspsc: tuple[Annotated[str, Field(pattern=r"^\d{2,8}$")], ...] = ()
    charge: Code | None = Field(default=None, description="known: shipping")
    at_start: bool = Field(default=False, description="the words count only where the label begins with them")

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The words of all languages as one expression over decisive text."""
        words = [word for listed in self.words.values() for word in listed]
        return words_pattern(words, r"^\W*" if self.at_start else NOT_THE_HEAD)


class Rulebook(Contract):
    """Rules in order of precedence: the first that matches decides."""

    version: Code
    natures: dict[Code, Nature]
    rules: tuple[Rule, ...]
    discount_words: tuple[Text, ...] = Field(description="what names a line that only lowers others")
    waiting_account: Account = Field(description="where a line goes whose nature needs a person")
    gift_limit_cents: int = Field(description="gross a year and beneficiary above which VAT on gifts is not deducted (CGI ann. IV 23 N)")

    @classmethod
    def parse(cls, page: Mapping[str, object]) -> Self:
        """The rulebook in loaded data. Raises ValidationError."""
        return cls.model_validate(page, strict=False)

    @model_validator(mode="after")
    def _rules_are_sound(self) -> Self:
        names = [rule.id for rule in self.rules]
        if len(set(names)) < len(names):
            raise ValueError("two rules have one id")
        if unknown := {rule.nature for rule in self.rules} - set(self.natures):
            raise ValueError(f"rules name natures that are not listed: {sorted(unknown)}")
        return self

    @cached_property
    def discounts(self) -> re.Pattern[str]:
        """What the label of a discount contains."""
        return words_pattern(self.discount_words)


def fold(text: str) -> str:
    """The text without case, accents and ligatures: `Œillets À Clé` → `oeillets a cle`."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae").replace("\u2019", "'"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def decisive(label: str) -> str:
    """The part of a label that says what the article is, folded: `Toner noir compatible HP, livraison gratuite` → `toner noir`."""
    return PURPOSE.sub("", ASIDE.sub("", " ".join(fold(label).split()))).strip()


def words_pattern(words: list[str] | tuple[str, ...], before: str = "") -> re.Pattern[str]:
    """An expression that finds any of the words, whole, singular or plural in -s or -x, in folded text, where `before` allows it."""
    return re.compile(rf"{before}(?<!\w)(?:{'|'.join(map(_expression, words))})(?!\w)") if words else NOTHING


def _expression(word: str) -> str:
    stem = r"[sx]?[\s-]+".join(re.escape(part) for part in fold(word.removesuffix("*")).split())
    return stem + (r"\w*" if word.endswith("*") else "[sx]?")

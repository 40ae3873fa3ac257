"""The values of one paper, read from the text of a file: days, cents, rates, accounts. Each of them refuses with a sentence."""

import re
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from schemas.values import DAY, LARGEST_CENTS, LONGEST_REFERENCE
from services.ledger.domain.fec.currencies import CURRENCIES
from services.ledger.domain.papers.refusals import FieldMissing, FieldUnknown, ValueWrong

KIND = "kind"
SEPARATOR = "|"  # no number of a document has one (LPF A47 A-1)
AMOUNT = re.compile(r"(-?)([0-9]{1,13})(?:[.,]([0-9]{1,2}))?")
RATE, EXCHANGE_RATE = re.compile(r"[0-9]{1,2}([.,][0-9]{1,3})?"), re.compile(r"[0-9]{1,7}([.,][0-9]{1,10})?")
ACCOUNT, AUXILIARY = re.compile(r"[0-9]{6,12}"), re.compile(r"[A-Z0-9_-]{1,17}")
BREAKING = re.compile(r"[\x00-\x1f\x7f|\ud800-\udfff]")
MOST_PARTS = 500


class Cost(NamedTuple):
    """A line of a purchase: account, net cents, and the rate of its VAT (None = no VAT is deducted)."""

    account: str
    net_cents: int
    vat_rate: str | None


class Fields:
    """The fields of a paper by name; empty ones are as if absent. Raises FieldMissing, FieldUnknown, ValueWrong."""

    def __init__(self, said: Mapping[str, str], known: frozenset[str]) -> None:
        """`known` = the names this kind has beside `kind`."""
        self._said = {name: text.strip() for name, text in said.items() if text.strip() and name != KIND}
        if strange := sorted(self._said.keys() - known):
            raise FieldUnknown(*strange)

    def has(self, name: str) -> bool:
        """Whether the field says something."""
        return name in self._said

    def text(self, name: str) -> str:
        """One line of text, as references are."""
        text = self._said.get(name)
        if text is None:
            raise FieldMissing(name)
        if BREAKING.search(text) or len(text) > LONGEST_REFERENCE:
            raise ValueWrong(name)
        return text

    def day(self, name: str) -> date:
        """A calendar day."""
        text = self._matching(name, re.compile(DAY))
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueWrong(name, text) from None

    def cents(self, name: str, least: int = 1) -> int:
        """An amount of at least so many cents."""
        cents = _cents(name, self._raw(name))
        if cents < least:
            raise ValueWrong(name, self._raw(name))
        return cents

    def rate(self, name: str) -> str:
        """A rate in percent, as decimal text."""
        return self._matching(name, RATE).replace(",", ".")

    def exchange_rate(self, name: str) -> str:
        """Units of a currency for one euro, above zero."""
        rate = self._matching(name, EXCHANGE_RATE).replace(",", ".")
        if not Decimal(rate):
            raise ValueWrong(name, rate)
        return rate

    def one_of(self, name: str, words: Collection[str]) -> str:
        """One of these words."""
        text = self._raw(name)
        if text not in words:
            raise ValueWrong(name, text)
        return text

    def account(self, name: str) -> str:
        """An account number."""
        return self._matching(name, ACCOUNT)

    def auxiliary(self, name: str) -> str:
        """A supplier's account beside 401 or 404."""
        return self._matching(name, AUXILIARY)

    def currency(self, name: str) -> str:
        """A code of ISO 4217; EUR when nothing is said."""
        return self.one_of(name, CURRENCIES) if self.has(name) else "EUR"

    def amounts(self, name: str) -> tuple[tuple[str, int | None], ...]:
        """`FR-1=120.00|AV-2=-30.00|FR-3` → each reference with its cents, None where none are given."""
        return tuple(_reference(name, part) for part in self._parts(name))

    def costs(self, name: str) -> tuple[Cost, ...]:
        """`606400=100.00@20|624100=10.00` → lines."""
        return tuple(_cost(name, part) for part in self._parts(name))

    def _parts(self, name: str) -> list[str]:
        parts = self._raw(name).split(SEPARATOR)
        if len(parts) > MOST_PARTS:
            raise ValueWrong(name, len(parts))
        return parts

    def _raw(self, name: str) -> str:
        if name not in self._said:
            raise FieldMissing(name)
        return self._said[name]

    def _matching(self, name: str, pattern: re.Pattern[str]) -> str:
        text = self._raw(name)
        if not pattern.fullmatch(text):
            raise ValueWrong(name, text)
        return text


def _cents(name: str, text: str) -> int:
    found = AMOUNT.fullmatch(text)
    if found is None:
        raise ValueWrong(name, text)
    cents = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
    if cents > LARGEST_CENTS:
        raise ValueWrong(name, text)
    return -cents if found[1] else cents


def _reference(name: str, part: str) -> tuple[str, int | None]:
    reference, equals, amount = part.rpartition("=")
    reference, cents = (reference.strip(), _cents(name, amount.strip())) if equals else (part.strip(), None)
    if not reference or cents == 0 or BREAKING.search(reference):
        raise ValueWrong(name, part)
    return reference, cents


def _cost(name: str, part: str) -> Cost:
    account, _, rest = part.strip().partition("=")
    amount, at, rate = rest.partition("@")
    cents = _cents(name, amount.strip())
    if not ACCOUNT.fullmatch(account.strip()) or cents == 0 or (at and not RATE.fullmatch(rate.strip())):
        raise ValueWrong(name, part)
    return Cost(account.strip(), cents, rate.strip().replace(",", ".") if at else None)

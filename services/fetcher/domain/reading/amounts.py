"""Decimal text as printed or as in XML → integer cents; never a float, never a guess between thousands and decimals."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from services.fetcher.domain.reading.layout import plain

LARGEST_CENTS = 10**15
"""What a contract's amount may hold (`schemas.values.Cents`)."""

CURRENCY_CODES = (
    "EUR",
    "USD",
    "GBP",
    "CHF",
    "PLN",
    "SEK",
    "DKK",
    "NOK",
    "CZK",
    "HUF",
    "RON",
    "BGN",
    "JPY",
    "CNY",
    "HKD",
    "CAD",
    "AUD",
    "TRY",
)
"""ISO 4217 codes looked for beside amounts: those of Amazon's marketplaces and their neighbours."""

_CODES = "|".join(CURRENCY_CODES)
_CURRENCY = rf"(?:€|US\$|\$|£|(?:{_CODES})\b)"
_GROUPED = r"\d{1,3}(?P<group>[ .,'])\d{3}(?:(?P=group)\d{3})*"
_FULL = re.compile(
    rf"""(?P<open>\()?\s?(?P<minus>[-+])?\s?(?P<before>{_CURRENCY})?\s?(?P<inner>-)?\s?
         (?P<whole>{_GROUPED}|\d+)(?:(?P<mark>[.,])(?P<fraction>\d+))?
         (?P<after_minus>-)?\s?(?P<after>{_CURRENCY})?\s?(?P<close>\))?""",
    re.VERBOSE,
)
_PRINTED = re.compile(
    rf"""(?<![\w.,/-])
        (?:(?:(?<=^)|(?<=[\t:(]))-\s|-)?
        (?:{_CURRENCY}\s?-?)?
        (?:\d{{1,3}}(?:[ .,']\d{{3}})+|\d+)
        (?:[.,]\d{{2}}(?!\d)(?:-(?!\w))?(?:\s?{_CURRENCY})?|\s?(?:€|\$|£))
        (?![.,]?\d|\s?%)""",
    re.VERBOSE,
)
_SYMBOLS = {"€": "EUR", "£": "GBP", "US$": "USD"}


@dataclass(frozen=True, slots=True)
class Printed:
    """An amount seen in a line: its cents, its place in the line, its currency sign or code if one stands beside it."""

    cents: int
    start: int
    end: int
    sign: str | None


def cents(text: str) -> int | None:
    """One printed amount, with or without a currency → cents. None when it is no amount, has parts of a cent, or may mean two things.

    `1 234,56 €`, `1.234,56`, `1,234.56`, `(12.34)`, `12,34-` are amounts; `1.234` is not: thousands or decimals?
    """
    found = _FULL.fullmatch(plain(text).strip())
    if found is None or _is_ambiguous(found):
        return None
    digits = re.sub(r"\D", "", found["whole"])
    amount = _exact_cents(Decimal(f"{digits}.{found['fraction'] or 0}"))
    return -amount if amount and _is_negative(found) else amount


def cents_of_decimal(text: str | None) -> int | None:
    """An `xs:decimal` such as `-20.480` → cents. None when absent, no number, or with parts of a cent."""
    if text is None or not re.fullmatch(r"[-+]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})", text.strip(), re.ASCII):
        return None
    return _exact_cents(Decimal(text.strip()))


def amounts_in(text: str) -> list[Printed]:
    """The amounts of a line, left to right: numbers with two decimals, or whole ones beside a currency sign; rates in % are none."""
    return list(_printed(plain(text)))


def rate(text: str | None) -> str | None:
    """A percentage → its shortest decimal text: `20,00` → `20`, `5.50` → `5.5`. None when it is no rate below 100."""
    try:
        value = Decimal((text or "").strip().rstrip("%").strip().replace(",", "."))
    except InvalidOperation:
        return None
    if not value.is_finite() or not 0 <= value < 100 or value != round(value, 3):
        return None
    return f"{value.normalize():f}"


def tax_at(base_cents: int, percent: str) -> Decimal:
    """The VAT on a base, in cents and not rounded."""
    return base_cents * Decimal(percent) / 100


def _printed(line: str) -> Iterator[Printed]:
    for found in _PRINTED.finditer(line):
        amount = cents(found.group())
        if amount is not None:
            yield Printed(amount, found.start(), found.end(), _sign(found.group()))


def _sign(text: str) -> str | None:
    found = re.search(_CURRENCY, text)
    return _SYMBOLS.get(found.group(), found.group()) if found else None


def _is_negative(found: re.Match[str]) -> bool:
    return found["minus"] == "-" or bool(found["inner"] or found["after_minus"] or (found["open"] and found["close"]))


def _is_ambiguous(found: re.Match[str]) -> bool:
    """One point or comma before exactly three digits, the same mark twice with two meanings, or half a bracket."""
    group, mark = found["group"], found["mark"]
    if bool(found["open"]) != bool(found["close"]) or (group and group == mark):
        return True
    single = group in {".", ","} and found["whole"].count(group) == 1 and mark is None
    return single or (mark is not None and group is None and len(found["fraction"]) == 3)


def _exact_cents(amount: Decimal) -> int | None:
    scaled = amount.scaleb(2)
    return int(scaled) if scaled == scaled.to_integral_value() and abs(scaled) <= LARGEST_CENTS else None

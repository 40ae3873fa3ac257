"""VAT rates as decimal text: `20`, `5.5`. Two spellings of one rate are one rate."""

import re
from decimal import Decimal
from functools import lru_cache

from schemas.invoice_collected.v1 import VatGroup
from services.classifier.domain.shares import half_up

UNTAXED = "0"
FRENCH_RATES = ("20", "10", "8.5", "5.5", "2.1", "1.75", "1.05")  # CGI 278 to 281 nonies; overseas CGI 296 and 281 sexies
FRACTIONS_BELOW = Decimal("0.5")  # Amazon may write 20 % as 0.2; no VAT rate of half a percent exists in France
A_NUMBER = re.compile(r"\d{1,9}(\.\d{1,6})?")


@lru_cache(maxsize=1_000)
def plain(rate: str | Decimal) -> str:
    """The rate's shortest spelling: `20.00` → `20`, `5.50` → `5.5`."""
    return format(Decimal(rate).normalize(), "f")


def charged_rate(rate: str | None) -> str | None:
    """The shortest spelling of a rate as Amazon's charges give it, percentage or fraction; None when it is neither."""
    if rate is None or not A_NUMBER.fullmatch(rate):
        return None
    number = Decimal(rate)
    return plain(number * 100 if number < FRACTIONS_BELOW else number)


def bases_by_rate(groups: tuple[VatGroup, ...]) -> dict[str, int]:
    """The net amount, in cents, that the VAT table gives for each rate; a row without a rate has none to pay."""
    bases: dict[str, int] = {}
    for group in groups:
        rate = plain(group.rate or UNTAXED)
        bases[rate] = bases.get(rate, 0) + group.base_cents
    return bases


@lru_cache(maxsize=1_000)
def thousandths(rate: str) -> int:
    """A percentage in thousandths of a percent: `5.5` → 5500."""
    return int(Decimal(rate) * 1000)


def vat_on(net_cents: int, rate: str) -> int:
    """The VAT on a net amount, in cents, half a cent away from zero."""
    return half_up(net_cents * thousandths(rate), 100_000)

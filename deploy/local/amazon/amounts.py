"""Money and VAT arithmetic in whole cents; rates are decimals in percent (`Decimal("5.5")`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True, slots=True)
class Tax:
    """One row of a document's VAT table, in cents."""

    rate: Decimal
    base_cents: int
    vat_cents: int


def vat_of(base_cents: int, rate: Decimal) -> int:
    """VAT on a net base, half a cent rounded away from zero."""
    return int((base_cents * rate / 100).quantize(Decimal(1), ROUND_HALF_UP))


def share(total_cents: int, weights: Sequence[int]) -> list[int]:
    """Share a total in proportion to weights; running rounding, so that the shares add up to it exactly."""
    running, given, shares = 0, 0, list[int]()
    for weight in weights:
        running += weight
        upto = total_cents * running // (sum(weights) or 1)
        shares.append(upto - given)
        given = upto
    return shares


def decimal_text(cents: int) -> str:
    """Cents as the decimal string of `Money.amount`: `"12.35"`, `"12.3"` and `"12.30"` both occur, as at Amazon."""
    text = f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
    return text.removesuffix("0") if cents % 20 == 0 else text


def plain(value: Decimal) -> str:
    """A decimal without exponent or trailing zeros: `20`, `5.5`, `0.055`."""
    return f"{value.normalize():f}"

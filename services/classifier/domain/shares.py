"""Amounts shared out to the cent: what is split is what comes together again."""

from collections.abc import Sequence


def half_up(numerator: int, denominator: int) -> int:
    """The quotient as a whole number, halves away from zero, so that an invoice and its return are the same; `denominator` > 0."""
    whole = (2 * abs(numerator) + denominator) // (2 * denominator)
    return whole if numerator >= 0 else -whole


def split_by_weight(total_cents: int, weights: Sequence[int]) -> list[int]:
    """Share `total_cents` in proportion to the positive `weights`, each to the nearest cent; the last share takes the remainder."""
    shares = [half_up(total_cents * weight, sum(weights)) for weight in weights]
    shares[-1] += total_cents - sum(shares)
    return shares


def correct(total_cents: int, parts: Sequence[int], nets: Sequence[int]) -> list[int]:
    """The parts, made to add up to `total_cents`: the one of the largest net takes what rounding left."""
    if len(parts) == 1:
        return [total_cents]
    corrected = list(parts)
    largest = max(range(len(nets)), key=lambda place: abs(nets[place]))
    corrected[largest] += total_cents - sum(parts)
    return corrected

"""Discounts without a target: shared over the goods of their rate in proportion to their net (accounting rule A10.18)."""

from collections.abc import Sequence

from services.classifier.domain.items import Item
from services.classifier.domain.rulebook import Rulebook, fold


def is_discount(item: Item, rulebook: Rulebook) -> bool:
    """Whether the line only lowers others."""
    return item.net_cents < 0 and rulebook.discounts.search(fold(item.label)) is not None


def split_by_weight(total_cents: int, weights: Sequence[int]) -> list[int]:
    """Share `total_cents` in proportion to the positive `weights`; the last share takes the remainder."""
    shares = [total_cents * weight // sum(weights) for weight in weights]
    shares[-1] += total_cents - sum(shares)
    return shares

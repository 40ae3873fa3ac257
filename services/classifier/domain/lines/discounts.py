"""Discounts without a target: shared over the goods of their rate in proportion to their net (accounting rule A10.18)."""

import re
from collections.abc import Mapping, Sequence

from services.classifier.domain.items import Item
from services.classifier.domain.nature.rulebook import Rulebook
from services.classifier.domain.nature.wording import fold
from services.classifier.domain.shares import split_by_weight

OF_SHIPPING = re.compile(r"\b(?:port|livraison|expedition|envoi|shipping|delivery|postage|versand\w*|lieferung)\b")


def is_discount(item: Item, role: str, rulebook: Rulebook) -> bool:
    """Whether the line only lowers others: the rulebook says so, or nobody knows it and its words do."""
    return role == "discount" or (item.net_cents < 0 and is_named_discount(item, role, rulebook))


def is_named_discount(item: Item, role: str, rulebook: Rulebook) -> bool:
    """Whether the words of a line that no rule knows are those of a discount, whatever its sign."""
    return role == "discount" or (role == "unknown" and rulebook.discounts.search(fold(item.label)) is not None)


def is_of_shipping(item: Item) -> bool:
    """Whether a discount names shipping: « livraison offerte »."""
    return OF_SHIPPING.search(fold(item.label)) is not None


def shares_by_rate(discounts: Sequence[Item], goods: Mapping[int, Item]) -> dict[int, int]:
    """What all discounts of a rate take off each of the goods of that rate, in cents, by the goods' key.

    `goods` stand in an order that is not the document's; those that are not sold for money take nothing.
    """
    taken: dict[int, int] = {}
    for rate in {item.rate for item in discounts}:
        bearing = {key: item.net_cents for key, item in goods.items() if item.rate == rate and item.net_cents > 0}
        if bearing:
            total = sum(item.net_cents for item in discounts if item.rate == rate)
            taken.update(zip(bearing, split_by_weight(total, list(bearing.values())), strict=True))
    return taken

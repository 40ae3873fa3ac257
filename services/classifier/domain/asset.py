"""The asset test: whether one piece of equipment costs more than what may be an expense (BOI-BIC-CHG-20-30-10)."""

from services.classifier.domain.items import Item
from services.classifier.domain.rulebook import Nature, Rulebook

ASSET_SUSPECTED = "asset_suspected"


def may_be_an_asset(item: Item, nature: Nature, rulebook: Rulebook) -> bool:
    """Whether the net unit price is above the limit; 500,00 € included is an expense."""
    return nature.equipment and item.net_cents / item.quantity > rulebook.asset_above_cents

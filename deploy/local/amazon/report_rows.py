"""What the two Reporting APIs say alike: the charges of some lines, an order's state, made-up addresses and brands."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from deploy.local.amazon.facts import FRANCE, Document, Line, Shipment
from deploy.local.amazon.parties import Party
from deploy.local.amazon.world import Purchase, World

REGIONS = {
    FRANCE: "FR",
    "A1PA6795UKMFR9": "DE",
    "A1RKKUPIHCS9HS": "ES",
    "APJ6JRA9NG5V4": "IT",
    "A1F83G8C2ARO7P": "UK",
}


@dataclass(frozen=True, slots=True)
class Charges:
    """What some lines cost, in cents; the promotion is zero or negative."""

    goods: int
    shipping: int
    promotion: int
    tax: int

    @property
    def net_total(self) -> int:
        """What is to be paid, VAT included: Amazon calls it net."""
        return self.goods + self.shipping + self.promotion + self.tax


def charges_of(lines: Iterable[Line]) -> Charges:
    """The sums of some lines; what is unknown counts as nothing."""
    known = list(lines)
    return Charges(
        goods=sum((line.principal_cents or 0) + (line.regulatory_cents or 0) for line in known),
        shipping=sum((line.shipping_cents or 0) + (line.gift_wrap_cents or 0) for line in known),
        promotion=sum(line.discount_cents or 0 for line in known),
        tax=sum(line.vat_cents or 0 for line in known),
    )


def lines_of(purchase: Purchase) -> Sequence[tuple[Line, Shipment, Document | None]]:
    """Every line of an order that was shipped."""
    return [(line, shipment, document) for shipment, document in purchase.shipments for line in shipment.lines]


def purchase_order_of(purchase: Purchase) -> str | None:
    """The buyer's own order number."""
    return next((line.purchase_order for line, _, _ in lines_of(purchase) if line.purchase_order), None)


def whole(world: World, purchase: Purchase) -> bool:
    """Whether everything of an order was shipped."""
    return bool(purchase.shipments) and purchase.order_id not in world.open_orders


def brand_of(line: Line) -> str:
    """A made-up brand, always the same for the same article."""
    return f"Marque {hashlib.sha256((line.asin or line.order_line_id).encode()).hexdigest()[:4].upper()}"


def postal(party: Party) -> tuple[str, str, str]:
    """Street, postal code and town of a party's address."""
    words = party.address[1].replace(",", "").split()
    code = next((word for word in words if any(letter.isdigit() for letter in word)), words[0])
    return party.address[0], code, " ".join(word for word in words if word != code) or code

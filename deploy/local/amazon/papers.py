"""An invoice or credit note as its seller draws it up: what the PDF prints and what the API says both come from here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from deploy.local.amazon.amounts import Tax, share, vat_of
from deploy.local.amazon.catalogue import Product
from deploy.local.amazon.parties import Party


class Kind(StrEnum):
    """`InvoiceType` of the Reconciliation API 2021-01-08."""

    INVOICE = "STANDARD"
    CREDIT_NOTE = "CREDIT_MEMO"


@dataclass(frozen=True, slots=True)
class Item:
    """One line: amounts in cents net of VAT, the discount zero or negative."""

    order_line_id: str
    product: Product
    quantity: int
    unit_cents: int
    shipping_cents: int = 0
    discount_cents: int = 0

    @property
    def goods_cents(self) -> int:
        """Quantity times unit price."""
        return self.quantity * self.unit_cents

    @property
    def net_cents(self) -> int:
        """Goods, shipping and discount together."""
        return self.goods_cents + self.shipping_cents + self.discount_cents


@dataclass(frozen=True, slots=True)
class Order:
    """What the buyer ordered at one moment; an order travels in one or several shipments."""

    order_id: str
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class Paper:
    """One document of one seller for one shipment; amounts are positive, the kind gives the direction."""

    kind: Kind
    number: str
    issued_at: datetime
    seller: Party
    buyer: Party
    order: Order
    shipment_id: str
    shipped_at: datetime
    items: tuple[Item, ...]
    credits: "Paper | None" = None

    @property
    def issued_on(self) -> date:
        """The date printed on the document."""
        return self.issued_at.date()

    @property
    def taxes(self) -> tuple[Tax, ...]:
        """The VAT table, highest rate first; VAT is computed once on each rate's base."""
        rates = sorted({item.product.rate for item in self.items}, reverse=True)
        bases = [(rate, _base(self.items, rate)) for rate in rates]
        return tuple(Tax(rate, base, vat_of(base, rate)) for rate, base in bases)

    @property
    def item_vats(self) -> tuple[int, ...]:
        """VAT of each line in cents; together exactly the VAT table."""
        vats = dict[int, int]()
        for tax in self.taxes:
            places = [place for place, item in enumerate(self.items) if item.product.rate == tax.rate]
            vats.update(zip(places, share(tax.vat_cents, [self.items[place].net_cents for place in places]), strict=True))
        return tuple(vats[place] for place in range(len(self.items)))

    @property
    def net_cents(self) -> int:
        """Total HT."""
        return sum(tax.base_cents for tax in self.taxes)

    @property
    def vat_cents(self) -> int:
        """Total TVA."""
        return sum(tax.vat_cents for tax in self.taxes)

    @property
    def gross_cents(self) -> int:
        """Total TTC."""
        return self.net_cents + self.vat_cents


def _base(items: Sequence[Item], rate: Decimal) -> int:
    return sum(item.net_cents for item in items if item.product.rate == rate)

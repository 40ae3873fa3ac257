"""An invoice or credit note as its seller draws it up: what the PDF prints and what the API says both come from here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import islice

from deploy.local.amazon.amounts import Tax, plain, share, vat_of
from deploy.local.amazon.catalogue import Product
from deploy.local.amazon.parties import Party


class Kind(StrEnum):
    """`InvoiceType` of the Reconciliation API 2021-01-08."""

    INVOICE = "STANDARD"
    CREDIT_NOTE = "CREDIT_MEMO"


class Layout(StrEnum):
    """Who draws a document up, under which VAT rules; each has a look of its own."""

    AMAZON_BRANCH = "amazon_branch"
    DRAWN_BY_AMAZON = "drawn_by_amazon"  # Amazon's VAT calculation service, in the seller's name
    SELLERS_OWN = "sellers_own"  # uploaded by the seller
    SMALL_BUSINESS = "small_business"  # CGI 293 B
    REVERSE_CHARGE = "reverse_charge"  # goods in France, seller not established there: CGI 283-1
    INTRA_EU = "intra_eu"  # directive 2006/112/CE art. 138
    RECEIPT = "receipt"  # no invoice: a seller outside the EU, nothing to deduct
    CONSOLIDATED = "consolidated"  # one invoice over up to 30 shipments of several orders

    @property
    def mentions(self) -> tuple[str, ...]:
        """What its legal mention says, in the codes of `achats.invoice.collected.v1`."""
        return MENTIONS.get(self, ())

    @property
    def taxed(self) -> bool:
        """Whether it bears VAT; the others print none and have net = gross."""
        return self not in MENTIONS


class Language(StrEnum):
    """What a document is written in."""

    FRENCH = "fr"
    GERMAN = "de"
    ENGLISH = "en"


LANGUAGES = {
    Layout.SELLERS_OWN: tuple(Language),
    Layout.INTRA_EU: tuple(Language),
    Layout.RECEIPT: (Language.FRENCH, Language.ENGLISH),
}
"""What a layout can be written in; the others in French only."""

MENTIONS = {
    Layout.SMALL_BUSINESS: ("small_business_exempt",),
    Layout.REVERSE_CHARGE: ("reverse_charge",),
    Layout.INTRA_EU: ("intra_eu_supply",),
    Layout.RECEIPT: ("not_a_vat_invoice",),
}
OVERSEAS_CODES = ("971", "972", "974")  # Guadeloupe, Martinique, La Réunion
OVERSEAS_RATES = {"20": Decimal("8.5"), "10": Decimal("2.1"), "5.5": Decimal("2.1"), "2.1": Decimal("1.05")}  # CGI 296


@dataclass(frozen=True, slots=True)
class Item:
    """One line: amounts in cents net of VAT, the discount zero or negative."""

    order_line_id: str
    product: Product
    quantity: int
    unit_cents: int
    shipping_cents: int = 0
    discount_cents: int = 0
    gift_wrap_cents: int = 0

    @property
    def goods_cents(self) -> int:
        """Quantity times unit price."""
        return self.quantity * self.unit_cents

    @property
    def net_cents(self) -> int:
        """Goods, shipping, gift wrap and discount together."""
        return self.goods_cents + self.shipping_cents + self.gift_wrap_cents + self.discount_cents


@dataclass(frozen=True, slots=True)
class Order:
    """What the buyer ordered at one moment; an order travels in one or several shipments."""

    order_id: str
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class Parcel:
    """One shipment on a consolidated document and the number of its lines there."""

    order: Order
    shipment_id: str
    shipped_at: datetime
    lines: int


@dataclass(frozen=True, slots=True)
class PaperTruth:
    """What a document says, for a test to compare a reading with; amounts positive cents, the type gives the direction.

    `mentions` in the codes of `achats.invoice.collected.v1`; `has_text` is False when the page is only an image.
    """

    number: str
    type: str
    date: date
    seller: str
    seller_vat_number: str | None
    buyer_vat_number: str | None
    currency: str
    net_cents: int
    vat_cents: int
    gross_cents: int
    taxes: tuple[Tax, ...]
    mentions: tuple[str, ...]
    credited_number: str | None
    has_text: bool


@dataclass(frozen=True, slots=True)
class Paper:
    """One document of one seller; amounts are positive, the kind gives the direction.

    Order and shipment are the first ones of a consolidated document; its `items` are those of all `parcels`, in their order.
    `scanned`: the page is an image. `embedded_xml`: Factur-X (EN 16931) is attached. `password` opens a protected PDF.
    Raises ValueError for XML in a receipt (it is no invoice) or behind a password, and for a language the layout does not know.
    """

    kind: Kind
    number: str
    issued_at: datetime
    seller: Party
    buyer: Party
    order: Order
    shipment_id: str
    shipped_at: datetime
    items: tuple[Item, ...]
    layout: Layout
    credits: "Paper | None" = None
    language: Language = Language.FRENCH
    parcels: tuple[Parcel, ...] = ()
    scanned: bool = False
    embedded_xml: bool = False
    password: str | None = None

    def __post_init__(self) -> None:
        if self.embedded_xml and (self.password or self.layout is Layout.RECEIPT):
            raise ValueError("XML neither in a receipt nor behind a password")
        if self.language not in LANGUAGES.get(self.layout, (Language.FRENCH,)):
            raise ValueError(f"{self.layout} is not written in {self.language}")

    @property
    def issued_on(self) -> date:
        """The date printed on the document."""
        return self.issued_at.date()

    def rate_of(self, item: Item) -> Decimal:
        """The VAT rate of a line here, in percent: none outside VAT, the overseas one where the buyer is overseas."""
        if not self.layout.taxed:
            return Decimal(0)
        rate = item.product.rate
        overseas = self.buyer.address[-1].startswith(OVERSEAS_CODES)
        return OVERSEAS_RATES.get(plain(rate), rate) if overseas else rate

    @property
    def taxes(self) -> tuple[Tax, ...]:
        """The VAT table, highest rate first; VAT is computed once on each rate's base."""
        rates = sorted({self.rate_of(item) for item in self.items}, reverse=True)
        bases = [(rate, sum(item.net_cents for item in self.items if self.rate_of(item) == rate)) for rate in rates]
        return tuple(Tax(rate, base, vat_of(base, rate)) for rate, base in bases)

    @property
    def item_vats(self) -> tuple[int, ...]:
        """VAT of each line in cents; together exactly the VAT table."""
        vats = dict[int, int]()
        for tax in self.taxes:
            places = [place for place, item in enumerate(self.items) if self.rate_of(item) == tax.rate]
            vats.update(zip(places, share(tax.vat_cents, [self.items[place].net_cents for place in places]), strict=True))
        return tuple(vats[place] for place in range(len(self.items)))

    @property
    def net_cents(self) -> int:
        """Total HT."""
        return sum(item.net_cents for item in self.items)

    @property
    def vat_cents(self) -> int:
        """Total TVA."""
        return sum(tax.vat_cents for tax in self.taxes)

    @property
    def gross_cents(self) -> int:
        """Total TTC."""
        return self.net_cents + self.vat_cents

    @property
    def names_buyers_vat_number(self) -> bool:
        """A receipt and a small business's invoice leave the buyer's VAT number out."""
        return self.layout not in (Layout.RECEIPT, Layout.SMALL_BUSINESS)

    def parcels_with_items(self) -> Iterator[tuple[Parcel, tuple[Item, ...]]]:
        """Each shipment with its lines; the one shipment when the document is not consolidated."""
        items = iter(self.items)
        for parcel in self.parcels or (Parcel(self.order, self.shipment_id, self.shipped_at, len(self.items)),):
            yield parcel, tuple(islice(items, parcel.lines))

    def truth(self) -> PaperTruth:
        """What the document says."""
        receipt = self.layout is Layout.RECEIPT
        return PaperTruth(
            number=self.number,
            type="credit_note" if self.kind is Kind.CREDIT_NOTE else "receipt" if receipt else "invoice",
            date=self.issued_on,
            seller=self.seller.name,
            seller_vat_number=self.seller.vat_number,
            buyer_vat_number=self.buyer.vat_number if self.names_buyers_vat_number else None,
            currency="EUR",
            net_cents=self.net_cents,
            vat_cents=self.vat_cents,
            gross_cents=self.gross_cents,
            taxes=self.taxes,
            mentions=self.layout.mentions,
            credited_number=self.credits and self.credits.number,
            has_text=not self.scanned,
        )


def consolidated(papers: Sequence[Paper], number: str, issued_at: datetime) -> Paper:
    """One invoice of one seller to one buyer in place of several papers, shipment by shipment."""
    parcels = tuple(Parcel(paper.order, paper.shipment_id, paper.shipped_at, len(paper.items)) for paper in papers)
    items = tuple(item for paper in papers for item in paper.items)
    return replace(papers[0], layout=Layout.CONSOLIDATED, number=number, issued_at=issued_at, items=items, parcels=parcels)

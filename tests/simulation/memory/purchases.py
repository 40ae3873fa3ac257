"""What a company bought: payments, numbers, PDFs and what they say. Every choice comes from a random source, every sum is exact."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any, Literal

from schemas.invoice_collected.v1 import Evidence, Party
from services.fetcher.domain.amazon.collecting import Transaction
from services.fetcher.domain.company import CompanyFile
from services.fetcher.domain.identity import sha256_of
from services.fetcher.domain.reading.evidence import unreadable
from services.fetcher.domain.records import LineKey
from tests.support.collected import evidence, fact, german_seller, line, party, seller, vat

ARTICLES = (("Papier A4 80 g, 500 feuilles", "20"), ("Cartouche d'encre noire", "20"), ("Livre de comptabilité", "5.5"))
"""Each of a nature that the rulebook knows, below the price of an asset."""

TENTHS = {"20": 200, "19": 190, "5.5": 55}
"""VAT rates in tenths of a per cent."""

LATER = timedelta(hours=18)
"""When, after the origin, Amazon gives what it gives late: long after the first import."""

JUST_BEFORE = timedelta(hours=26)
"""How long before the origin it was bought, so that the retry ladder has a rung on the first day and one on the second."""

type Lateness = Literal["prompt", "silent", "pending"]
type Sort = Literal["domestic", "unreadable", "wrongly_charged"]


@dataclass(frozen=True, slots=True)
class Item:
    """One article of a shipment: net, VAT rate, and the VAT, which is exact."""

    key: LineKey
    title: str
    net_cents: int
    rate: str

    @property
    def vat_cents(self) -> int:
        """Nets are multiples of 2,00 €, so that every rate gives whole cents."""
        return self.net_cents * TENTHS[self.rate] // 1000


@dataclass(frozen=True)
class Purchase:
    """One document with its payment.

    `silent`: `/invoices` knows no number for a while, but the PDF is there and bears it. `pending`: neither is there for a while.
    """

    company: CompanyFile
    order_id: str
    number: str
    kind: Literal["invoice", "credit_note"]
    items: tuple[Item, ...]
    issued_at: datetime
    known_at: datetime
    lateness: Lateness = "prompt"
    sort: Sort = "domestic"
    credited: str | None = None
    names_number: bool = False

    @property
    def company_id(self) -> str:
        """Whose purchase it is."""
        return self.company.company_id

    @property
    def outcome(self) -> Literal["recorded", "held"]:
        """What must become of the document once it is collected."""
        return "recorded" if self.sort == "domestic" else "held"

    @property
    def uploaded_at(self) -> datetime:
        """When the PDF can be had, and so from when on the document must be collected."""
        return self.known_at if self.lateness == "pending" else self.issued_at

    @property
    def fed_at(self) -> datetime:
        """When the payment shows in `getTransactions`."""
        return self.issued_at + timedelta(hours=1)

    @property
    def gross_cents(self) -> int:
        """What is owed, or given back."""
        return sum(item.net_cents + item.vat_cents for item in self.items)

    @cached_property
    def lines(self) -> frozenset[LineKey]:
        """The lines that bear the number."""
        return frozenset(item.key for item in self.items)

    @cached_property
    def pdf(self) -> bytes:
        """The file: no two are the same."""
        return f"%PDF-1.7 {self.company_id} {self.number}".encode()

    @cached_property
    def sha256(self) -> str:
        """The hash of the file."""
        return sha256_of(self.pdf)

    @cached_property
    def evidence(self) -> Evidence:
        """What the file says."""
        if self.sort == "unreadable":
            return unreadable("no_text")
        rates = sorted({item.rate for item in self.items})
        groups = {rate: [item for item in self.items if item.rate == rate] for rate in rates}
        return evidence(
            [line(item.title, item.net_cents, item.rate) for item in self.items],
            [vat(rate, sum(item.net_cents for item in group), sum(item.vat_cents for item in group)) for rate, group in groups.items()],
            number=fact(self.number),
            type=fact(self.kind),
            issue_date=fact(self.issued_at.date()),
            credited_number=fact(self.credited) if self.credited else None,
            seller=german_seller() if self.sort == "wrongly_charged" else seller(),
            buyer=_buyer(self.company),
        )

    @cached_property
    def transaction(self) -> Transaction:
        """The payment as `getTransactions` tells it; a refund's amounts are negative."""
        sign = "-" if self.kind == "credit_note" else ""
        fields: dict[str, Any] = {
            "transactionId": f"T-{self.number}",
            "transactionDate": _iso(self.issued_at),
            "feedDate": _iso(self.fed_at),
            "transactionType": "REFUND" if self.kind == "credit_note" else "CHARGE",
            "invoiceNumber": self.number if self.names_number else None,
            "legalEntityName": self.company.name,
            "buyer": {"name": "Jeanne Martin", "email": "jeanne@atelier.example"},
            "transactionLineItems": [_line_item(item, sign) for item in self.items],
        }
        return Transaction.model_validate(fields)

    def detail(self, now: datetime) -> dict[str, Any]:
        """What `/invoices` says of its number."""
        if now < self.known_at:
            promised = {"consolidatedInvoiceDetails": {"invoiceNumber": "Pending"}} if self.lateness == "pending" else {}
            return {"invoiceNumber": None, "invoiceDate": None, "invoiceType": None, **promised}
        kind = "CREDIT_MEMO" if self.kind == "credit_note" else "STANDARD"
        return {"invoiceNumber": self.number, "invoiceDate": _iso(self.issued_at), "invoiceType": kind}


def purchases(random: Random, company: CompanyFile, origin: datetime, documents: int) -> list[Purchase]:
    """Exactly that many documents; in the 25 days before `origin`."""
    bought, orders = list[Purchase](), 0
    while len(bought) < documents:
        orders += 1
        bought += _order(random, company, origin, f"171-{random.randrange(10**7):07d}-{orders:07d}")
    return bought[:documents]


def _order(random: Random, company: CompanyFile, origin: datetime, order_id: str) -> list[Purchase]:
    """What stands alone in its order, or one or two shipments, perhaps with a refund of the first."""
    first = _shipment(random, company, origin, order_id, 1)
    alone = random.random()
    if alone < 0.12:
        return [replace(first, sort="unreadable")]
    if alone < 0.24:
        return [replace(first, sort="wrongly_charged", items=tuple(replace(item, rate="20") for item in first.items))]
    if alone < 0.4:
        lateness: Lateness = random.choice(("silent", "pending"))
        return [replace(first, lateness=lateness, known_at=origin + LATER, issued_at=origin - JUST_BEFORE)]
    rest = [_shipment(random, company, origin, order_id, 2)] if random.random() < 0.4 else []
    refund = [_refund(random, first)] if random.random() < 0.4 else []
    return [replace(purchase, names_number=random.random() < 0.3) for purchase in (first, *rest, *refund)]


def _shipment(random: Random, company: CompanyFile, origin: datetime, order_id: str, place: int) -> Purchase:
    issued_at = origin - timedelta(days=random.randint(10, 25), minutes=random.randint(0, 240))
    articles = random.sample(ARTICLES, random.randint(1, 2))
    items = tuple(
        Item(LineKey(order_id, f"L{place}{number}", f"S{place}"), title, 200 * random.randint(1, 60), rate)
        for number, (title, rate) in enumerate(articles, 1)
    )
    return Purchase(company, order_id, f"FR6-{order_id[-7:]}-{place}", "invoice", items, issued_at, known_at=issued_at)


def _refund(random: Random, invoice: Purchase) -> Purchase:
    """The first article comes back a few days later."""
    issued_at = invoice.issued_at + timedelta(days=random.randint(1, 8))
    number = f"{invoice.number}-A"
    return replace(invoice, number=number, kind="credit_note", items=invoice.items[:1], issued_at=issued_at, credited=invoice.number)


def _buyer(company: CompanyFile) -> Party:
    return party(company.name, company.vat_id, company.siren, "FR")


def _line_item(item: Item, sign: str) -> dict[str, Any]:
    def money(cents: int) -> dict[str, str]:
        return {"currencyCode": "EUR", "amount": f"{sign}{cents // 100}.{cents % 100:02d}"}

    return {
        "orderId": item.key.order_id,
        "orderLineItemId": item.key.order_line_item_id,
        "shipmentId": item.key.shipment_id,
        "productTitle": item.title,
        "itemQuantity": 1,
        "principalAmount": money(item.net_cents),
        "tax": money(item.vat_cents),
        "totalAmount": money(item.net_cents + item.vat_cents),
        "taxRate": str(TENTHS[item.rate] / 1000),
        "merchantLegalName": "Papeterie du Canal SAS",
    }


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

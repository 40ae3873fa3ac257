"""What the simulated Amazon holds of one account, and the truth a test compares with.

A `Document` carries only what Amazon would state: a field that is None is unknown to it.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypedDict

from deploy.local.amazon.amounts import Tax, plain
from deploy.local.amazon.papers import Kind
from deploy.local.amazon.parties import Party

FRANCE = "A13V1IB3VIYZZH"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the buying company; only an administrator may authorise an application."""

    id: str
    name: str
    email: str
    administrator: bool


@dataclass(frozen=True, slots=True)
class Payment:
    """The transaction of a document: when it happened, from when it can be queried, with which instrument."""

    transaction_id: str
    happened_at: datetime
    fed_at: datetime
    instrument: str | None = None
    last_digits: str | None = None
    charge_identifier: str | None = None
    states_number: bool = False
    refund_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One order line of a document; amounts in cents, positive but for the discount; `unit_price` a decimal string."""

    order_line_id: str
    title: str | None = None
    asin: str | None = None
    unspsc: str | None = None
    quantity: int | None = None
    unit_price: str | None = None
    principal_cents: int | None = None
    shipping_cents: int | None = None
    discount_cents: int | None = None
    vat_cents: int | None = None
    total_cents: int | None = None
    rate: Decimal | None = None
    purchase_order: str | None = None
    order_fields: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One invoice or credit note with its order data, its payment and the way to get its PDF."""

    order_id: str
    shipment_id: str
    shipped_at: datetime
    payment: Payment
    lines: tuple[Line, ...]
    pdf: Callable[[], bytes]
    kind: Kind | None = None
    number: str | None = None
    issued_at: datetime | None = None
    seller: str | None = None
    seller_vat_number: str | None = None
    currency: str | None = None
    net_cents: int | None = None
    vat_cents: int | None = None
    gross_cents: int | None = None
    taxes: tuple[Tax, ...] | None = None
    credited_number: str | None = None


class TruthTax(TypedDict):
    """One VAT rate of a document: percent as text, cents."""

    rate: str
    base_cents: int
    vat_cents: int


class Truth(TypedDict):
    """One document as a test wants to find it at the end; None where nobody stated the fact."""

    number: str | None
    type: str | None
    date: str | None
    seller: str | None
    seller_vat_number: str | None
    currency: str | None
    net_cents: int | None
    vat_cents: int | None
    gross_cents: int | None
    taxes: list[TruthTax] | None
    credited_number: str | None
    order_id: str
    sha256: str


class World:
    """One account: the buying company, its people and its documents, oldest payment first."""

    def __init__(self, seed: int, buyer: Party, documents: Sequence[Document]) -> None:
        self.seed = seed
        self.buyer = buyer
        self.documents = sorted(documents, key=lambda document: document.payment.fed_at)
        self.people = _people(buyer)
        self.refunds_negative = seed % 2 == 0
        self._hashes: dict[str, str] = {}

    @property
    def account(self) -> str:
        """The identifier a consent is bound to."""
        return f"account-{self.buyer.siren}"

    @property
    def truth(self) -> list[Truth]:
        """Every document as stated, with the hash of its PDF; renders what was not rendered yet."""
        return [self._truth(document) for document in self.documents]

    def administrator(self) -> Person:
        """The person who bought and paid everything."""
        return self.people[0]

    def _truth(self, document: Document) -> Truth:
        return {
            "number": document.number,
            "type": document.kind and document.kind.value,
            "date": _day(document.issued_at),
            "seller": document.seller,
            "seller_vat_number": document.seller_vat_number,
            "currency": document.currency,
            "net_cents": document.net_cents,
            "vat_cents": document.vat_cents,
            "gross_cents": document.gross_cents,
            "taxes": None if document.taxes is None else [_truth_tax(tax) for tax in document.taxes],
            "credited_number": document.credited_number,
            "order_id": document.order_id,
            "sha256": self._hash(document),
        }

    def _hash(self, document: Document) -> str:
        key = document.payment.transaction_id
        if key not in self._hashes:
            self._hashes[key] = hashlib.sha256(document.pdf()).hexdigest()
        return self._hashes[key]


def _truth_tax(tax: Tax) -> TruthTax:
    return {"rate": plain(tax.rate), "base_cents": tax.base_cents, "vat_cents": tax.vat_cents}


def _day(instant: datetime | None) -> str | None:
    return None if instant is None else date.isoformat(instant.date())


def _people(buyer: Party) -> tuple[Person, Person]:
    def person(first: str, name: str, administrator: bool) -> Person:
        identity = hashlib.sha256(f"{buyer.siren} {name}".encode()).hexdigest().upper()
        return Person(f"amzn1.account.{identity[:40]}", name, f"{first}@atelier.example", administrator)

    return person("camille", "Camille Fontaine", True), person("louis", "Louis Marchand", False)

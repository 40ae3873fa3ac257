"""What Amazon holds of an account's purchases, and from which instant each fact can be seen. A fact that is None is unknown to it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import chain

from deploy.local.amazon.amounts import Tax
from deploy.local.amazon.papers import Kind, Paper
from deploy.local.amazon.parties import Party

FRANCE = "A13V1IB3VIYZZH"
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


class PaymentType(StrEnum):
    """`transactionType` of the Reconciliation API 2021-01-08."""

    CHARGE = "CHARGE"
    REFUND = "REFUND"
    OVERREFUND = "OVERREFUND"


class Never(StrEnum):
    """Why a document never becomes final."""

    DIGITAL = "digital_order"
    MAILED = "mailed_by_the_seller"
    NUMBERLESS = "number_never_known"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the buying company; only an administrator may authorise an application."""

    id: str
    name: str
    email: str
    administrator: bool


@dataclass(frozen=True, slots=True)
class Payment:
    """One transaction: when it happened, its feed date, and what it moves.

    `seen_at`: from when it is in the answers, later than its feed date when it arrives back-dated (None: the feed date). `share`: the
    percentages of the shipment's amounts it moves, from and to: (0, 60) and (60, 100) are the legs of a split payment, (100, 110) is
    what an over-refund gives beyond the rest. Until `settled_at` the amount is `authorised_percent` of what it will be.
    """

    transaction_id: str
    happened_at: datetime
    fed_at: datetime
    instrument: str | None = None
    last_digits: str | None = None
    charge_identifier: str | None = None
    states_number: bool = False
    refund_reason: str | None = None
    type: PaymentType | None = None
    seen_at: datetime | None = None
    share: tuple[int, int] = (0, 100)
    others: tuple[str, ...] = ()
    authorised_percent: int = 100
    settled_at: datetime = ALWAYS
    nameless: bool = False

    def visible(self, now: datetime) -> bool:
        """Whether answers hold it."""
        return (self.seen_at or self.fed_at) <= now

    def cents(self, total_cents: int | None) -> int | None:
        """Its part of an amount; the legs of a split payment add up to it exactly."""
        before, upto = self.share
        return None if total_cents is None else total_cents * upto // 100 - total_cents * before // 100

    def amount(self, total_cents: int | None, now: datetime) -> int | None:
        """What the transaction states: the authorised amount until it is settled."""
        settled = self.cents(total_cents)
        return settled if settled is None or now >= self.settled_at else settled * self.authorised_percent // 100


@dataclass(frozen=True, slots=True)
class Line:
    """One order line of a shipment; amounts in cents, positive but for the discount; `unit_price` a decimal string.

    On the PDF the regulatory fee is part of the goods.
    """

    order_line_id: str
    title: str | None = None
    asin: str | None = None
    unspsc: str | None = None
    quantity: int | None = None
    unit_price: str | None = None
    principal_cents: int | None = None
    shipping_cents: int | None = None
    gift_wrap_cents: int | None = None
    regulatory_cents: int | None = None
    discount_cents: int | None = None
    vat_cents: int | None = None
    total_cents: int | None = None
    rate: Decimal | None = None
    purchase_order: str | None = None
    order_fields: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Shipment:
    """What travelled together (or, on a credit note, came back), as one seller sent it, and the payments it caused.

    `amended`: lines that replace the first ones from an instant on, oldest first. `entity`: the rank of the legal entity that ordered.
    """

    order_id: str
    ordered_at: datetime
    shipment_id: str
    shipped_at: datetime
    lines: tuple[Line, ...]
    payments: tuple[Payment, ...]
    seller: str | None = None
    currency: str | None = None
    amended: tuple[tuple[datetime, tuple[Line, ...]], ...] = ()
    entity: int = 0
    marketplace: str = FRANCE

    def lines_at(self, now: datetime) -> tuple[Line, ...]:
        """The lines as Amazon states them now."""
        return next((lines for since, lines in reversed(self.amended) if since <= now), self.lines)

    def seen(self, now: datetime) -> bool:
        """Whether one of its payments is in the answers."""
        return any(payment.visible(now) for payment in self.payments)


@dataclass(frozen=True, slots=True)
class Course:
    """From when `/invoices` has details of a document, a number instead of `Pending`, and the PDF is there; None = never."""

    detailed_at: datetime | None = ALWAYS
    numbered_at: datetime | None = ALWAYS
    uploaded_at: datetime | None = ALWAYS
    consolidated: bool = False
    never: Never | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One invoice or credit note: its shipments (several when consolidated), the way to get its PDF, what it states, its course.

    `replaced`: PDFs that take the place of the first one from an instant on, oldest first.
    """

    shipments: tuple[Shipment, ...]
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
    course: Course = field(default_factory=Course)
    replaced: tuple[tuple[datetime, Callable[[], bytes]], ...] = ()
    paper: Paper | None = None
    entity: int = 0

    @property
    def order_id(self) -> str:
        """The order, the first one of a consolidated document."""
        return self.shipments[0].order_id

    @property
    def shipment_id(self) -> str:
        """The shipment, the first one of a consolidated document."""
        return self.shipments[0].shipment_id

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines of all its shipments."""
        return tuple(chain.from_iterable(shipment.lines for shipment in self.shipments))

    @property
    def payment(self) -> Payment:
        """The first payment it caused."""
        return self.shipments[0].payments[0]

    @property
    def marketplace(self) -> str:
        """Where it was bought."""
        return self.shipments[0].marketplace

    def pdf_at(self, at: datetime) -> bytes:
        """The PDF that is handed out at an instant."""
        return next((pdf for since, pdf in reversed(self.replaced) if since <= at), self.pdf)()

    def detailed(self, now: datetime) -> bool:
        """Whether `/invoices` knows it."""
        return reached(self.course.detailed_at, now)

    def number_at(self, now: datetime) -> str | None:
        """Its number, `Pending` until a consolidated one is issued."""
        return self.number if reached(self.course.numbered_at, now) else "Pending"

    def uploaded(self, now: datetime) -> bool:
        """Whether its PDF is there."""
        return reached(self.course.uploaded_at, now)


@dataclass(slots=True)
class Entity:
    """A legal entity of the account and the names it has had, each from an instant on."""

    party: Party
    names: list[tuple[datetime, str | None]]

    @classmethod
    def of(cls, party: Party) -> "Entity":
        """One that always had its own name."""
        return cls(party, [(ALWAYS, party.name)])

    def name_at(self, now: datetime) -> str | None:
        """`legalEntityName` now, of all its transactions, old ones too; None while the account leaves it open."""
        return next((name for since, name in reversed(self.names) if since <= now), None)


def reached(instant: datetime | None, now: datetime) -> bool:
    """Whether an instant has come; None never comes."""
    return instant is not None and instant <= now


def day_of(instant: datetime | None) -> str | None:
    """The calendar day as text."""
    return None if instant is None else date.isoformat(instant.date())


def people_of(buyer: Party) -> tuple[Person, Person]:
    """An administrator, who buys and pays everything, and a buyer; the same for the same company."""

    def person(first: str, name: str, administrator: bool) -> Person:
        identity = hashlib.sha256(f"{buyer.siren} {name}".encode()).hexdigest().upper()
        return Person(f"amzn1.account.{identity[:40]}", name, f"{first}@atelier.example", administrator)

    return person("camille", "Camille Fontaine", True), person("louis", "Louis Marchand", False)

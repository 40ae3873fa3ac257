"""One simulated account: the company, its people and legal entities, its purchases; every answer is a question to it at an instant."""

import hashlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from deploy.local.amazon.facts import FRANCE, Document, Entity, Payment, Person, Shipment, people_of
from deploy.local.amazon.papers import Item, Kind, Order, Paper
from deploy.local.amazon.parties import Party

CREDITS = frozenset({"Credits", "CreditMemo"})


@dataclass(frozen=True, slots=True)
class Row:
    """One transaction with the shipment that caused it and the document it is on, if there is one."""

    payment: Payment
    shipment: Shipment
    document: Document | None


@dataclass(slots=True)
class OpenOrder:
    """An order of which something was not shipped yet."""

    order: Order
    seller: str
    items: list[Item]
    entity: int = 0
    marketplace: str = FRANCE


@dataclass(slots=True)
class Purchase:
    """One order with what was shipped of it, each shipment with its document if there is one."""

    order_id: str
    ordered_at: datetime
    marketplace: str
    shipments: list[tuple[Shipment, Document | None]] = field(default_factory=list[tuple[Shipment, "Document | None"]])


@dataclass(slots=True)
class _Index:
    """What is looked up, ready made; built anew after a change."""

    by_feed: list[Row]
    by_order_date: list[Row]
    of_line: dict[tuple[str, ...], list[Document]]
    of_order: dict[str, list[Document]]
    of_number: dict[str, list[Document]]
    purchases: dict[str, "Purchase"]


@dataclass(slots=True)
class World:
    """One account. Change it by its methods only: they keep what is looked up in step."""

    seed: int
    buyer: Party
    documents: list[Document]
    entities: list[Entity] = field(default_factory=list[Entity])
    unbilled: list[Shipment] = field(default_factory=list[Shipment])
    open_orders: dict[str, OpenOrder] = field(default_factory=dict[str, OpenOrder])
    undocumented: list[Shipment] = field(default_factory=list[Shipment])
    papers: dict[str, Paper] = field(default_factory=dict[str, Paper])
    deeds: int = 0
    _index: _Index | None = None
    _hashes: dict[tuple[str | None, str, int], str] = field(default_factory=dict[tuple[str | None, str, int], str])

    def __post_init__(self) -> None:
        self.documents = sorted(self.documents, key=lambda document: document.payment.fed_at)
        self.entities = self.entities or [Entity.of(self.buyer)]

    @property
    def account(self) -> str:
        """The identifier a consent is bound to."""
        return f"account-{self.buyer.siren}"

    @property
    def people(self) -> tuple[Person, Person]:
        """An administrator, who bought and paid everything, and a buyer."""
        return people_of(self.buyer)

    @property
    def refunds_negative(self) -> bool:
        """The sign Amazon happens to give refunds, unless it is settled otherwise."""
        return self.seed % 2 == 0

    @property
    def administrator(self) -> Person:
        """The person who bought and paid everything."""
        return self.people[0]

    def rows(self, start: datetime, end: datetime, by_order_date: bool = False) -> Sequence[Row]:
        """The transactions whose feed date (or order date) lies within bounds, both included, in that date's order."""
        rows, key = (self.index.by_order_date, _ordered_at) if by_order_date else (self.index.by_feed, _fed_at)
        return rows[bisect_left(rows, start, key=key) : bisect_right(rows, end, key=key)]

    def documents_of_line(self, key: tuple[str, ...]) -> Sequence[Document]:
        """Invoices and credit notes of (order, order line, shipment)."""
        return self.index.of_line.get(key, ())

    def documents_of(self, options: Mapping[str, str], consolidated_by_order: bool = False) -> tuple[Document, ...]:
        """What report options select: a number, or an order with its line and shipment; consolidated ones by their number only."""
        if "invoiceId" in options:
            found = self.index.of_number.get(options["invoiceId"], ())
            return tuple(document for document in found if _of_type(document, options.get("documentType")))
        line, shipment = options.get("orderLineItemId", options.get("orderlineItemId")), options.get("shipmentId")
        return tuple(
            document
            for document in self.index.of_order.get(options["orderId"], ())
            if (consolidated_by_order or not document.course.consolidated)
            and (shipment is None or any(one.shipment_id == shipment for one in document.shipments))
            and (line is None or any(one.order_line_id == line for one in document.lines))
        )

    def documents_numbered(self, number: str) -> Sequence[Document]:
        """The documents of that number; a number is one seller's, so there may be two."""
        return self.index.of_number.get(number, ())

    def shipments(self) -> Iterator[tuple[Shipment, Document | None]]:
        """Everything that travelled with its document, credit notes left out."""
        yield from ((one, document) for document in self.documents if document.kind is not Kind.CREDIT_NOTE for one in document.shipments)
        yield from ((shipment, None) for shipment in self.unbilled)

    def purchases(self, now: datetime) -> Iterator[Purchase]:
        """The orders placed until now, oldest first, with what was shipped until now."""
        for purchase in self.index.purchases.values():
            if purchase.ordered_at <= now:
                shipped = [pair for pair in purchase.shipments if pair[0].shipped_at <= now]
                yield replace(purchase, shipments=shipped)

    def add(self, document: Document) -> None:
        """A document is drawn up; shipments that waited for one no longer do."""
        keys = {_key(shipment) for shipment in document.shipments}
        if document.kind is not Kind.CREDIT_NOTE:
            self.unbilled = [shipment for shipment in self.unbilled if _key(shipment) not in keys]
        self.documents.append(document)
        self._index = None

    def change(self, old: Document, new: Document) -> None:
        """A document becomes another."""
        self.documents[next(place for place, document in enumerate(self.documents) if document is old)] = new
        self._index = None

    def change_shipment(self, old: Shipment, new: Shipment) -> None:
        """A shipment becomes another, wherever it stands."""
        self.unbilled = [new if one is old else one for one in self.unbilled]
        for place, document in enumerate(self.documents):
            if any(one is old for one in document.shipments):
                shipments = tuple(new if one is old else one for one in document.shipments)
                self.documents[place] = replace(document, shipments=shipments)
        self._index = None

    def open(self, order: OpenOrder) -> None:
        """An order is placed."""
        self.open_orders[order.order.order_id] = order
        self._index = None

    def ship(self, shipment: Shipment, paper: Paper, lines: int) -> None:
        """The next lines of an order travel, without a document yet; `paper` is what its invoice will say."""
        self.unbilled.append(shipment)
        self.papers[shipment.shipment_id] = paper
        order = self.open_orders[shipment.order_id]
        order.items = order.items[lines:]
        if not order.items:
            del self.open_orders[shipment.order_id]
        self._index = None

    def pay_back(self, shipment: Shipment) -> None:
        """Money comes back and no document will say so."""
        self.undocumented.append(shipment)
        self._index = None

    def hash_of(self, document: Document, version: int = -1) -> str:
        """SHA-256 of a PDF, the first one or that which replaced it; draws it when nobody asked for it yet."""
        key = (document.number, document.payment.transaction_id, version)
        if key not in self._hashes:
            pdf = document.pdf if version < 0 else document.replaced[version][1]
            self._hashes[key] = hashlib.sha256(pdf()).hexdigest()
        return self._hashes[key]

    @property
    def index(self) -> _Index:
        """What is looked up."""
        if self._index is None:
            self._index = self._built()
        return self._index

    def _built(self) -> _Index:
        of_line, of_order = defaultdict[tuple[str, ...], list[Document]](list), defaultdict[str, list[Document]](list)
        of_number, rows = defaultdict[str, list[Document]](list), list[Row]()
        for document in self.documents:
            if document.number:
                of_number[document.number].append(document)
            for order_id in dict.fromkeys(shipment.order_id for shipment in document.shipments):
                of_order[order_id].append(document)
            for shipment in document.shipments:
                rows.extend(Row(payment, shipment, document) for payment in shipment.payments)
                for line in shipment.lines:
                    of_line[shipment.order_id, line.order_line_id, shipment.shipment_id].append(document)
        rows.extend(Row(payment, shipment, None) for shipment in (*self.unbilled, *self.undocumented) for payment in shipment.payments)
        return _Index(sorted(rows, key=_fed_at), sorted(rows, key=_ordered_at), of_line, of_order, of_number, self._purchases())

    def _purchases(self) -> dict[str, Purchase]:
        found = dict[str, Purchase]()
        for shipment, document in self.shipments():
            new = Purchase(shipment.order_id, shipment.ordered_at, shipment.marketplace)
            found.setdefault(shipment.order_id, new).shipments.append((shipment, document))
        for order_id, open_order in self.open_orders.items():
            found.setdefault(order_id, Purchase(order_id, open_order.order.ordered_at, open_order.marketplace))
        return dict(sorted(found.items(), key=lambda pair: pair[1].ordered_at))


def _fed_at(row: Row) -> datetime:
    return row.payment.fed_at


def _ordered_at(row: Row) -> datetime:
    return row.shipment.ordered_at


def _key(shipment: Shipment) -> tuple[str, str]:
    return shipment.order_id, shipment.shipment_id


def _of_type(document: Document, asked: str | None) -> bool:
    return asked is None or document.kind is (Kind.CREDIT_NOTE if asked in CREDITS else Kind.INVOICE)

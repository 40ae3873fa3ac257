"""What a test compares with: every document as it really is, when it becomes final, and if it never does, why."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict

from deploy.local.amazon.amounts import Tax, plain
from deploy.local.amazon.clock import iso
from deploy.local.amazon.facts import Course, Document, day_of
from deploy.local.amazon.world import World


class TruthTax(TypedDict):
    """One VAT rate of a document: percent as text, cents."""

    rate: str
    base_cents: int
    vat_cents: int


class TruthReplacement(TypedDict):
    """A PDF that took the place of the first one, and since when."""

    at: str
    sha256: str | None


class Truth(TypedDict):
    """One document as a test wants to find it at the end; None where nobody stated the fact.

    `final_at`: its number known and not `Pending`, its PDF there, one of its transactions visible; None = never, and `never` says why.
    """

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
    sha256: str | None
    orders: list[str]
    shipments: list[str]
    transactions: list[str]
    marketplace: str
    legal_entity: str
    consolidated: bool
    layout: str | None
    says: str | None
    mentions: list[str]
    buyer_vat_number: str | None
    has_text: bool | None
    locked: bool
    replaced: list[TruthReplacement]
    announced_at: str
    numbered_at: str | None
    uploaded_at: str | None
    final_at: str | None
    never: str | None


def truth_of(world: World, documents: Iterable[Document] | None = None, hashes: bool = True) -> list[Truth]:
    """Documents as stated (default: all); `hashes` draws the PDFs nobody asked for yet, about 5 ms each."""
    return [_truth(world, document, hashes) for document in (world.documents if documents is None else documents)]


def announced_at(document: Document) -> datetime:
    """When the first of its transactions is in the answers."""
    return min(payment.seen_at or payment.fed_at for shipment in document.shipments for payment in shipment.payments)


def numbered_at(course: Course) -> datetime | None:
    """When `/invoices` states its number."""
    return None if course.detailed_at is None or course.numbered_at is None else max(course.detailed_at, course.numbered_at)


def final_at(document: Document) -> datetime | None:
    """When everything that makes a document final can be had; None = never."""
    numbered, uploaded = numbered_at(document.course), document.course.uploaded_at
    return None if numbered is None or uploaded is None else max(numbered, uploaded, announced_at(document))


def waits_for(document: Document, at: datetime) -> str | None:
    """What a document still lacks at an instant, in the order a client would find out; None = it is final."""
    if announced_at(document) > at:
        return "transaction"
    if not document.detailed(at):
        return "number"
    if document.number_at(at) == "Pending":
        return "pending"
    return None if document.uploaded(at) else "document"


def _truth(world: World, document: Document, hashes: bool) -> Truth:
    replaced = [
        TruthReplacement(at=iso(at), sha256=world.hash_of(document, place) if hashes else None)
        for place, (at, _) in enumerate(document.replaced)
    ]
    return {
        "number": document.number,
        "type": document.kind and document.kind.value,
        "date": day_of(document.issued_at),
        "seller": document.seller,
        "seller_vat_number": document.seller_vat_number,
        "currency": document.currency,
        "net_cents": document.net_cents,
        "vat_cents": document.vat_cents,
        "gross_cents": document.gross_cents,
        "taxes": None if document.taxes is None else [_truth_tax(tax) for tax in document.taxes],
        "credited_number": document.credited_number,
        "order_id": document.order_id,
        "sha256": world.hash_of(document) if hashes else None,
        "orders": list(dict.fromkeys(shipment.order_id for shipment in document.shipments)),
        "shipments": [shipment.shipment_id for shipment in document.shipments],
        "transactions": [payment.transaction_id for shipment in document.shipments for payment in shipment.payments],
        "marketplace": document.marketplace,
        "legal_entity": world.entities[document.entity].party.name,
        "consolidated": document.course.consolidated,
        **_printed(document),
        "replaced": replaced,
        "announced_at": iso(announced_at(document)),
        "numbered_at": _text(numbered_at(document.course)),
        "uploaded_at": _text(document.course.uploaded_at),
        "final_at": _text(final_at(document)),
        "never": document.course.never and document.course.never.value,
    }


class Printed(TypedDict):
    """What only the page says; nothing is known of the pages of a folder's files."""

    layout: str | None
    says: str | None
    mentions: list[str]
    buyer_vat_number: str | None
    has_text: bool | None
    locked: bool


def _printed(document: Document) -> Printed:
    paper = document.paper
    if paper is None:
        return {"layout": None, "says": None, "mentions": [], "buyer_vat_number": None, "has_text": None, "locked": False}
    said = paper.truth()
    return {
        "layout": paper.layout.value,
        "says": said.type,
        "mentions": list(said.mentions),
        "buyer_vat_number": said.buyer_vat_number,
        "has_text": said.has_text,
        "locked": paper.password is not None,
    }


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else iso(instant)


def _truth_tax(tax: Tax) -> TruthTax:
    return {"rate": plain(tax.rate), "base_cents": tax.base_cents, "vat_cents": tax.vat_cents}

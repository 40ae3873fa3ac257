"""A made-up account: orders, shipments, invoices and returns of the 25 days before the clock's start, all from one seed."""

import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from itertools import count
from random import Random

from deploy.local.amazon.amounts import decimal_text
from deploy.local.amazon.catalogue import Product, sold_by
from deploy.local.amazon.papers import Item, Kind, Layout, Order, Paper
from deploy.local.amazon.parties import AMAZON_BRANCH, SELLERS, Party
from deploy.local.amazon.world import Document, Line, Payment, World

DAYS = 24
CREDIT_NOTE_EVERY = 8
SHIPPING_CENTS = (332, 416, 499)
ORDER_PREFIXES = ("171", "402", "403", "404", "405", "406", "407", "408")
REASONS = ("Customer Return", "Product Not As Described", "Damaged By Carrier")
INSTRUMENTS = (("Visa", "4821"), ("MasterCard", "0937"), ("Pay by Invoice", None))
COST_CENTRES = ("Atelier", "Bureaux", "Informatique", "")


def seeded_world(seed: int, invoices: int, start: datetime, buyer: Party) -> World:
    """An account of exactly `invoices` documents, one in eight a credit note, all issued before `start`."""
    return World(seed, buyer, Shopping(seed, start, buyer).documents(invoices))


@dataclass(slots=True)
class Shopping:
    """The story of one account's purchases; every choice comes from the seed."""

    seed: int
    start: datetime
    buyer: Party

    def documents(self, total: int) -> list[Document]:
        """Invoices first, then credit notes for some of them, numbered by each seller in date order."""
        dice = Random(self.seed)
        invoices = self._invoices(dice, total - total // CREDIT_NOTE_EVERY)
        returnable = invoices[: max(len(invoices) * 2 // 3, total // CREDIT_NOTE_EVERY)]
        returned = dice.sample(returnable, total // CREDIT_NOTE_EVERY)
        notes = sorted((self._credit_note(dice, invoice) for invoice in returned), key=lambda paper: paper.issued_at)
        return [self._document(dice, paper) for paper in (*invoices, *numbered(notes))]

    def _invoices(self, dice: Random, wanted: int) -> list[Paper]:
        papers = list[Paper]()
        while len(papers) < wanted:
            papers.extend(self._order(dice))
        return numbered(sorted(papers[:wanted], key=lambda paper: paper.issued_at))

    def _moment(self, dice: Random, days_before: int, hours: tuple[int, int]) -> datetime:
        day = self.start.date() - timedelta(days=days_before)
        return datetime.combine(day, time(dice.randint(*hours), dice.randint(0, 59), dice.randint(0, 59)), self.start.tzinfo)

    def _order(self, dice: Random) -> list[Paper]:
        """One order of one to three shipments; each shipment is one seller's and has its own invoice."""
        days_before = dice.randint(4, DAYS)
        order_id = f"{dice.choice(ORDER_PREFIXES)}-{dice.randint(0, 9_999_999):07d}-{dice.randint(0, 9_999_999):07d}"
        order = Order(order_id, self._moment(dice, days_before, (6, 11)))
        return [self._invoice(dice, order, days_before) for _ in range(dice.choices((1, 2, 3), (6, 3, 1))[0])]

    def _invoice(self, dice: Random, order: Order, ordered_days_before: int) -> Paper:
        seller = dice.choices(tuple(SELLERS), (5, 3, 2))[0]
        shipped_at = self._moment(dice, ordered_days_before - dice.randint(0, 2), (12, 17))
        return Paper(
            kind=Kind.INVOICE,
            number="",
            issued_at=shipped_at + timedelta(minutes=dice.randint(1, 90)),
            seller=SELLERS[seller],
            layout=Layout.AMAZON_BRANCH if seller == "branch" else Layout.DRAWN_BY_AMAZON,
            buyer=self.buyer,
            order=order,
            shipment_id=f"D{_mixed(dice, string.ascii_letters + string.digits, 8)}",
            shipped_at=shipped_at,
            items=_with_shipping(dice, [_item(dice, product) for product in _basket(dice, seller)]),
        )

    def _credit_note(self, dice: Random, invoice: Paper) -> Paper:
        """Some or all of the lines come back, in whole or in part, one to ten days later."""
        age = (self.start.date() - invoice.issued_on).days
        returned = sorted(dice.sample(range(len(invoice.items)), dice.randint(1, len(invoice.items))))
        items = tuple(_returned(dice, invoice.items[place]) for place in returned)
        issued_at = self._moment(dice, age - dice.randint(1, min(10, age - 1)), (7, 17))
        return replace(invoice, kind=Kind.CREDIT_NOTE, number="", issued_at=issued_at, items=items, credits=invoice)

    def _document(self, dice: Random, paper: Paper) -> Document:
        return Document(
            order_id=paper.order.order_id,
            shipment_id=paper.shipment_id,
            shipped_at=paper.shipped_at,
            payment=_payment(dice, paper),
            lines=_lines(dice, paper),
            pdf=partial(_rendered, paper),
            kind=paper.kind,
            number=paper.number,
            issued_at=paper.issued_at,
            seller=paper.seller.name,
            seller_vat_number=paper.seller.vat_number,
            currency="EUR",
            net_cents=paper.net_cents,
            vat_cents=paper.vat_cents,
            gross_cents=paper.gross_cents,
            taxes=paper.taxes,
            credited_number=paper.credits and paper.credits.number,
        )


def numbered(papers: Sequence[Paper]) -> list[Paper]:
    """Give each document the next number of its seller's series for its kind."""
    series = {seller.siren: count(101) for seller in SELLERS.values()}
    return [replace(paper, number=_number(paper, next(series[paper.seller.siren]))) for paper in papers]


def _number(paper: Paper, rank: int) -> str:
    """Amazon's branch and Amazon's VAT service for sellers number in their own ways."""
    invoice = paper.kind is Kind.INVOICE
    if paper.seller is AMAZON_BRANCH:
        return f"FR{paper.issued_on:%y}{rank:07d}AEU{'I' if invoice else 'C'}"
    return f"{'INV' if invoice else 'CN'}-FR-{paper.seller.siren}-{paper.issued_on:%Y}-{rank}"


def _rendered(paper: Paper) -> bytes:
    from deploy.local.amazon.rendering import render  # here: its PDF library takes a second to load

    return render(paper)


def _basket(dice: Random, seller: str) -> list[Product]:
    products = sold_by(seller)
    drawn = dice.choices(products, [product.weight for product in products], k=dice.choices(range(1, 7), (8, 6, 4, 3, 2, 1))[0])
    return list(dict.fromkeys(drawn))


def _item(dice: Random, product: Product) -> Item:
    quantity = dice.randint(1, product.most) if dice.random() < 0.6 else 1
    unit = product.net_cents + product.net_cents * dice.randint(-8, 8) // 100
    discount = -(quantity * unit * dice.choice((5, 10)) // 100) if dice.random() < 0.15 else 0
    return Item(_mixed(dice, string.digits, 14), product, quantity, unit, discount_cents=discount)


def _with_shipping(dice: Random, items: list[Item]) -> tuple[Item, ...]:
    """A third of the shipments are charged; the charge stands on the line with the highest VAT rate."""
    if dice.random() < 0.3:
        place = max(range(len(items)), key=lambda place: items[place].product.rate)
        items[place] = replace(items[place], shipping_cents=dice.choice(SHIPPING_CENTS))
    return tuple(items)


def _returned(dice: Random, item: Item) -> Item:
    """The part that comes back: shipping only with the whole line, the discount in proportion."""
    quantity = dice.randint(1, item.quantity)
    whole = quantity == item.quantity
    discount = -(-item.discount_cents * quantity // item.quantity)
    return replace(item, quantity=quantity, shipping_cents=item.shipping_cents if whole else 0, discount_cents=discount)


def _payment(dice: Random, paper: Paper) -> Payment:
    instrument, digits = dice.choice(INSTRUMENTS)
    happened_at = paper.issued_at - timedelta(seconds=dice.randint(5, 50))
    return Payment(
        transaction_id=_mixed(dice, string.ascii_letters + string.digits, 20),
        happened_at=happened_at,
        fed_at=paper.issued_at + timedelta(minutes=dice.randint(10, 240)),
        instrument=instrument,
        last_digits=digits,
        charge_identifier=_mixed(dice, string.ascii_uppercase + string.digits, 9) if digits else None,
        states_number=dice.random() < 0.5,
        refund_reason=dice.choice(REASONS) if paper.kind is Kind.CREDIT_NOTE else None,
    )


def _lines(dice: Random, paper: Paper) -> tuple[Line, ...]:
    centre = dice.choice(COST_CENTRES) if dice.random() < 0.5 else None
    purchase_order = f"BC-{dice.randint(1000, 9999)}" if dice.random() < 0.3 else None
    fields = None if centre is None else (("Centre de coût", centre),)
    return tuple(_line(item, vat, purchase_order, fields) for item, vat in zip(paper.items, paper.item_vats, strict=True))


def _line(item: Item, vat_cents: int, purchase_order: str | None, fields: tuple[tuple[str, str], ...] | None) -> Line:
    return Line(
        order_line_id=item.order_line_id,
        title=item.product.title,
        asin=item.product.asin,
        unspsc=item.product.unspsc,
        quantity=item.quantity,
        unit_price=decimal_text(item.unit_cents),
        principal_cents=item.goods_cents,
        shipping_cents=item.shipping_cents,
        discount_cents=item.discount_cents,
        vat_cents=vat_cents,
        total_cents=item.net_cents + vat_cents,
        rate=item.product.rate,
        purchase_order=purchase_order,
        order_fields=fields,
    )


def _mixed(dice: Random, alphabet: str, length: int) -> str:
    return "".join(dice.choices(alphabet, k=length))

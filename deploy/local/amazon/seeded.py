"""A made-up account: orders, shipments, invoices and returns, all from one seed.

By default they lie in the 25 days before the clock's start; a season lies after it and unfolds as the clock runs.
"""

import gc
import string
from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from itertools import count
from random import Random

from deploy.local.amazon.amounts import decimal_text
from deploy.local.amazon.catalogue import Product, sold_by
from deploy.local.amazon.complications import Draft, complicated
from deploy.local.amazon.facts import Entity, Line, Payment, PaymentType, Shipment
from deploy.local.amazon.hands import BEYOND, hand_of
from deploy.local.amazon.papers import Item, Kind, Order, Paper
from deploy.local.amazon.parties import AMAZON_BRANCH, MARKETPLACE, SELLERS, Party, complete_siren, french_vat_number
from deploy.local.amazon.trouble import CALM, Rates
from deploy.local.amazon.world import World

DAYS = 24
CREDIT_NOTE_EVERY = 8
SHIPPING_CENTS = (332, 416, 499)
ORDER_PREFIXES = ("171", "402", "403", "404", "405", "406", "407", "408")
REASONS = ("Customer Return", "Product Not As Described", "Damaged By Carrier")
INSTRUMENTS = (("Visa", "4821"), ("MasterCard", "0937"), ("Pay by Invoice", None))
COST_CENTRES = ("Atelier", "Bureaux", "Informatique", "")


@dataclass(frozen=True, slots=True)
class Season:
    """Purchases after the clock's start: so many days, so many orders on each."""

    days: int = 0
    orders_a_day: int = 0


NO_SEASON = Season()


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an account is made from: `invoices` documents before the start, then a season, with so much trouble."""

    seed: int
    invoices: int
    start: datetime
    buyer: Party
    season: Season = NO_SEASON
    rates: Rates = CALM


def seeded_world(recipe: Recipe) -> World:
    """The account: exactly `invoices` documents before the start, one in eight a credit note, and those of the season."""
    with _uncollected():
        return _world(recipe)


def _world(recipe: Recipe) -> World:
    shopping, second = Shopping(recipe.seed, recipe.start, recipe.buyer, recipe.rates.marketplace), second_entity(recipe.buyer)
    drafts = [*shopping.past(recipe.invoices), *shopping.season(recipe.season)]
    documents = complicated(drafts, recipe.rates, recipe.seed, second)
    entities = [Entity.of(recipe.buyer), *([Entity.of(second)] if recipe.rates.second_entity else [])]
    return World(recipe.seed, recipe.buyer, documents, entities)


@contextmanager
def _uncollected() -> Generator[None]:
    """Without the garbage collector: a quarter of 500 orders a day is millions of objects, and all of them stay."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def second_entity(buyer: Party) -> Party:
    """Another legal entity of the same group."""
    siren = complete_siren(f"{(int(buyer.siren[:8]) + 1_371) % 100_000_000:08d}")
    return replace(
        buyer, name=f"{buyer.name.rpartition(' ')[0] or buyer.name} Services SARL", siren=siren, vat_number=french_vat_number(siren)
    )


@dataclass(slots=True)
class Shopping:
    """The story of one account's purchases; every choice comes from the seed."""

    seed: int
    start: datetime
    buyer: Party
    marketplace: float = 0.0
    _series: defaultdict[tuple[str, Kind], Iterator[int]] = field(default_factory=lambda: defaultdict(lambda: count(101)))

    def past(self, total: int) -> list[Draft]:
        """Invoices first, then credit notes for some of them, numbered by each seller in date order."""
        dice = Random(self.seed)
        invoices = self._invoices(dice, total - total // CREDIT_NOTE_EVERY)
        returnable = invoices[: max(len(invoices) * 2 // 3, total // CREDIT_NOTE_EVERY)]
        returned = dice.sample(returnable, total // CREDIT_NOTE_EVERY)
        notes = sorted((self._credit_note(dice, invoice) for invoice in returned), key=_issued_at)
        return [_draft(dice, paper) for paper in (*invoices, *self.numbered(notes))]

    def season(self, season: Season) -> list[Draft]:
        """Orders of each day after the start; every eighth invoice has a return within 40 days, inside the season or not at all."""
        dice, papers, last_day = Random(f"{self.seed} season"), list[Paper](), -season.days
        for day in range(season.days):
            for _ in range(dice.randint(season.orders_a_day * 8 // 10, season.orders_a_day * 12 // 10)):
                papers.extend(self._order(dice, -day))
        invoices = self.numbered(sorted(papers, key=_issued_at))
        returned = dice.sample(invoices, len(invoices) // CREDIT_NOTE_EVERY)
        returned = [invoice for invoice in returned if (self.start.date() - invoice.issued_on).days > last_day + 1]
        notes = sorted((self._credit_note(dice, invoice, 40, last_day) for invoice in returned), key=_issued_at)
        return [_draft(dice, paper) for paper in (*invoices, *self.numbered(notes))]

    def _invoices(self, dice: Random, wanted: int) -> list[Paper]:
        papers = list[Paper]()
        while len(papers) < wanted:
            papers.extend(self._order(dice, dice.randint(4, DAYS)))
        return self.numbered(sorted(papers[:wanted], key=_issued_at))

    def _moment(self, dice: Random, days_before: int, hours: tuple[int, int]) -> datetime:
        day = self.start.date() - timedelta(days=days_before)
        return datetime.combine(day, time(dice.randint(*hours), dice.randint(0, 59), dice.randint(0, 59)), self.start.tzinfo)

    def _order(self, dice: Random, days_before: int) -> list[Paper]:
        """One order of one to three shipments; each shipment is one seller's and has its own invoice."""
        order_id = f"{dice.choice(ORDER_PREFIXES)}-{dice.randint(0, 9_999_999):07d}-{dice.randint(0, 9_999_999):07d}"
        order = Order(order_id, self._moment(dice, days_before, (6, 11)))
        return [self._invoice(dice, order, days_before) for _ in range(dice.choices((1, 2, 3), (6, 3, 1))[0])]

    def _invoice(self, dice: Random, order: Order, ordered_days_before: int) -> Paper:
        seller = dice.choices(tuple(SELLERS), (5, 3, 2))[0]
        if self.marketplace and dice.random() < self.marketplace:
            seller = dice.choice(BEYOND)
        layout, language = hand_of(seller, dice)
        shipped_at = self._moment(dice, ordered_days_before - dice.randint(0, 2), (12, 17))
        return Paper(
            kind=Kind.INVOICE,
            number="",
            issued_at=shipped_at + timedelta(minutes=dice.randint(1, 90)),
            seller=MARKETPLACE[seller],
            layout=layout,
            language=language,
            buyer=self.buyer,
            order=order,
            shipment_id=f"D{_mixed(dice, string.ascii_letters + string.digits, 8)}",
            shipped_at=shipped_at,
            items=_with_shipping(dice, [_item(dice, product) for product in _basket(dice, seller)]),
        )

    def _credit_note(self, dice: Random, invoice: Paper, within: int = 10, last_day: int = 0) -> Paper:
        """Some or all of the lines come back, in whole or in part, one to `within` days later and before the last day (counted back)."""
        age = (self.start.date() - invoice.issued_on).days
        returned = sorted(dice.sample(range(len(invoice.items)), dice.randint(1, len(invoice.items))))
        items = tuple(_returned(dice, invoice.items[place]) for place in returned)
        issued_at = self._moment(dice, age - dice.randint(1, min(within, age - last_day - 1)), (7, 17))
        return replace(invoice, kind=Kind.CREDIT_NOTE, number="", issued_at=issued_at, items=items, credits=invoice)

    def numbered(self, papers: Sequence[Paper]) -> list[Paper]:
        """Give each document the next number of its seller's series for its kind."""
        return [replace(paper, number=number_of(paper, next(self._series[paper.seller.name, paper.kind]))) for paper in papers]


def _issued_at(paper: Paper) -> datetime:
    return paper.issued_at


def _draft(dice: Random, paper: Paper) -> Draft:
    """The paper and what Amazon holds of its shipment; payment first, so that a seed keeps its account."""
    payment = _payment(dice, paper)
    shipment = Shipment(
        order_id=paper.order.order_id,
        ordered_at=paper.order.ordered_at,
        shipment_id=paper.shipment_id,
        shipped_at=paper.shipped_at,
        lines=_lines(dice, paper),
        payments=(payment,),
        seller=paper.seller.name,
        currency="EUR",
    )
    return Draft(paper, shipment)


def number_of(paper: Paper, rank: int) -> str:
    """Amazon's branch and Amazon's VAT service for sellers number in their own ways."""
    invoice = paper.kind is Kind.INVOICE
    if paper.seller is AMAZON_BRANCH:
        return f"FR{paper.issued_on:%y}{rank:07d}AEU{'I' if invoice else 'C'}"
    series = paper.seller.siren or (paper.seller.vat_number or paper.seller.name[:9].upper().replace(" ", ""))
    return f"{'INV' if invoice else 'CN'}-FR-{series}-{paper.issued_on:%Y}-{rank}"


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
        type=PaymentType.REFUND if paper.kind is Kind.CREDIT_NOTE else PaymentType.CHARGE,
    )


def _lines(dice: Random, paper: Paper) -> tuple[Line, ...]:
    centre = dice.choice(COST_CENTRES) if dice.random() < 0.5 else None
    purchase_order = f"BC-{dice.randint(1000, 9999)}" if dice.random() < 0.3 else None
    fields = None if centre is None else (("Centre de coût", centre),)
    return lines_of(paper, purchase_order, fields)


def lines_of(paper: Paper, purchase_order: str | None = None, fields: tuple[tuple[str, str], ...] | None = None) -> tuple[Line, ...]:
    """What Amazon holds of the lines of a paper; `fields` are the buyer's own from the checkout."""
    pairs = zip(paper.items, paper.item_vats, strict=True)
    return tuple(_line(item, vat, paper.rate_of(item), purchase_order, fields) for item, vat in pairs)


def _line(item: Item, vat_cents: int, rate: Decimal, purchase_order: str | None, fields: tuple[tuple[str, str], ...] | None) -> Line:
    return Line(
        order_line_id=item.order_line_id,
        title=item.product.title,
        asin=item.product.asin,
        unspsc=item.product.unspsc,
        quantity=item.quantity,
        unit_price=decimal_text(item.unit_cents),
        principal_cents=item.goods_cents,
        shipping_cents=item.shipping_cents,
        gift_wrap_cents=item.gift_wrap_cents,
        discount_cents=item.discount_cents,
        vat_cents=vat_cents,
        total_cents=item.net_cents + vat_cents,
        rate=rate,
        purchase_order=purchase_order,
        order_fields=fields,
    )


def _mixed(dice: Random, alphabet: str, length: int) -> str:
    return "".join(dice.choices(alphabet, k=length))

"""A seeded mix of simulated documents: every layout, kind, language and rate, one or many lines, charges and discounts."""

import string
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from deploy.local.amazon.catalogue import sold_by
from deploy.local.amazon.papers import LANGUAGES, Item, Kind, Language, Layout, Order, Paper, consolidated
from deploy.local.amazon.parties import BUYER, MARKETPLACE, OVERSEAS_BUYER

FRENCH_SELLERS = ("stationer", "electronics", "bookseller", "grocer")
ABROAD = ("german", "bavarian", "spanish", "italian")
SELLERS = {
    Layout.AMAZON_BRANCH: ("branch",),
    Layout.DRAWN_BY_AMAZON: FRENCH_SELLERS,
    Layout.SELLERS_OWN: (*FRENCH_SELLERS, *ABROAD),
    Layout.SMALL_BUSINESS: ("craftsman",),
    Layout.REVERSE_CHARGE: (*ABROAD, "luxembourgish"),
    Layout.INTRA_EU: (*ABROAD, "luxembourgish", "irish"),
    Layout.RECEIPT: ("british", "chinese"),
    Layout.CONSOLIDATED: ("branch",),
}
SAMPLE_PASSWORD = "sesame"
FIRST_DAY = datetime(2026, 1, 2, 8, tzinfo=UTC)


def papers(seed: int, count: int, layouts: Sequence[Layout] | None = None) -> Iterator[Paper]:
    """So many documents, layouts in turn, always the same for a seed; one in 25 scanned, one in 40 locked, one in eight with XML."""
    dice = Random(seed)
    chosen = tuple(layouts or Layout)
    for rank in range(count):
        yield _finished(dice, _paper(dice, chosen[rank % len(chosen)], rank))


def _paper(dice: Random, layout: Layout, rank: int) -> Paper:
    """An invoice, or in one case of four a credit note for some of its lines."""
    seller = dice.choice(SELLERS[layout])
    issued_at = FIRST_DAY + timedelta(days=dice.randint(0, 300), minutes=dice.randint(0, 600))
    invoice = _months(dice, issued_at, rank) if layout is Layout.CONSOLIDATED else _invoice(dice, layout, seller, issued_at)
    invoice = replace(invoice, number=_number(dice, invoice, rank))
    return _credit_note(dice, invoice, rank) if dice.random() < 0.25 else invoice


def _invoice(dice: Random, layout: Layout, seller: str, issued_at: datetime) -> Paper:
    ordered_at = issued_at - timedelta(days=dice.randint(1, 6))
    mainland = not layout.taxed or layout is Layout.CONSOLIDATED or dice.random() < 0.9
    return Paper(
        kind=Kind.INVOICE,
        number="",
        issued_at=issued_at,
        seller=MARKETPLACE[seller],
        buyer=BUYER if mainland else OVERSEAS_BUYER,
        order=Order(_order_id(dice), ordered_at),
        shipment_id=f"D{_drawn(dice, string.ascii_letters + string.digits, 8)}",
        shipped_at=issued_at - timedelta(hours=dice.randint(1, 20)),
        items=tuple(_items(dice, seller, layout)),
        layout=layout,
        language=_language(dice, layout, seller),
    )


def _months(dice: Random, issued_at: datetime, rank: int) -> Paper:
    """One to thirty shipments of a month in one invoice; every second one is small."""
    shipments = dice.randint(2, 5) if rank % 2 else dice.randint(6, 30)
    each = [_invoice(dice, Layout.CONSOLIDATED, "branch", issued_at - timedelta(days=dice.randint(1, 28))) for _ in range(shipments)]
    return consolidated(sorted(each, key=lambda paper: paper.shipped_at), "", issued_at)


def _items(dice: Random, seller: str, layout: Layout) -> Iterator[Item]:
    """One to six lines, thirty in one document of twelve; charges and discounts on some."""
    lines = 30 if dice.random() < 0.08 and layout is not Layout.CONSOLIDATED else dice.choices(range(1, 7), (8, 6, 4, 3, 2, 1))[0]
    for product in dice.choices(sold_by(seller), k=lines):
        quantity = dice.randint(1, product.most)
        unit = product.net_cents + product.net_cents * dice.randint(-9, 9) // 100
        yield Item(
            order_line_id=_drawn(dice, string.digits, 14),
            product=product,
            quantity=quantity,
            unit_cents=unit,
            shipping_cents=dice.choice((332, 416, 499)) if dice.random() < 0.2 else 0,
            discount_cents=-(quantity * unit * dice.choice((5, 10)) // 100) if dice.random() < 0.15 else 0,
            gift_wrap_cents=291 if dice.random() < 0.05 else 0,
        )


def _credit_note(dice: Random, invoice: Paper, rank: int) -> Paper:
    """Some of the lines come back, whole; of a consolidated invoice those of its first shipment."""
    parcel, items = next(invoice.parcels_with_items())
    returned = tuple(sorted(dice.sample(items, dice.randint(1, len(items))), key=items.index))
    note = replace(
        invoice,
        kind=Kind.CREDIT_NOTE,
        issued_at=invoice.issued_at + timedelta(days=dice.randint(1, 30)),
        items=returned,
        parcels=(replace(parcel, lines=len(returned)),) if invoice.parcels else (),
        credits=invoice,
    )
    return replace(note, number=_number(dice, note, rank))


def _finished(dice: Random, paper: Paper) -> Paper:
    drawn = dice.random()
    if drawn < 0.04:
        return replace(paper, scanned=True)
    if drawn < 0.065:
        return replace(paper, password=SAMPLE_PASSWORD)
    return replace(paper, embedded_xml=drawn < 0.19 and paper.layout is not Layout.RECEIPT)


def _language(dice: Random, layout: Layout, seller: str) -> Language:
    """French sellers write French; the others what their layout knows."""
    known = LANGUAGES.get(layout, (Language.FRENCH,))
    return Language.FRENCH if seller in FRENCH_SELLERS else dice.choice([one for one in known if _writes(seller, layout, one)])


def _writes(seller: str, layout: Layout, language: Language) -> bool:
    """A foreign seller's own software does not write French."""
    return language is not Language.FRENCH or layout is not Layout.SELLERS_OWN


def _number(dice: Random, paper: Paper, rank: int) -> str:
    """Each layout numbers in its own way."""
    note, year, serial = paper.kind is Kind.CREDIT_NOTE, paper.issued_on.year, 1000 + rank
    numbers = {
        Layout.AMAZON_BRANCH: f"FR{year % 100}{serial:07d}AEU{'C' if note else 'I'}",
        Layout.CONSOLIDATED: f"FR{year % 100}M{serial:06d}AEU{'C' if note else 'I'}",
        Layout.DRAWN_BY_AMAZON: f"{'CN' if note else 'INV'}-FR-{paper.seller.siren}-{year}-{serial}",
        Layout.SMALL_BUSINESS: f"{'A' if note else 'F'}{year}-{serial % 1000:03d}",
        Layout.REVERSE_CHARGE: f"{year}/{'NC' if note else 'FC'}/{serial:05d}",
        Layout.INTRA_EU: f"{'CN' if note else 'INV'}-{paper.seller.country}-{year % 100}-{serial:06d}",
        Layout.RECEIPT: f"{'RF' if note else 'RC'}{dice.randint(10**7, 10**8 - 1)}",
    }
    return numbers.get(paper.layout) or f"{'AV' if note else 'FA'}{year % 100}{serial:05d}"


def _order_id(dice: Random) -> str:
    return f"{dice.choice(('171', '402', '405', '408'))}-{dice.randint(0, 9_999_999):07d}-{dice.randint(0, 9_999_999):07d}"


def _drawn(dice: Random, alphabet: str, length: int) -> str:
    return "".join(dice.choices(alphabet, k=length))

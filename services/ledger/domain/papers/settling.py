"""Settling: how much of which line, what of it in euros, and the VAT that becomes deductible by it."""

from collections import Counter
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from services.ledger.domain.papers.book import Document, Item, Part
from services.ledger.domain.papers.refusals import TooMuch
from services.ledger.domain.posting import WAITING_VAT, Line


def take(document: Document, wanted: int | None) -> list[tuple[Item, int]]:
    """`wanted` of what the document leaves open (None = all), line by line; above zero pays an invoice. Raises TooMuch."""
    owed = -sum(item.left for item in document.items)
    amount = owed if wanted is None else wanted
    if not 0 < Fraction(amount, owed or 1) <= 1:
        raise TooMuch(document.number, _shown(owed))
    taken = list[tuple[Item, int]]()
    for item in sorted(document.items, key=lambda one: one.account):
        share = amount if abs(amount) < abs(item.left) else -item.left
        if share:
            taken.append((item, share))
        amount -= share
    return taken


def parts(n: int, taken: Sequence[tuple[Item, int]]) -> list[Part]:
    """What line `n` of a draft settles, in euros and in the item's currency."""
    return [
        Part(n, item, cents, None) if item.currency_cents is None else Part(n, item, _in_euros(item, cents), cents) for item, cents in taken
    ]


def released(document: Document, taken: Sequence[tuple[Item, int]]) -> list[Line]:
    """The VAT that waited for this payment, in proportion to it (CGI 269-2-c, 271 I): deducted, and no longer waiting."""
    whole = sum(item.whole for item in document.items)
    before = -sum(item.whole - item.left for item in document.items)
    after = before - sum(cents for _, cents in taken)
    moved = Counter[tuple[str, str]]()
    for waiting in document.waiting:
        moved[waiting.account, waiting.rate] += _share(waiting.cents, after, whole) - _share(waiting.cents, before, whole)
    deducted = [Line(account, None, cents, rate) for (account, rate), cents in sorted(moved.items()) if cents]
    return [*deducted, *(line._replace(account=WAITING_VAT, cents=-line.cents) for line in deducted)]


def _in_euros(item: Item, cents: int) -> int:
    """The part at the rate the item was booked at; the last part takes what rounding left."""
    return _share(-item.cents, -(item.taken_currency_cents + cents), item.whole) - item.taken_cents


def _share(cents: int, part: int, whole: int) -> int:
    """`cents` × `part` ÷ `whole`, half a cent away from zero."""
    return int((Decimal(cents) * part / whole).to_integral_value(ROUND_HALF_UP))


def _shown(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100},{abs(cents) % 100:02}"

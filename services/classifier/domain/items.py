"""The lines to classify: the document's own; else Amazon's charges, where they agree with the VAT table; else one line per VAT rate."""

from collections.abc import Callable
from decimal import Decimal
from typing import Literal, NamedTuple

from schemas.invoice_collected.v1 import Charge, Evidence, EvidenceLine
from schemas.values import Totals
from services.classifier.domain.arithmetic import tolerance
from services.classifier.domain.holds import TotalsMismatch
from services.classifier.domain.nature.wording import fold
from services.classifier.domain.vat.rates import A_NUMBER, UNTAXED, bases_by_rate, charged_rate, plain

SHORTEST_TITLE = 12  # a shorter title is too common to tell which line it belongs to


class Item(NamedTuple):
    """A line whose nature is not known yet. `rate` is the shortest spelling, `0` = no VAT; a whole VAT rate has `kind` remainder."""

    label: str
    net_cents: int
    rate: str
    quantity: Decimal = Decimal(1)
    unspsc: str | None = None
    kind: Literal["goods", "shipping", "remainder"] = "goods"
    position: int = 0  # of the document's line, from 1; 0 = it is none
    asin: str | None = None
    sellers: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def unit_cents(self) -> Decimal:
        """The net of one unit, without its sign."""
        return abs(self.net_cents / self.quantity)

    def field(self, name: str) -> str | None:
        """The order's checkout field of this name, however it is written."""
        return next((value for given, value in self.fields if fold(given) == fold(name)), None)


class Sums(NamedTuple):
    """What the lines must come to: the net of each rate, and the net that leaves no more than a rounding gap in the document."""

    bases: dict[str, int]
    net_cents: int

    def are_met_by(self, items: tuple[Item, ...]) -> bool:
        """Whether these lines can stand for the document."""
        left = dict(self.bases)
        for item in items:
            left[item.rate] = left.get(item.rate, 0) - item.net_cents
        gaps = [*left.values(), self.net_cents - sum(item.net_cents for item in items)]
        return bool(items) and all(abs(gap) <= tolerance(len(items)) for gap in gaps)


def items_of(evidence: Evidence, charges: tuple[Charge, ...], totals: Totals, *, accepted: bool = False) -> tuple[Item, ...]:
    """The first of the three sets of lines that adds up to the document; TotalsMismatch when none does.

    `accepted`: a person accepts the difference, so the first set there is stands.
    """
    bases = bases_by_rate(evidence.vat) or {UNTAXED: totals.net_cents}
    sums = Sums(bases, totals.gross_cents - (sum(row.vat_cents for row in evidence.vat) if evidence.vat else totals.vat_cents))
    ways: tuple[Callable[[], tuple[Item, ...]], ...] = (
        lambda: from_lines(evidence.lines, bases),
        lambda: from_charges(charges, bases),
        lambda: from_table(bases),
    )
    for way in ways:
        if sums.are_met_by(items := way()) or (accepted and items):
            return items
    raise TotalsMismatch


def from_lines(lines: tuple[EvidenceLine, ...], bases: dict[str, int]) -> tuple[Item, ...]:
    """The document's lines; none when one of them names no rate and the document has several."""
    only = next(iter(bases)) if len(bases) == 1 else None
    rates = [plain(line.vat_rate) if line.vat_rate else only for line in lines]
    return tuple(
        Item(line.label.strip() or "Article", line.net_cents, rate, _quantity(line.quantity), position=n)
        for n, (line, rate) in enumerate(zip(lines, rates, strict=True), 1)
        if rate is not None
    )


def from_charges(charges: tuple[Charge, ...], bases: dict[str, int]) -> tuple[Item, ...]:
    """Amazon's charges as lines, shipping apart, discounts taken off; none when an amount or a rate is unknown."""
    only = next(iter(bases)) if len(bases) == 1 else None
    rates = [charged_rate(charge.tax_rate) or only for charge in charges]
    if None in rates or any(charge.principal_cents is None for charge in charges):
        return ()
    return tuple(item for charge, rate in zip(charges, rates, strict=True) for item in _of_charge(charge, rate or UNTAXED))


def from_table(bases: dict[str, int]) -> tuple[Item, ...]:
    """One line per rate: all that is known when nobody lists the articles."""
    return tuple(Item(_remainder_label(rate), base, rate, kind="remainder") for rate, base in bases.items() if base)


def _remainder_label(rate: str) -> str:
    """`5.5` as French prints it: decimal comma, no-break space."""
    return f"Articles non détaillés, TVA {rate.replace('.', ',')}\N{NO-BREAK SPACE}%"


def is_same_article(label: str, title: str) -> bool:
    """Whether two folded titles are those of one article: equal, or the shorter one, long enough to be sure, begins the other."""
    if label == title:
        return True
    shorter, longer = (label, title) if len(label) <= len(title) else (title, label)
    return len(shorter) >= SHORTEST_TITLE and longer.startswith(shorter)


def _of_charge(charge: Charge, rate: str) -> list[Item]:
    title = (charge.title or "").strip() or "Article"
    net = (charge.principal_cents or 0) - (charge.discount_cents or 0)
    goods = Item(title, net, rate, Decimal(max(charge.quantity or 1, 1)), charge.unspsc)
    shipping = Item("Frais de port", charge.shipping_cents or 0, rate, kind="shipping")
    return [item for item in (goods, shipping) if item.net_cents]


def _quantity(text: str | None) -> Decimal:
    """The printed quantity; 1 when it is unknown or nothing can be divided by it, so that the asset test errs on the careful side."""
    number = Decimal(text) if text is not None and A_NUMBER.fullmatch(text) else Decimal(1)
    return number or Decimal(1)

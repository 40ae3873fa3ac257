"""What the order and the document say beside a line's title, as a company's rules ask for it: product, seller, checkout fields."""

from collections.abc import Iterable, Sequence

from schemas.invoice_collected.v1 import Charge, Party
from services.classifier.domain.items import Item, is_same_article
from services.classifier.domain.nature.wording import fold


def with_order(items: Sequence[Item], charges: Sequence[Charge], seller: Party) -> tuple[Item, ...]:
    """The items with the seller's names, and what the charges of their title say where they say one thing: ASIN, UNSPSC code, fields.

    An item that a charge already gave has its own code.
    """
    titles = [(fold(charge.title.strip()), charge) for charge in charges if charge.title]
    printed = [fact.value for fact in (seller.vat_id, seller.siren, seller.name) if fact]
    return tuple(_with_charges(item, _charges_of(item, titles, charges), printed) for item in items)


def _charges_of(item: Item, titles: Sequence[tuple[str, Charge]], charges: Sequence[Charge]) -> Sequence[Charge]:
    """The charges of the item's title; all of them for what has none of its own, such as shipping."""
    if item.kind != "goods":
        return charges
    wanted = fold(item.label.strip())
    return [charge for title, charge in titles if is_same_article(wanted, title)]


def _with_charges(item: Item, charges: Sequence[Charge], printed: Sequence[str]) -> Item:
    merchant = _one(charge.merchant for charge in charges)
    sellers = (*printed, merchant) if merchant and merchant not in printed else tuple(printed)
    fields = _fields(charges) if any(charge.business_order_info for charge in charges) else ()
    asin = _one(charge.asin for charge in charges) if item.kind == "goods" else None
    code = _one(charge.unspsc for charge in charges if charge.unspsc) if item.position else item.unspsc
    return item._replace(asin=asin, unspsc=code, sellers=sellers, fields=fields)


def _fields(charges: Sequence[Charge]) -> tuple[tuple[str, str], ...]:
    names = sorted({name for charge in charges for name in charge.business_order_info})
    said = ((name, _one(charge.business_order_info.get(name) for charge in charges)) for name in names)
    return tuple((name, value) for name, value in said if value is not None)


def _one(values: Iterable[str | None]) -> str | None:
    """The only value there is; None when there is none, or another."""
    known = set(values)
    return known.pop() if len(known) == 1 else None

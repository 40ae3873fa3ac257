"""Lines on their accounts: nature, discounts and levies, the asset test and freight put together."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from services.classifier.domain.items import Item
from services.classifier.domain.lines.asset import Article, assets, may_be_first_equipment
from services.classifier.domain.lines.discounts import is_discount, is_named_discount, is_of_shipping, shares_by_rate
from services.classifier.domain.lines.freight import CARRIERS, carried, own
from services.classifier.domain.lines.steps import Named, Placed, Terms
from services.classifier.domain.nature.decision import NATURE_UNKNOWN, UNKNOWN, Decision, decide
from services.classifier.domain.nature.rulebook import Nature, Rulebook
from services.classifier.domain.vat.deduction import right_to_deduct
from services.classifier.domain.vat.rates import vat_on

REBATE = Decision("rebate", "credit_note", "avoir sans article rendu : une remise accordée après la facture")
BEARING = (*CARRIERS, "service")  # what a discount lowers


class Laid(NamedTuple):
    """The lines on their accounts, and what a person should know of them."""

    lines: tuple[Placed, ...]
    flags: frozenset[str]


class Goods(NamedTuple):
    """What was bought, by place, in an order that is not the document's: as a rule named it, as the asset test sees it, on its account.

    `taken` = what discounts add to it, in cents.
    """

    named: Mapping[int, Named]
    taken: Mapping[int, int]
    articles: Mapping[int, Article]
    placed: Mapping[int, Placed]


def lay_out(items: Sequence[Item], rulebook: Rulebook, terms: Terms) -> Laid:
    """Every item on its account; a discount, a levy, shipping or duty goes with the goods it belongs to."""
    by_rules = _named(items, rulebook)
    named = _rebates(by_rules, rulebook) if terms.is_credit_note else by_rules
    bought = {line.place: line for line in sorted((one for one in named if one.role in BEARING), key=lambda one: one.order)}
    taken = _taken(named, bought)
    added = _with_levies(taken, named, bought)
    articles = {place: _article(line, added.get(place, 0), terms) for place, line in bought.items()}
    found = assets(articles, terms.limit, terms.answers)
    placed = {place: _placed(line, articles[place], place in found, terms) for place, line in bought.items()}
    goods = Goods(bought, taken, articles, placed)
    lines = [*_each(named, goods, terms), *_discount_lines(named, goods, rulebook, terms)]
    flags = {
        "nature_doubtful": any(line.decision.is_doubtful for line in by_rules),
        "nature_unknown": any(line.role == UNKNOWN for line in lines),
        "fixed_asset": bool(found),
        "gift_limit": any(line.role == "gift" and not line.is_excluded for line in lines),
        "first_equipment_suspected": terms.answers is None and may_be_first_equipment(articles, found, terms.limit),
    }
    return Laid(tuple(lines), frozenset(flag for flag, raised in flags.items() if raised))


def _named(items: Sequence[Item], rulebook: Rulebook) -> list[Named]:
    """Each item with its nature; what lowers the shipping of the document is shipping."""
    named = [_one_named(place, item, rulebook) for place, item in enumerate(items)]
    if not any(line.role == "shipping" for line in named):
        return named
    shipping = next(line for line in named if line.role == "shipping")
    return [
        line._replace(role="shipping", nature=shipping.nature, decision=line.decision._replace(nature=shipping.decision.nature))
        if line.role == "discount" and is_of_shipping(line.item)
        else line
        for line in named
    ]


def _rebates(named: Sequence[Named], rulebook: Rulebook) -> list[Named]:
    """A credit note of discounts alone returns nothing: a later rebate, on 609 (accounting rule A10.8)."""
    rebate = rulebook.natures.get(REBATE.nature)
    if rebate is None or not all(line.role == "rebate" or is_named_discount(line.item, line.role, rulebook) for line in named):
        return list(named)
    return [line if line.role == "rebate" else line._replace(nature=rebate, role="rebate", decision=REBATE) for line in named]


def _one_named(place: int, item: Item, rulebook: Rulebook) -> Named:
    decision = decide(item, rulebook)
    nature = rulebook.natures.get(decision.nature) or Nature(account=rulebook.waiting_account, role=UNKNOWN)
    return Named(place, item, decision, nature, "discount" if is_discount(item, nature.role, rulebook) else nature.role)


def _taken(named: Sequence[Named], bought: Mapping[int, Named]) -> Mapping[int, int]:
    """What discounts add to each of the goods, in cents."""
    discounts = [line.item for line in named if line.role == "discount"]
    return shares_by_rate(discounts, {place: line.item for place, line in bought.items()}) if discounts else {}


def _with_levies(taken: Mapping[int, int], named: Sequence[Named], bought: Mapping[int, Named]) -> Mapping[int, int]:
    """What discounts and levies add to each of the goods, in cents."""
    added = Counter(taken)
    for line in named:
        if line.role == "levy" and (target := _bearer(line, bought)) is not None:
            added[target] += line.item.net_cents
    return added


def _bearer(levy: Named, bought: Mapping[int, Named]) -> int | None:
    """The goods a levy is printed under: the last of its rate before it, else the first behind it."""
    places = sorted(place for place, line in bought.items() if line.item.rate == levy.item.rate)
    before = [place for place in places if place < levy.place]
    return before[-1] if before else places[0] if places else None


def _article(line: Named, added_cents: int, terms: Terms) -> Article:
    ruling = line.ruling(terms)
    deducted = right_to_deduct(ruling.regime, ruling.article, terms.settings).part
    return Article(
        position=line.item.position,
        nature=line.nature,
        net_cents=line.item.net_cents + added_cents,
        quantity=line.item.quantity,
        ruling=ruling,
        tax_rate=line.tax_rate(ruling.regime),
        deducted=deducted,
    )


def _placed(line: Named, article: Article, is_asset: bool, terms: Terms) -> Placed:
    placed = own(line, article.ruling, article.tax_rate)
    if is_asset and line.nature.asset is not None:
        return placed._replace(account=line.nature.asset, is_asset=True, because=f"{placed.because} ; immobilisation : coût unitaire")
    if line.role != "gift":
        return placed
    gross_unit = (article.net_cents + vat_on(article.net_cents, article.tax_rate)) / article.quantity
    return placed._replace(is_excluded=gross_unit > terms.gift_limit_cents)


def _each(named: Sequence[Named], goods: Goods, terms: Terms) -> Iterable[Placed]:
    """The lines but the discounts, in the document's order."""
    carriers = [(placed, goods.articles[place].net_cents) for place, placed in goods.placed.items()]
    for line in named:
        if line.role in BEARING:
            yield goods.placed[line.place]
        elif line.role in ("shipping", "duty"):
            yield from carried(line, carriers, terms)
        elif line.role == "levy" and (target := _bearer(line, goods.named)) is not None:
            placed = goods.placed[target]
            yield placed._replace(label=line.item.label, net_cents=line.item.net_cents, because="suit l'article précédent")
        elif line.role != "discount":
            yield own(line, line.ruling(terms))


def _discount_lines(named: Sequence[Named], goods: Goods, rulebook: Rulebook, terms: Terms) -> list[Placed]:
    """Discounts on the accounts of what they lower, summed by rate and account; without goods of their rate they wait for a person."""
    discounts = [line for line in named if line.role == "discount"]
    if not discounts:
        return []
    cents, labels = Counter[Placed](), {line.item.rate: line.item.label for line in reversed(discounts)}
    for place, share in goods.taken.items():
        placed = goods.placed[place]
        because = "remise répartie sur les articles du même taux"
        cents[placed._replace(label=labels[placed.rate], net_cents=0, rule="discount", because=because)] += share
    spread = {goods.named[place].item.rate for place in goods.taken}
    waiting = [_waiting(line, rulebook, terms) for line in discounts if line.item.rate not in spread]
    return [*(share._replace(net_cents=net) for share, net in cents.items() if net), *waiting]


def _waiting(line: Named, rulebook: Rulebook, terms: Terms) -> Placed:
    alone = line._replace(nature=Nature(account=rulebook.waiting_account, role=UNKNOWN), role=UNKNOWN)
    return own(alone, line.ruling(terms))._replace(nature=UNKNOWN, rule=NATURE_UNKNOWN, because="remise sans article du même taux")

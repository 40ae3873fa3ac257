"""What each line is: the first rule of the rulebook that matches its words, its UNSPSC code or its kind. Unknown is said, never guessed."""

from collections.abc import Sequence

from schemas.invoice_classified.v1 import ClassifiedLine
from services.classifier.domain.items import Item
from services.classifier.domain.rates import UNTAXED
from services.classifier.domain.rulebook import Rule, Rulebook, decisive, fold

UNKNOWN = "unknown"
NATURE_UNKNOWN, ASSET_SUSPECTED = "nature_unknown", "asset_suspected"


def classify_lines(items: Sequence[Item], rulebook: Rulebook) -> tuple[ClassifiedLine, ...]:
    """Each item with nature, account and reason; a discount without a target follows the goods of its rate (accounting rule A10.18)."""
    decided = [(item, _decide(item, rulebook)) for item in items]
    discounts = [item for item, line in decided if line.nature == UNKNOWN and _is_discount(item, rulebook)]
    lines = [line for item, line in decided if item not in discounts]
    shares = [share for item in discounts for share in _spread(item, _goods(decided, item.rate), rulebook)]
    return (*lines, *shares)


def flags_of(lines: Sequence[ClassifiedLine]) -> set[str]:
    """What a person should know of these lines."""
    unknown = {NATURE_UNKNOWN for line in lines if line.nature == UNKNOWN}
    return unknown | {ASSET_SUSPECTED for line in lines if line.rule == ASSET_SUSPECTED}


def _decide(item: Item, rulebook: Rulebook) -> ClassifiedLine:
    if found := _first_match(item, rulebook):
        rule, because = found
        doubt = f" ; le code UNSPSC {item.unspsc} indique un autre compte" if is_contradicted(item, rulebook) else ""
        return _follow(rule, item, because + doubt, rulebook)
    because = "le document ne détaille pas ses articles" if item.kind == "remainder" else "aucune règle ne reconnaît cet article"
    return _line(item, UNKNOWN, rulebook.waiting_account, NATURE_UNKNOWN, because)


def is_contradicted(item: Item, rulebook: Rulebook) -> bool:
    """Whether the UNSPSC code of an item leads to another account than the rule that decided."""
    found = _first_match(item, rulebook)
    by_code = next((rule for rule in rulebook.rules if _has_code(rule, item)), None)
    return found is not None and by_code is not None and _account(found[0], rulebook) != _account(by_code, rulebook)


def _account(rule: Rule, rulebook: Rulebook) -> str:
    return rulebook.natures[rule.nature].account


def _first_match(item: Item, rulebook: Rulebook) -> tuple[Rule, str] | None:
    """The rule that decides, and what of the item it matches; a whole VAT rate matches nothing."""
    if item.kind == "remainder":
        return None
    label = decisive(item.label)
    return next(((rule, because) for rule in rulebook.rules if (because := _match(rule, item, label))), None)


def _has_code(rule: Rule, item: Item) -> bool:
    return any((item.unspsc or "").startswith(prefix) for prefix in rule.unspsc)


def _match(rule: Rule, item: Item, label: str) -> str | None:
    """What of the item the rule matches, in French; None when it does not."""
    if found := rule.pattern.search(label):
        return f"« {found.group().strip()} » dans le libellé"
    if _has_code(rule, item):
        return f"code UNSPSC {item.unspsc}"
    return "frais de port facturés par Amazon" if rule.charge is not None and rule.charge == item.kind else None


def _follow(rule: Rule, item: Item, because: str, rulebook: Rulebook) -> ClassifiedLine:
    nature = rulebook.natures[rule.nature]
    if nature.equipment and item.net_cents / item.quantity > rulebook.asset_above_cents:
        limit = f"{rulebook.asset_above_cents // 100} € hors taxes"
        return _line(item, rule.nature, rulebook.waiting_account, ASSET_SUSPECTED, f"{because} ; prix unitaire au-dessus de {limit}")
    return _line(item, rule.nature, nature.account, rule.id, because)


def _line(item: Item, nature: str, account: str, rule: str, because: str) -> ClassifiedLine:
    return ClassifiedLine(
        label=item.label,
        net_cents=item.net_cents,
        vat_rate=None if item.rate == UNTAXED else item.rate,
        nature=nature,
        account=account,
        rule=rule,
        because=because[:500],
    )


def _is_discount(item: Item, rulebook: Rulebook) -> bool:
    return item.net_cents < 0 and rulebook.discounts.search(fold(item.label)) is not None


def _goods(decided: Sequence[tuple[Item, ClassifiedLine]], rate: str) -> dict[tuple[str, str], int]:
    """The net of the goods of one rate, by nature and account, in an order that does not depend on the document's."""
    nets: dict[tuple[str, str], int] = {}
    for item, line in decided:
        if item.rate == rate and item.net_cents > 0 and line.nature != "shipping":
            nets[line.nature, line.account] = nets.get((line.nature, line.account), 0) + item.net_cents
    return dict(sorted(nets.items()))


def _spread(discount: Item, goods: dict[tuple[str, str], int], rulebook: Rulebook) -> list[ClassifiedLine]:
    """The discount in proportion to the goods' net, to the cent."""
    if not goods:
        return [_line(discount, UNKNOWN, rulebook.waiting_account, NATURE_UNKNOWN, "remise sans article du même taux")]
    shares = split_by_weight(discount.net_cents, list(goods.values()))
    parts = [(Item(discount.label, share, discount.rate), place) for share, place in zip(shares, goods, strict=True) if share]
    return [_line(part, nature, account, "discount", "remise répartie sur les articles du même taux") for part, (nature, account) in parts]


def split_by_weight(total_cents: int, weights: Sequence[int]) -> list[int]:
    """Share `total_cents` in proportion to the positive `weights`; the last share takes the remainder."""
    shares = [total_cents * weight // sum(weights) for weight in weights]
    shares[-1] += total_cents - sum(shares)
    return shares

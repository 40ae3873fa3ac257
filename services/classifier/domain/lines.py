"""Lines with nature, account and reason: what nature, asset test and discounts decide, put together."""

from collections.abc import Sequence

from schemas.invoice_classified.v1 import ClassifiedLine
from services.classifier.domain.asset import ASSET_SUSPECTED, may_be_an_asset
from services.classifier.domain.discounts import is_discount, split_by_weight
from services.classifier.domain.items import Item
from services.classifier.domain.nature import NATURE_UNKNOWN, UNKNOWN, Decision, decide
from services.classifier.domain.rates import UNTAXED
from services.classifier.domain.rulebook import Rulebook


def classify_lines(items: Sequence[Item], rulebook: Rulebook) -> tuple[ClassifiedLine, ...]:
    """Each item with nature, account and reason; a discount without a target follows the goods of its rate (accounting rule A10.18)."""
    decided = [(item, _placed(item, decide(item, rulebook), rulebook)) for item in items]
    discounts = [item for item, line in decided if line.nature == UNKNOWN and is_discount(item, rulebook)]
    lines = [line for item, line in decided if item not in discounts]
    shares = [share for item in discounts for share in _spread(item, _goods(decided, item.rate), rulebook)]
    return (*lines, *shares)


def flags_of(lines: Sequence[ClassifiedLine]) -> set[str]:
    """What a person should know of these lines."""
    unknown = {NATURE_UNKNOWN for line in lines if line.nature == UNKNOWN}
    return unknown | {ASSET_SUSPECTED for line in lines if line.rule == ASSET_SUSPECTED}


def _placed(item: Item, decision: Decision, rulebook: Rulebook) -> ClassifiedLine:
    """The line on the account of its nature, or waiting for a person."""
    nature = rulebook.natures.get(decision.nature)
    if nature is None:
        return _line(item, decision.nature, rulebook.waiting_account, decision.rule, decision.because)
    if may_be_an_asset(item, nature, rulebook):
        limit = f"{rulebook.asset_above_cents // 100} € hors taxes"
        because = f"{decision.because} ; prix unitaire au-dessus de {limit}"
        return _line(item, decision.nature, rulebook.waiting_account, ASSET_SUSPECTED, because)
    return _line(item, decision.nature, nature.account, decision.rule, decision.because)


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

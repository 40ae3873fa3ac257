"""Shipping and customs duty: part of the asset's cost (PCG 213-8), of the stock's (213-31), else shipping is 6241 (rule A3.7)."""

from collections import Counter
from collections.abc import Sequence

from services.classifier.domain.lines.steps import Named, Placed, Terms
from services.classifier.domain.shares import split_by_weight
from services.classifier.domain.vat.regime import SELF_ASSESSED
from services.classifier.domain.vat.ruling import Ruling

ACCESSORY_ACCOUNT = "608700"
CARRIERS = ("goods", "stock", "gift", "unknown")

type Carrier = tuple[Placed, int]
"""A line of goods, and its net after discounts."""

type Place = tuple[str, bool, str]
"""Account, whether it is an asset, and the VAT rate."""


def carried(line: Named, carriers: Sequence[Carrier], terms: Terms) -> list[Placed]:
    """The line where it belongs: shared by net over the goods it came with; on its own account where it came with none."""
    ruling = line.ruling(terms)
    weights = _weights(line, ruling, carriers, terms)
    if not weights:
        return [own(line, ruling)]
    shares = split_by_weight(line.item.net_cents, list(weights.values()))
    return [_share(line, ruling, place, share) for place, share in zip(weights, shares, strict=True) if share or len(weights) == 1]


def own(line: Named, ruling: Ruling, tax_rate: str | None = None) -> Placed:
    """The line on the account of its nature; `tax_rate` = another than the regime's. Raises FrenchRateUnknown."""
    return Placed(
        label=line.item.label,
        net_cents=line.item.net_cents,
        rate=line.item.rate,
        tax_rate=tax_rate or line.tax_rate(ruling.regime),
        ruling=ruling,
        nature=line.decision.nature,
        role=line.role,
        account=line.decision.account or line.nature.account,
        rule=line.decision.rule,
        because=line.decision.because,
    )


def _weights(line: Named, ruling: Ruling, carriers: Sequence[Carrier], terms: Terms) -> dict[Place, int]:
    """The net of the goods by the place where the line's share goes, in an order that does not depend on the document's."""
    weights = Counter[Place]()
    for goods, net_cents in carriers:
        if goods.role in CARRIERS and net_cents > 0:
            weights[_place(line, ruling, goods, terms)] += net_cents
    return dict(sorted(weights.items()))


def _place(line: Named, ruling: Ruling, goods: Placed, terms: Terms) -> Place:
    rate = goods.tax_rate if ruling.regime in SELF_ASSESSED else line.tax_rate(ruling.regime)
    if line.role == "duty" or goods.is_asset:
        return goods.account, goods.is_asset, rate
    if goods.role == "stock":
        return (ACCESSORY_ACCOUNT if terms.settings.freight_policy == "608" else goods.account), False, rate
    return line.nature.account, False, rate


def _share(line: Named, ruling: Ruling, place: Place, net_cents: int) -> Placed:
    account, is_asset, rate = place
    placed = own(line, ruling, rate)._replace(net_cents=net_cents)
    if account == placed.account:
        return placed
    return placed._replace(account=account, is_asset=is_asset, because=f"{placed.because} ; suit les biens au compte {account}")

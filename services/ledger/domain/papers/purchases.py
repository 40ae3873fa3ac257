"""Costs with their VAT as lines: what a bill and an accrual share."""

from collections import Counter
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from services.ledger.domain.papers.fields import Cost
from services.ledger.domain.papers.refusals import SumWrong
from services.ledger.domain.posting import Line


def cost_lines(costs: Sequence[Cost], vat_account: str) -> list[Line]:
    """A line per account, then the VAT per rate, half a cent away from zero. Raises SumWrong: nothing is left."""
    by_account, bases = Counter[str](), Counter[str]()
    for cost in costs:
        by_account[cost.account] += cost.net_cents
        if cost.vat_rate is not None:
            bases[cost.vat_rate] += cost.net_cents
    taxes = {rate: _vat(base, rate) for rate, base in sorted(bases.items(), key=lambda one: Decimal(one[0]))}
    lines = [Line(account, None, cents, None) for account, cents in sorted(by_account.items()) if cents]
    lines += [Line(vat_account, None, cents, rate) for rate, cents in taxes.items() if cents]
    if sum(line.cents for line in lines) <= 0:
        raise SumWrong
    return lines


def mirrored(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The same lines on the other side."""
    return tuple(
        line._replace(cents=-line.cents, currency_cents=None if line.currency_cents is None else -line.currency_cents) for line in lines
    )


def _vat(base_cents: int, rate: str) -> int:
    return int((Decimal(base_cents) * Decimal(rate) / 100).to_integral_value(ROUND_HALF_UP))

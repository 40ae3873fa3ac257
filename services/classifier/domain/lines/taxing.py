"""The VAT of a document's lines: printed or self-assessed, deducted or part of the cost. What is printed wins over what is computed."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from schemas.invoice_classified.v1 import ClassifiedLine, ClassifiedVat
from schemas.values import LONGEST_TEXT, CompanySettings
from services.classifier.domain.lines.steps import Placed
from services.classifier.domain.shares import correct, half_up
from services.classifier.domain.vat.deduction import Right, right_to_deduct
from services.classifier.domain.vat.rates import UNTAXED, thousandths, vat_on
from services.classifier.domain.vat.regime import CHARGED, DOMESTIC, EXEMPT, SELF_ASSESSED
from services.classifier.domain.vat.ruling import Printed, Ruling

WHOLE = 10_000  # a deduction coefficient of 1, in its smallest steps


class Treatment(NamedTuple):
    """What the VAT of lines of one rate may differ in: assets have an account of their own, some waits, some nobody deducts."""

    is_asset: bool
    waits_for: str | None
    is_excluded: bool


class Taxing(NamedTuple):
    """What the VAT of a document's lines depends on; `waits` = what the VAT of a line waits for."""

    printed: Mapping[str, Printed]
    settings: CompanySettings
    waits: Callable[[Placed], str | None]


def taxed(lines: Sequence[Placed], taxing: Taxing) -> tuple[tuple[ClassifiedLine, ...], tuple[ClassifiedVat, ...]]:
    """The lines with their cost, and the VAT by rate, regime and treatment, lowest rate first."""
    groups: dict[tuple[str, Ruling], list[int]] = defaultdict(list)
    for place, line in sorted(enumerate(lines), key=lambda placed: _canonical(placed[1])):
        groups[line.tax_rate, line.ruling].append(place)
    costs, rows = [line.net_cents for line in lines], list[ClassifiedVat]()
    for (rate, ruling), places in groups.items():
        for row, kept in _parts(rate, ruling, places, lines, taxing):
            rows.append(row)
            for place, cents in kept.items():
                costs[place] += cents
    classified = tuple(_classified(line, cost) for line, cost in zip(lines, costs, strict=True))
    return classified, tuple(sorted((row for row in rows if _is_said(row)), key=_order))


type Kept = dict[int, int]
"""What of the VAT is not deducted and belongs to the cost of a line, in cents, by the line's place."""


def _parts(
    rate: str, ruling: Ruling, places: Sequence[int], lines: Sequence[Placed], taxing: Taxing
) -> Iterator[tuple[ClassifiedVat, Kept]]:
    """The VAT of one rate and regime, in the parts that are treated differently."""
    alike: dict[Treatment, list[int]] = defaultdict(list)
    for place in places:
        line = lines[place]
        alike[Treatment(line.is_asset, taxing.waits(line), line.is_excluded)].append(place)
    bases = [sum(lines[place].net_cents for place in some) for some in alike.values()]
    printed = taxing.printed.get(rate) if ruling.regime in CHARGED else None
    total = printed or Printed(sum(bases), vat_on(sum(bases), rate))
    vats = correct(total.vat_cents, [vat_on(base, rate) for base in bases], bases)
    amounts = [Printed(base, vat) for base, vat in zip(correct(total.base_cents, bases, bases), vats, strict=True)]
    for (treatment, some), amount in zip(alike.items(), amounts, strict=True):
        right = right_to_deduct(ruling.regime, ruling.article, taxing.settings, is_excluded=treatment.is_excluded)
        row = _row(rate, ruling.regime, treatment, amount, right)
        yield row, _kept(row, right, {place: lines[place].net_cents for place in some})


def _row(rate: str, regime: str, treatment: Treatment, amount: Printed, right: Right) -> ClassifiedVat:
    deducted = half_up(amount.vat_cents * int(right.part * WHOLE), WHOLE)
    return ClassifiedVat(
        rate=rate,
        base_cents=amount.base_cents,
        vat_cents=amount.vat_cents,
        regime=regime,
        asset=treatment.is_asset,
        deductible_cents=deducted,
        opinion=right.opinion,
        article=right.article,
        waits_for=treatment.waits_for if deducted else None,
    )


def _kept(row: ClassifiedVat, right: Right, nets: Mapping[int, int]) -> Kept:
    """The remainder goes into the cost, line by line; never a line of its own (accounting rule A3.4)."""
    kept = row.vat_cents - (row.deductible_cents or 0)
    if not kept:
        return {}
    part = WHOLE - int(right.part * WHOLE)
    rough = [half_up(net * thousandths(row.rate) * part, 100_000 * WHOLE) for net in nets.values()]
    return dict(zip(nets, correct(kept, rough, list(nets.values())), strict=True))


def _canonical(line: Placed) -> tuple[str, int, str]:
    """A place among lines that does not depend on where they are printed: of two equal nets, the same one takes the cent that is left."""
    return line.account, line.net_cents, line.label


def _is_said(row: ClassifiedVat) -> bool:
    """A rate of zero of an established seller has no VAT row (accounting rule A10.17); other regimes without VAT are named."""
    return row.rate != UNTAXED or row.regime not in (DOMESTIC, EXEMPT, *SELF_ASSESSED)


def _order(row: ClassifiedVat) -> tuple[Decimal, str, bool, str, str]:
    return Decimal(row.rate), row.regime, row.asset, row.waits_for or "", row.opinion or ""


def _classified(line: Placed, cost_cents: int) -> ClassifiedLine:
    return ClassifiedLine(
        label=line.label,
        net_cents=line.net_cents,
        vat_rate=line.tax_rate if line.is_taxed else None,
        nature=line.nature,
        account=line.account,
        rule=line.rule,
        because=line.because[:LONGEST_TEXT],
        cost_cents=cost_cents if cost_cents != line.net_cents else None,
    )

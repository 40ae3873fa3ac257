"""Lines → VAT table → totals. What is printed wins; a gap of at most min(5 cents, lines) is accepted, more is held (rule A10.16)."""

from collections.abc import Iterable
from decimal import Decimal

from schemas.invoice_collected.v1 import Evidence, VatGroup
from schemas.values import Totals
from services.classifier.domain.holds import AmountImplausible, NegativeTotal, TotalsMismatch, TotalsMissing
from services.classifier.domain.vat.rates import bases_by_rate, plain
from services.classifier.domain.vat.regime import MENTIONS, NO_INVOICE

WIDEST_GAP_CENTS = 5
PLAUSIBLE_CENTS = 10**12
LARGEST_CENTS = 10**15


def known_totals(evidence: Evidence) -> Totals | None:
    """The printed totals; net and VAT that are not printed are the sums of the VAT table. None when one stays unknown.

    A document that says it has no VAT, or a receipt, need not print them: net is gross then.
    """
    net = evidence.net_cents.value if evidence.net_cents else _sum(group.base_cents for group in evidence.vat)
    vat = evidence.vat_cents.value if evidence.vat_cents else _sum(group.vat_cents for group in evidence.vat)
    if evidence.gross_cents is None:
        return None
    gross = evidence.gross_cents.value
    if _is_untaxed(evidence):
        net = gross - (vat or 0) if net is None else net
        vat = gross - net if vat is None else vat
    if net is None or vat is None or max(abs(net), abs(vat)) > LARGEST_CENTS:
        return None
    return Totals(net_cents=net, vat_cents=vat, gross_cents=gross)


def add_up(evidence: Evidence, charges: int, *, accepted: bool = False) -> Totals:
    """The document's totals, once its own figures agree with each other. `charges` = how many charges Amazon made for it.

    `accepted`: a person accepts that they do not.
    """
    totals = known_totals(evidence)
    if totals is None:
        raise TotalsMissing
    if totals.gross_cents < 0:
        raise NegativeTotal
    if max(map(abs, _amounts(evidence))) > PLAUSIBLE_CENTS:
        raise AmountImplausible
    if accepted:
        return totals
    if max(map(abs, _gaps(evidence, totals))) > tolerance(len(evidence.lines) or len(evidence.vat)):
        raise TotalsMismatch
    charged = [group for group in evidence.vat if group.vat_cents or not _is_untaxed(evidence)]
    if not all(_at_its_rate(group, len(evidence.lines) or charges) for group in charged):
        raise TotalsMismatch
    return totals


def tolerance(lines: int) -> int:
    """The gap, in cents, that rounding may leave in a document of that many lines."""
    return min(WIDEST_GAP_CENTS, max(lines, 1))


def _is_untaxed(evidence: Evidence) -> bool:
    """Whether the document says that it has no VAT of its own."""
    is_receipt = evidence.type is not None and evidence.type.value == "receipt"
    return is_receipt or any(mention in (*MENTIONS, NO_INVOICE) for mention in evidence.mentions)


def _gaps(evidence: Evidence, totals: Totals) -> list[int]:
    gaps = [totals.gross_cents - totals.net_cents - totals.vat_cents]
    if evidence.vat:
        gaps.append(totals.net_cents - sum(group.base_cents for group in evidence.vat))
        gaps.append(totals.vat_cents - sum(group.vat_cents for group in evidence.vat))
    if evidence.lines:
        gaps.append(totals.net_cents - sum(line.net_cents for line in evidence.lines))
        gaps.extend(_gaps_by_rate(evidence))
    return gaps


def _gaps_by_rate(evidence: Evidence) -> list[int]:
    """Lines against the VAT table, rate by rate, where every line and every row names its rate."""
    rates = [line.vat_rate for line in evidence.lines]
    if not evidence.vat or None in rates or any(group.rate is None for group in evidence.vat):
        return []
    left = bases_by_rate(evidence.vat)
    for line in evidence.lines:
        rate = plain(line.vat_rate or "0")
        left[rate] = left.get(rate, 0) - line.net_cents
    return list(left.values())


def _at_its_rate(group: VatGroup, lines: int) -> bool:
    """Whether the VAT is base × rate, within one cent per line. An exempt row's rate is only a label."""
    if group.rate is None or group.category not in (None, "s"):
        return True
    return abs(group.vat_cents - group.base_cents * Decimal(group.rate) / 100) <= max(lines, 1)


def _amounts(evidence: Evidence) -> list[int]:
    printed = [fact.value for fact in (evidence.net_cents, evidence.vat_cents, evidence.gross_cents) if fact]
    table = [amount for group in evidence.vat for amount in (group.base_cents, group.vat_cents)]
    return [*printed, *table, *(line.net_cents for line in evidence.lines)]


def _sum(amounts: Iterable[int]) -> int | None:
    """The sum, or None of nothing: a table that is not there says nothing."""
    listed = list(amounts)
    return sum(listed) if listed else None

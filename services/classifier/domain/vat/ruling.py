"""The regime of each printed VAT rate of a document, asked of the decision table."""

from collections.abc import Callable
from typing import NamedTuple

from schemas.invoice_collected.v1 import Evidence, VatGroup
from schemas.values import CompanySettings, Totals
from services.classifier.domain.holds import Hold, RegimesMixed, VatTableMissing
from services.classifier.domain.vat.rates import UNTAXED, plain
from services.classifier.domain.vat.regime import row_of, situation_of


class Ruling(NamedTuple):
    """A VAT regime and the article that decides it."""

    regime: str
    article: str


class Printed(NamedTuple):
    """What the document's table prints for one rate."""

    base_cents: int
    vat_cents: int


def rulings(evidence: Evidence, totals: Totals, paper: str, settings: CompanySettings) -> Callable[[str, str], Ruling]:
    """The regime of a printed rate, for goods or services. It raises the hold that the table names, or RegimesMixed."""

    known: dict[tuple[str, str], Ruling] = {}

    def ruling(rate: str, lines: str) -> Ruling:
        if (rate, lines) not in known:
            groups = [group for group in table_of(evidence, totals) if plain(group.rate or UNTAXED) == rate]
            found = {_ruled(evidence, group, lines, paper, settings) for group in groups}
            if len(found) != 1:
                raise RegimesMixed
            known[rate, lines] = found.pop()
        return known[rate, lines]

    return ruling


def printed_of(evidence: Evidence, totals: Totals) -> dict[str, Printed]:
    """Base and VAT that the document prints, by rate. Raises VatTableMissing where VAT has no rate."""
    printed: dict[str, Printed] = {}
    for group in table_of(evidence, totals):
        if group.rate is None and group.vat_cents:
            raise VatTableMissing
        rate = plain(group.rate or UNTAXED)
        before = printed.get(rate, Printed(0, 0))
        printed[rate] = Printed(before.base_cents + group.base_cents, before.vat_cents + group.vat_cents)
    return printed


def table_of(evidence: Evidence, totals: Totals) -> tuple[VatGroup, ...]:
    """The document's VAT table; the totals as one row without a rate where it has none."""
    if evidence.vat:
        return evidence.vat
    return (VatGroup(rate=None, category=None, base_cents=totals.net_cents, vat_cents=totals.vat_cents, origin="document:totals"),)


def _ruled(evidence: Evidence, group: VatGroup, lines: str, paper: str, settings: CompanySettings) -> Ruling:
    row = row_of(situation_of(evidence, group, lines, paper, settings))
    if isinstance(row.then, str):
        return Ruling(row.then, row.article)
    assert issubclass(row.then, Hold)
    raise row.then

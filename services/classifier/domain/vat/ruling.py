"""The regime of each printed VAT rate of a document, asked of the decision table."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from schemas.invoice_collected.v1 import Evidence, VatGroup
from schemas.values import CompanySettings, Totals
from services.classifier.domain.holds import Hold, RegimesMixed, VatTableMissing
from services.classifier.domain.vat.rates import UNTAXED, plain
from services.classifier.domain.vat.regime import FOREIGN, row_of, situation_of

BY_DECISION = "décision d'une personne"


class Ruling(NamedTuple):
    """A VAT regime and the article that decides it."""

    regime: str
    article: str


class Standpoint(NamedTuple):
    """What the regimes of a document depend on beside it: invoice or receipt, the company, and what a person chose, by the hold lifted."""

    paper: str
    settings: CompanySettings
    chosen: Mapping[str, str]


class Printed(NamedTuple):
    """What the document's table prints for one rate."""

    base_cents: int
    vat_cents: int


def rulings(evidence: Evidence, totals: Totals, standpoint: Standpoint) -> Callable[[str, str], Ruling]:
    """The regime of a printed rate, for goods or services. It raises the hold that the table names, or RegimesMixed."""

    known: dict[tuple[str, str], Ruling] = {}

    def ruling(rate: str, lines: str) -> Ruling:
        if (rate, lines) not in known:
            groups = [group for group in table_of(evidence, totals) if plain(group.rate or UNTAXED) == rate]
            found = {_ruled(evidence, group, lines, standpoint) for group in groups}
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


def _ruled(evidence: Evidence, group: VatGroup, lines: str, standpoint: Standpoint) -> Ruling:
    situation = situation_of(evidence, group, lines, standpoint.paper, standpoint.settings)
    row = row_of(situation)
    if isinstance(row.then, str):
        return Ruling(row.then, row.article)
    assert issubclass(row.then, Hold)
    chosen = standpoint.chosen.get(row.then.code())
    if chosen is None or (chosen == FOREIGN) != (
        situation.vat != "none"
    ):  # what is charged is not deducted; what is not, has no VAT to keep
        raise row.then
    return Ruling(chosen, row.then.article or BY_DECISION)

"""The VAT table of a printed document: a rate, its base and its tax, row by row."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.fetcher.domain.reading import labels
from services.fetcher.domain.reading.amounts import Printed, rate, tax_at
from services.fetcher.domain.reading.printed import Document, Line

ROUNDING_CENTS = 2
"""Rounding by line instead of on the total moves a tax by cents."""

_RATE = re.compile(r"(?<![\d.,])(\d{1,2}(?:[.,]\d{1,3})?)\s?%")
_BARE_RATE = re.compile(r"(?<![\w.,-])(\d{1,2}(?:[.,]\d{1,2})?)(?![\w.,%]|\s?[€$£])")
_CATEGORY = re.compile(r"\((S|Z|E|AE|K|G|O)\)")
_NEAR = 4
"""A row follows its heading, or another row of the table, within so many lines."""


@dataclass(frozen=True, slots=True)
class TaxRow:
    """One row: base and tax in cents, and the line it stands in."""

    rate: str
    category: str | None
    base_cents: int
    vat_cents: int
    line: int


@dataclass(frozen=True, slots=True)
class RateTotal:
    """« TVA 20 % : 9,34 »: a rate with its tax alone."""

    rate: str
    vat_cents: int


@dataclass(frozen=True, slots=True)
class VatTable:
    """Rows that stand together, each rate once. `headed`: a heading makes it a VAT table, so it is read even when its sums are wrong."""

    rows: tuple[TaxRow, ...]
    headed: bool

    @property
    def sums(self) -> tuple[int, int]:
        """Base and tax of all rows."""
        return sum(row.base_cents for row in self.rows), sum(row.vat_cents for row in self.rows)


@dataclass(frozen=True, slots=True)
class Taxes:
    """Tables, the headed ones first, and rows of a rate with its tax alone."""

    tables: tuple[VatTable, ...]
    by_rate: tuple[RateTotal, ...]


def taxes_of(document: Document) -> Taxes:
    """All that reads as a VAT table, and the « TVA 20 % : 9,34 » rows (none when one rate stands there with two amounts)."""
    headings = [index for index, line in enumerate(document.lines) if _is_heading(line)]
    tables = [VatTable(run, _is_headed(document, headings, run[0].line)) for run in _runs(document, headings) if _is_whole(run)]
    by_rate = tuple(dict.fromkeys(total for line in document.lines if (total := _rate_total(line))))
    each_once = len({total.rate for total in by_rate}) == len(by_rate)
    return Taxes(tuple(sorted(tables, key=lambda table: not table.headed)), by_rate if each_once else ())


def _is_whole(run: Sequence[TaxRow]) -> bool:
    return len({(row.rate, row.category) for row in run}) == len(run)


def _runs(document: Document, headings: Sequence[int]) -> Iterator[tuple[TaxRow, ...]]:
    run: list[TaxRow] = []
    for index, line in enumerate(document.lines):
        row = _tax_row(document, index, _is_headed(document, headings, index))
        if row is None:
            continue
        if run and (index - run[-1].line > _NEAR or document.lines[run[-1].line].page != line.page):
            yield tuple(run)
            run = []
        run.append(row)
    if run:
        yield tuple(run)


def _tax_row(document: Document, index: int, headed: bool) -> TaxRow | None:
    line = document.lines[index]
    amounts = line.amounts or _amounts_of_wrapped_row(document, index)
    if len(amounts) < 2 or labels.TOTAL_ROW.match(line.plain):
        return None
    for percent in _rates(line, bare=headed):
        for base, tax in _pairs(amounts):
            if fits(base, tax, percent):
                return _row(line, percent, base, tax, index)
    rates = [found.group(1) for found in _RATE.finditer(line.plain)]
    if headed and len(rates) == 1 and len(amounts) == 2 and (percent := rate(rates[0])):
        return _row(line, percent, amounts[0].cents, amounts[1].cents, index)
    return None


def _amounts_of_wrapped_row(document: Document, index: int) -> list[Printed]:
    """The amounts of a row whose first cell is printed on two lines: the next line, when it holds only amounts or a tail of words."""
    if not _RATE.search(document.lines[index].plain) or index + 1 >= len(document.lines):
        return []
    following = document.lines[index + 1]
    return (
        following.amounts
        if len(following.amounts) == 2 and not _RATE.search(following.plain) and not labels.TOTAL_ROW.search(following.plain)
        else []
    )


def _row(line: Line, percent: str, base: int, tax: int, index: int) -> TaxRow:
    category = _CATEGORY.search(line.plain)
    return TaxRow(percent, category.group(1).lower() if category else None, base, tax, index)


def _rates(line: Line, *, bare: bool) -> list[str]:
    marked = [found.group(1) for found in _RATE.finditer(line.plain)]
    texts = marked or ([found.group(1) for found in _BARE_RATE.finditer(line.plain)] if bare else [])
    return [percent for text in texts if (percent := rate(text)) is not None]


def _pairs(amounts: Sequence[Printed]) -> Iterator[tuple[int, int]]:
    """A base and a tax behind it; the last base first, for a table shows what led to it on the left."""
    for second in range(1, len(amounts)):
        for first in range(second - 1, -1, -1):
            yield amounts[first].cents, amounts[second].cents


def fits(base: int, tax: int, percent: str) -> bool:
    """Whether a tax in cents is that of a base, to the cents that rounding by line may move; no tax has any base but none."""
    if Decimal(percent) == 0:
        return tax == 0 and base != 0
    return abs(tax_at(base, percent) - tax) <= ROUNDING_CENTS and tax != 0


def _is_headed(document: Document, headings: Sequence[int], index: int) -> bool:
    page = document.lines[index].page
    return any(index - _NEAR <= heading < index and document.lines[heading].page == page for heading in headings)


def _is_heading(line: Line) -> bool:
    """Words for a net column and a tax column, and none for articles."""
    if line.amounts or len(line.row.cells) < 2 or not labels.TAX_WORD.search(line.plain) or labels.ITEM_HEADING.search(line.plain):
        return False
    return {"net", "vat"} <= {kind for kind, pattern in labels.COLUMNS if pattern.search(line.plain)}


def _rate_total(line: Line) -> RateTotal | None:
    rates = _RATE.findall(line.plain)
    amounts = _without_base(line)
    if len(rates) != 1 or len(amounts) != 1 or not labels.TAX_LABEL.match(line.plain.lstrip("*- \t")):
        return None
    percent = rate(rates[0])
    return RateTotal(percent, amounts[0].cents) if percent else None


def _without_base(line: Line) -> list[Printed]:
    """« zzgl. 20 % MwSt. auf 801,68 €: 160,34 € » → the tax alone."""
    amounts = line.amounts
    return amounts[1:] if len(amounts) == 2 and labels.ON_A_BASE.search(line.plain[: amounts[0].start]) else amounts

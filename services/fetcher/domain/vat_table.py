"""The VAT table of a printed document: a rate, its base and its tax, row by row."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.fetcher.domain import labels
from services.fetcher.domain.amounts import Printed, rate, tax_at
from services.fetcher.domain.layout import Cell
from services.fetcher.domain.printed import Document, Line

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


def vat_tables(document: Document) -> list[tuple[TaxRow, ...]]:
    """Runs of rows that read as a VAT table, each rate once; those under a heading of such a table come first."""
    runs = list(_runs(document))
    whole = [run for run in runs if len({(row.rate, row.category) for row in run}) == len(run)]
    return sorted(whole, key=lambda run: not _is_headed(document, run[0].line))


def is_headed(document: Document, table: Sequence[TaxRow]) -> bool:
    """Whether the table stands under a heading that makes it one, so that it is read even when its sums are wrong."""
    return _is_headed(document, table[0].line)


def rate_totals(document: Document) -> list[RateTotal]:
    """Rows that name the tax, one rate and one amount; each rate once, else none are sure."""
    found = [total for line in document.lines if (total := _rate_total(line))]
    unique = list(dict.fromkeys(found))
    return unique if len({total.rate for total in unique}) == len(unique) else []


def _runs(document: Document) -> Iterator[tuple[TaxRow, ...]]:
    run: list[TaxRow] = []
    for index, line in enumerate(document.lines):
        row = _tax_row(document, index, line)
        if row is None:
            continue
        if run and (index - run[-1].line > _NEAR or document.lines[run[-1].line].page != line.page):
            yield tuple(run)
            run = []
        run.append(row)
    if run:
        yield tuple(run)


def _tax_row(document: Document, index: int, line: Line) -> TaxRow | None:
    amounts = line.amounts or _amounts_of_wrapped_row(document, index)
    if len(amounts) < 2 or labels.TOTAL_ROW.match(line.plain):
        return None
    headed = _is_headed(document, index)
    for percent in _rates(line, bare=headed):
        for base, tax in _pairs(amounts):
            if _fits(base, tax, percent):
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


def _fits(base: int, tax: int, percent: str) -> bool:
    if Decimal(percent) == 0:
        return tax == 0 and base != 0
    return abs(tax_at(base, percent) - tax) <= ROUNDING_CENTS and tax != 0


def _is_headed(document: Document, index: int) -> bool:
    line = document.lines[index]
    above = document.lines[max(0, index - _NEAR) : index]
    return any(_is_heading(other.row.cells) for other in above if other.page == line.page)


def _is_heading(cells: Sequence[Cell]) -> bool:
    text = "\t".join(cell.plain for cell in cells)
    kinds = {kind for kind, pattern in labels.COLUMNS if pattern.search(text)}
    return (
        bool(labels.TAX_WORD.search(text))
        and {"net", "vat"} <= kinds
        and not labels.ITEM_HEADING.search(text)
        and not any(map(str.isdigit, text))
    )


def _rate_total(line: Line) -> RateTotal | None:
    rates = _RATE.findall(line.plain)
    if len(rates) != 1 or len(line.amounts) != 1 or not labels.TAX_LABEL.match(line.plain.lstrip("*- \t")):
        return None
    percent = rate(rates[0])
    return RateTotal(percent, line.amounts[0].cents) if percent else None

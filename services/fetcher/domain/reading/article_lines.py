"""The lines of a printed document: read only when one column of amounts adds up to the net total to the cent."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

from services.fetcher.domain.reading import labels
from services.fetcher.domain.reading.amounts import rate
from services.fetcher.domain.reading.layout import Cell
from services.fetcher.domain.reading.limits import shortened
from services.fetcher.domain.reading.party_labels import LEGAL_NOTICE
from services.fetcher.domain.reading.printed import Document, Line
from services.fetcher.domain.reading.totals import LIKELY, SURE

_FROM_THE_RIGHT = 4
"""The net amount of a line is one of its last so many amounts."""

_QUANTITY = re.compile(r"([0-9]{1,6}(?:[.,][0-9]{1,3})?)(?![\d.,])(?!\s?[%€$£])")
_RATE = re.compile(r"(?<![\d.,])(\d{1,2}(?:[.,]\d{1,3})?)\s?%")
_WORD = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True, slots=True)
class ArticleLine:
    """One line: net in cents; quantity and rate where a column says so."""

    label: str
    quantity: str | None
    net_cents: int
    vat_rate: str | None


def article_lines(document: Document, net_cents: int | None, rates: frozenset[str]) -> tuple[ArticleLine, ...]:
    """The lines under the headings of articles. `rates` are those of the VAT table. Empty when their sum is not the net total."""
    if net_cents is None:
        return ()
    items = list(_items(document))
    for nets in _readings(items):
        if items and sum(nets) == net_cents:
            return tuple(_article(item, net, rates) for item, net in zip(items, nets, strict=True))
    return ()


@dataclass(frozen=True, slots=True)
class _Item:
    """A row with amounts, the headings over it, and the row above when that one has none."""

    line: Line
    heading: Line
    before: Line | None


def _items(document: Document) -> Iterator[_Item]:
    heading: Line | None = None
    before: Line | None = None
    for line in document.lines:
        if _is_heading(line):
            heading, before = line, None
        elif labels.SUBTOTAL.match(line.plain) or LEGAL_NOTICE.search(line.plain):
            continue
        elif heading and _ends_table(line):
            heading = None
        elif heading and line.amounts:
            yield _Item(line, heading, before)
            before = None
        elif heading:
            before = line


def _is_heading(line: Line) -> bool:
    return not line.amounts and len(line.row.cells) > 1 and bool(labels.ITEM_HEADING.search(line.plain))


def _ends_table(line: Line) -> bool:
    cells = [cell.plain.lstrip(" *\t-") for cell in line.row.cells]
    if line.amounts and any(_is_total(text, surest) for text, surest in zip(cells, chain([LIKELY], repeat(SURE)), strict=False)):
        return True
    headings = {kind for kind, label in labels.COLUMNS if label.search(line.plain)} if not line.amounts else set[str]()
    return len(cells) > 1 and {"net", "vat"} <= headings


def _is_total(text: str, surest: int) -> bool:
    return labels.TOTAL_ROW.match(text) is not None or any(tier <= surest and label.match(text) for _, tier, label in labels.TOTALS)


def _readings(items: Sequence[_Item]) -> Iterator[list[int]]:
    """The columns that may be the net amounts: as printed, else a net unit price times its quantity."""
    columns = [
        [item.line.amounts[-place].cents for item in items if len(item.line.amounts) >= place] for place in range(1, _FROM_THE_RIGHT + 1)
    ]
    whole = [column for column in columns if len(column) == len(items)]
    yield from whole
    quantities = [int(quantity) for item in items if (quantity := _quantity(item) or "").isdecimal()]
    if len(quantities) == len(items):
        yield from ([price * quantity for price, quantity in zip(column, quantities, strict=True)] for column in whole)


def _article(item: _Item, net_cents: int, rates: frozenset[str]) -> ArticleLine:
    return ArticleLine(_label(item), _quantity(item), net_cents, _rate(item, rates))


def _label(item: _Item) -> str:
    """The words under the heading of articles, else the first words before the amounts; of the row, else of the one above."""
    over = next((cell for cell in item.heading.row.cells if labels.ITEM_HEADING.search(cell.plain)), None)
    for line in (item.line, item.before):
        if line is None:
            continue
        first = line.amounts[0].start if line.amounts else len(line.plain)
        cells = [(cell, line.row.text[start:first]) for start, cell in line.row.positions() if start < first and _WORD.search(cell.plain)]
        under = [text for cell, text in cells if over and cell.overlaps(over)] or [text for _, text in cells]
        if under:
            return shortened(under[0].split("\t")[0]) or "?"
    return "?"


def _quantity(item: _Item) -> str | None:
    cell = _under(item, labels.QUANTITY_HEADING)
    found = _QUANTITY.match(cell.plain) if cell else None
    return found.group(1).replace(",", ".") if found else None


def _rate(item: _Item, rates: frozenset[str]) -> str | None:
    found = [percent for text in _RATE.findall(item.line.plain) if (percent := rate(text)) in rates]
    return found[0] if len(found) == 1 and labels.VAT_RATE_HEADING.search(item.heading.plain) else None


def _under(item: _Item, label: re.Pattern[str]) -> Cell | None:
    over = next((cell for cell in item.heading.row.cells if label.search(cell.plain)), None)
    return next((cell for cell in item.line.row.cells if over and cell.overlaps(over)), None)

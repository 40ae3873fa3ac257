"""The lines of a printed document: read only when one column of amounts adds up to the net total to the cent."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.fetcher.domain import labels
from services.fetcher.domain.amounts import Printed, rate
from services.fetcher.domain.layout import Cell
from services.fetcher.domain.printed import Document, Line

MAX_LABEL = 500
"""Characters a label may have (`schemas.values.Text`)."""

_FROM_THE_RIGHT = 4
"""The net amount of a line is one of its last so many amounts."""

_QUANTITY = re.compile(r"(\d{1,6}(?:[.,]\d{1,3})?)(?![\d.,])(?!\s?[%€$£])")
_RATE = re.compile(r"(?<![\d.,])(\d{1,2}(?:[.,]\d{1,3})?)\s?%")
_CODE = re.compile(r"[\d\s]*$")


@dataclass(frozen=True, slots=True)
class ArticleLine:
    """One line: net in cents as printed; quantity and rate where a column says so."""

    label: str
    quantity: str | None
    net_cents: int
    vat_rate: str | None


def article_lines(document: Document, net_cents: int | None, rates: frozenset[str]) -> tuple[ArticleLine, ...]:
    """The lines under the headings of articles. `rates` are those of the VAT table. Empty when their sum is not the net total."""
    if net_cents is None:
        return ()
    items = list(_items(document))
    for place in range(1, _FROM_THE_RIGHT + 1):
        chosen = [_amount_at(item.line, place) for item in items]
        if chosen and all(chosen) and sum(amount.cents for amount in chosen if amount) == net_cents:
            return tuple(_article(item, amount, rates) for item, amount in zip(items, chosen, strict=True) if amount)
    return ()


@dataclass(frozen=True, slots=True)
class _Item:
    """A row with amounts, the headings over it, and the words of the rows around it that have none."""

    line: Line
    heading: Line
    before: str


def _items(document: Document) -> Iterator[_Item]:
    heading: Line | None = None
    before = ""
    for line in document.lines:
        if _is_heading(line):
            heading, before = line, ""
        elif labels.SUBTOTAL.match(line.plain) or labels.LEGAL_NOTICE.search(line.plain):
            continue
        elif heading and _ends_table(line):
            heading = None
        elif heading and line.amounts:
            yield _Item(line, heading, before)
            before = ""
        elif heading:
            before = line.row.cells[0].text


def _is_heading(line: Line) -> bool:
    return not line.amounts and len(line.row.cells) > 1 and bool(labels.ITEM_HEADING.search(line.plain))


def _ends_table(line: Line) -> bool:
    text = line.plain.lstrip(" *\t-")
    is_total = any(tier < 3 and label.match(text) for _, tier, label in labels.TOTALS) or labels.TOTAL_ROW.match(text)
    headings = {kind for kind, label in labels.COLUMNS if label.search(text)} if not line.amounts else set[str]()
    return bool(is_total) or (len(line.row.cells) > 1 and {"net", "vat"} <= headings)


def _amount_at(line: Line, place: int) -> Printed | None:
    return line.amounts[-place] if len(line.amounts) >= place else None


def _article(item: _Item, amount: Printed, rates: frozenset[str]) -> ArticleLine:
    return ArticleLine(_label(item), _quantity(item), amount.cents, _rate(item, rates))


def _label(item: _Item) -> str:
    """The words of the first cells that are more than digits, else those above."""
    first = item.line.amounts[0].start
    words = [cell.text for start, cell in item.line.row.positions() if start < first and not _CODE.match(cell.text)]
    inside = item.line.row.text[:first].strip() if not words else words[0]
    return (inside if re.search(r"[^\W\d]", inside) else item.before or inside or "?")[:MAX_LABEL]


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

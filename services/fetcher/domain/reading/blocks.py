"""The blocks of a page that name a party: under a heading (« Vendu par »), or contiguous lines of one column."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.fetcher.domain.reading import party_labels
from services.fetcher.domain.reading.labels import ITEM_HEADING
from services.fetcher.domain.reading.layout import Cell
from services.fetcher.domain.reading.printed import Document, Line

MAX_LINES = 12
"""Of an address block."""

_SAME_COLUMN = 1.8
"""Cells of one column start within so many line heights."""

_GAP_IN_BLOCK = 0.95
"""A wider gap, in line heights, ends a block."""

_GAP_UNDER_HEADING = 2.5

_SMALLER = 0.9
"""Type at most so high, compared with the line under it, is smaller type."""

_GAP_BEFORE_ID = 1.5
"""A VAT number may stand one empty line under its address."""

_GAP_UNDER_LABEL = 4.5
"""« Anschrift: » may have a value of several lines beside it."""


@dataclass(frozen=True, slots=True)
class Block:
    """What stands under a heading: its role (seller, buyer or other), text behind the heading, and the lines of its column under it.

    `left` and `limit` bound its column; `first` and `last` are the numbers of its lines, heading included.
    """

    role: str
    inline: str
    texts: tuple[str, ...]
    left: float
    limit: float
    first: int
    last: int

    @property
    def lines(self) -> tuple[str, ...]:
        """All its text, line by line."""
        return (self.inline, *self.texts)

    def holds(self, line: int, cell: Cell) -> bool:
        """Whether a cell stands in the block."""
        return self.first <= line <= self.last and self.left <= cell.left < self.limit


def headed_blocks(document: Document) -> list[Block]:
    """The blocks under headings, in order."""
    return [_block(document, index, cell, role, end) for index, cell, role, end in _headings(document)]


def block_above(document: Document, index: int, cell: Cell) -> list[Cell]:
    """The contiguous cells of one column that end with a cell, from the top."""
    cells, below = [cell], document.lines[index]
    for line in reversed(document.lines[max(0, index - MAX_LINES) : index]):
        if line.page != below.page or below.row.top - line.row.bottom > _GAP_IN_BLOCK * below.row.height:
            break
        if (above := _aligned(line, cell.left)) is not None:
            cells.append(above)
            below = line
    return cells[::-1]


def heading_role(cell: Cell) -> tuple[str, int] | None:
    """The role a cell's text announces, and where the heading ends in it."""
    for role, pattern in party_labels.PARTY_HEADINGS:
        if found := pattern.match(cell.plain):
            return role, found.end()
    return None


def is_sender_line(document: Document, index: int, cell: Cell) -> bool:
    """Whether a cell is the small line with the sender's address that stands over the recipient's."""
    line, below = document.lines[index], document.under(index, cell)
    if below is None or not party_labels.SENDER_LINE.match(cell.plain):
        return False
    next_line = next(other for other in document.lines[index + 1 :] if below in other.row.cells)
    return line.row.height < _SMALLER * next_line.row.height


def _headings(document: Document) -> Iterator[tuple[int, Cell, str, int]]:
    for index, line in enumerate(document.lines):
        if len(line.row.cells) > 1 and ITEM_HEADING.search(line.plain):
            continue
        for cell in line.row.cells:
            if heading := heading_role(cell):
                yield index, cell, *heading
            elif is_sender_line(document, index, cell):
                yield index, cell, "buyer", len(cell.text)


def _block(document: Document, index: int, heading: Cell, role: str, end: int) -> Block:
    line = document.lines[index]
    left, limit = heading.left - _SAME_COLUMN * line.row.height, _limit(line, heading)
    inside = list(_inside(document, index, heading, limit))
    last = inside[-1][0] if inside else index
    texts = tuple(text for number in range(index + 1, last + 1) if (text := _text_within(document.lines[number], left, limit)))
    return Block(role, _inline(line, heading, end, limit), texts, left, limit, index, last)


def _limit(line: Line, heading: Cell) -> float:
    """Where the next heading of the row starts."""
    return min((cell.left for cell in line.row.cells if cell.left > heading.left and heading_role(cell)), default=float("inf"))


def _inline(line: Line, heading: Cell, end: int, limit: float) -> str:
    """What the heading's own row says: the rest of its cell, else the next cell behind a colon."""
    rest = heading.text[end:].strip(" :,-")
    if rest or not heading.text.rstrip().endswith(":"):
        return rest
    return next((cell.text for cell in line.row.cells if heading.right <= cell.left < limit), "")


def _inside(document: Document, index: int, heading: Cell, limit: float) -> Iterator[tuple[int, Cell]]:
    above, gap = document.lines[index], _GAP_UNDER_HEADING
    for number in range(index + 1, min(index + 1 + 2 * MAX_LINES, len(document.lines))):
        line = document.lines[number]
        cell = _aligned(line, heading.left)
        is_id = cell is not None and party_labels.VAT_ID_LABEL.match(cell.plain) is not None
        if line.page != above.page or line.row.top - above.row.bottom > max(gap, _GAP_BEFORE_ID * is_id) * above.row.height:
            return
        if cell is None or cell.left >= limit:
            continue
        if heading_role(cell) or (len(line.row.cells) > 1 and ITEM_HEADING.search(line.plain)):
            return
        yield number, cell
        above, gap = line, _GAP_UNDER_LABEL if cell.text.endswith(":") else _GAP_IN_BLOCK


def _aligned(line: Line, left: float) -> Cell | None:
    reach = _SAME_COLUMN * line.row.height
    return next((cell for cell in line.row.cells if abs(cell.left - left) <= reach), None)


def _text_within(line: Line, left: float, limit: float) -> str:
    return "\t".join(cell.text for cell in line.row.cells if left <= cell.left < limit)

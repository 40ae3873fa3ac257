"""A document as printed: its rows with their amounts, its language, and what stands beside or under a label."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from services.fetcher.domain.reading.amounts import Printed, amounts_in
from services.fetcher.domain.reading.dates import month_first
from services.fetcher.domain.reading.labels import LANGUAGES
from services.fetcher.domain.reading.layout import Cell, Page, Row

BELOW = 2.5
"""A value under its label starts within so many line heights."""


@dataclass(frozen=True)
class Line:
    """A row of a page with the amounts in it."""

    page: int
    row: Row

    @cached_property
    def amounts(self) -> list[Printed]:
        """From left to right."""
        return amounts_in(self.row.text)

    @property
    def plain(self) -> str:
        """The row's plain text."""
        return self.row.plain

    def cell_at(self, index: int) -> Cell:
        """The cell in which a position of the text lies."""
        return next(cell for start, cell in reversed(list(self.row.positions())) if start <= index)


@dataclass(frozen=True)
class Slot:
    """A place where the value of a label may stand."""

    text: str
    line: int


class Document:
    """All rows of all pages, in order."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.lines = [Line(number, row) for number, page in enumerate(pages) for row in page]
        self.plain = "\n".join(line.plain for line in self.lines)

    @cached_property
    def language(self) -> str | None:
        """One of `LANGUAGES`: the one whose words are seen most; None when none is ahead."""
        counts = sorted(((len(words.findall(self.plain)), language) for language, words in LANGUAGES.items()), reverse=True)
        return counts[0][1] if counts[0][0] > counts[1][0] else None

    @cached_property
    def month_first(self) -> bool | None:
        """How numeric dates are written: as they show themselves, else as the language does. English alone does not tell."""
        shown = month_first(line.row.text for line in self.lines)
        return False if shown is None and self.language in {"fr", "de", "it", "es"} else shown

    def slots(self, label: re.Pattern[str]) -> Iterator[Slot]:
        """For each place of the label: what follows it in its row, else what stands under it."""
        for index, line in enumerate(self.lines):
            for start, cell in line.row.positions():
                for found in label.finditer(cell.plain):
                    yield from self._slots_of(index, cell, start + found.end())

    def under(self, index: int, cell: Cell) -> Cell | None:
        """The nearest cell under a cell of a line, on the same page and close."""
        here = self.lines[index]
        for line in self.lines[index + 1 : index + 4]:
            if line.page != here.page or line.row.top - here.row.bottom > BELOW * here.row.height:
                return None
            if below := next((other for other in line.row.cells if cell.overlaps(other)), None):
                return below
        return None

    def _slots_of(self, index: int, cell: Cell, end: int) -> Iterator[Slot]:
        if rest := self.lines[index].row.text[end:].lstrip(" \t:#.=-"):
            yield Slot(rest, index)
        if below := self.under(index, cell):
            yield Slot(below.text, index)

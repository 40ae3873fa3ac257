"""The words of a page and where they stand → rows of cells, as a person sees them.

Lengths are in points for a PDF and in characters for plain text; y grows downwards.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

GAP_OF_CELLS = 0.55
"""A gap wider than this share of the line height starts a new cell; a space between words is about 0.25."""

SAME_ROW = 0.5
"""Words whose middles differ by less than this share of the line height stand in one row."""


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without a space."""

    text: str
    left: float
    right: float
    top: float
    bottom: float

    @property
    def height(self) -> float:
        """Of the line."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """The y halfway between top and bottom."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True)
class Cell:
    """Words that stand together in one row."""

    text: str
    left: float
    right: float

    @cached_property
    def plain(self) -> str:
        """The text without accents and typographic characters, of the same length."""
        return plain(self.text)

    def overlaps(self, other: "Cell") -> bool:
        """Whether the two share a vertical line."""
        return self.left < other.right and other.left < self.right


@dataclass(frozen=True)
class Row:
    """The cells of one line of a page, from left to right."""

    cells: tuple[Cell, ...]
    top: float
    bottom: float

    @cached_property
    def text(self) -> str:
        """All cells, a tab between two."""
        return "\t".join(cell.text for cell in self.cells)

    @cached_property
    def plain(self) -> str:
        """The text without accents and typographic characters, of the same length."""
        return plain(self.text)

    @property
    def height(self) -> float:
        """Of the line."""
        return self.bottom - self.top

    def positions(self) -> Iterator[tuple[int, Cell]]:
        """Each cell with the index in `text` at which it starts."""
        start = 0
        for cell in self.cells:
            yield start, cell
            start += len(cell.text) + 1


type Page = tuple[Row, ...]


def rows_of(words: Iterable[Word]) -> Page:
    """Words in any order → rows from top to bottom."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda word: (word.middle, word.left)):
        if lines and _in_row(word, lines[-1][0]):
            lines[-1].append(word)
        else:
            lines.append([word])
    return tuple(_row(line) for line in lines)


def page_of_text(text: str) -> Page:
    """Plain text → rows; a tab or two spaces and more part two cells, an empty line is a gap as high as a line."""
    lines = text.expandtabs(8).split("\n")
    return tuple(_text_row(line, float(number)) for number, line in enumerate(lines) if clean(line).strip())


def plain(text: str) -> str:
    """The text without accents and typographic variants, character by character, so that positions stay the same."""
    return text.translate(_PLAIN)


def clean(text: str) -> str:
    """The text without control characters and halves of surrogate pairs, which no store of JSON takes."""
    return text if text.isprintable() else "".join(char for char in text if unicodedata.category(char) not in {"Cc", "Cs", "Cn"})


def _in_row(word: Word, first: Word) -> bool:
    return abs(word.middle - first.middle) < SAME_ROW * min(word.height, first.height)


def _row(words: list[Word]) -> Row:
    words.sort(key=lambda word: word.left)
    groups = [[words[0]]]
    for before, word in pairwise(words):
        if word.left - before.right > GAP_OF_CELLS * max(word.height, before.height):
            groups.append([])
        groups[-1].append(word)
    cells = tuple(Cell(" ".join(word.text for word in group), group[0].left, group[-1].right) for group in groups)
    return Row(cells, min(word.top for word in words), max(word.bottom for word in words))


def _text_row(line: str, number: float) -> Row:
    found = re.finditer(r"\S+(?:\s\S+)*", clean(line))
    return Row(tuple(Cell(cell.group(), float(cell.start()), float(cell.end())) for cell in found), number, number + 1)


class _PlainCharacters(dict[int, str]):
    """A table for `str.translate` that finds the base letter of an accented one when it is first met."""

    def __missing__(self, code: int) -> str:
        """The first character of the canonical decomposition; a space for what cannot be printed."""
        base = unicodedata.normalize("NFD", chr(code))[0]
        self[code] = base if base.isprintable() else " "
        return self[code]


_PLAIN = _PlainCharacters(
    {
        ord(variant): char
        for char, variants in {"-": "‐‑‒–—−﹣－", "'": "’‘ʼ´`′", "°": "º˚", ":": "：", "s": "ß"}.items()
        for variant in variants
    }
)
_PLAIN[ord("\t")] = "\t"

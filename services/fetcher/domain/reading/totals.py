"""Net, VAT and gross of a printed document: every number a label calls so, then the three that add up."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from services.fetcher.domain.reading import labels
from services.fetcher.domain.reading.amounts import Printed
from services.fetcher.domain.reading.layout import Cell
from services.fetcher.domain.reading.printed import Document, Line
from services.fetcher.domain.reading.vat_table import Taxes

SURE, LIKELY, BARE = 1, 2, 3
"""How surely a number is the total: its label says so, its place or a weaker label does, only the word « Total » does."""

_BETWEEN = re.compile(r"[^\n]{0,60}")
_WORDLESS = re.compile(r"(?:[^a-z]|\b(?:eur|euros?|usd|gbp|chf)\b)*", re.IGNORECASE)
_SEPARATORS = " \t:;,|*()-="
_COLUMN_REACH = 60
"""A column's heading stands at most so many lines above its total."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A number that may be a total."""

    kind: str
    tier: int
    cents: int
    printed: Printed | None


@dataclass(frozen=True, slots=True)
class PrintedTotals:
    """The totals read, in cents as printed (a credit note's may be negative), and the amounts they were read from."""

    net: int | None
    vat: int | None
    gross: int | None
    printed: tuple[Printed, ...]


def totals_of(document: Document, taxes: Taxes) -> PrintedTotals:
    """The surest three that add up; else each by itself where its surest label names one number only."""
    candidates = [*_labelled(document), *_in_columns(document), *_from_vat(taxes)]
    whole = _adding_up(candidates)
    chosen = _shown(document, whole or _alone(candidates), most_summed=1 if whole else 0)
    cents = {kind: candidate.cents for kind, candidate in chosen.items()}
    printed = tuple(candidate.printed for candidate in chosen.values() if candidate.printed)
    return PrintedTotals(cents.get("net"), cents.get("vat"), cents.get("gross"), printed)


def _shown(document: Document, chosen: dict[str, Candidate], most_summed: int) -> dict[str, Candidate]:
    """Without the sums of rows that nobody printed, unless two printed totals leave no other value for the one that is missing."""
    amounts = {amount.cents for line in document.lines for amount in line.amounts}
    summed = {kind for kind, candidate in chosen.items() if candidate.cents not in amounts}
    return chosen if len(summed) <= most_summed else {kind: each for kind, each in chosen.items() if kind not in summed}


def _of_kind(candidates: Sequence[Candidate], kind: str) -> list[Candidate]:
    """Surest first; each number once."""
    ordered = sorted((each for each in candidates if each.kind == kind), key=lambda each: each.tier)
    surest = dict[int, Candidate]()
    for each in ordered:
        surest.setdefault(each.cents, each)
    return list(surest.values())


def _adding_up(candidates: Sequence[Candidate]) -> dict[str, Candidate] | None:
    nets, taxes, grosses = (_of_kind(candidates, kind)[:12] for kind in ("net", "vat", "gross"))
    fitting = [each for each in product(nets, taxes, grosses) if each[0].cents + each[1].cents == each[2].cents]
    best = min(fitting, key=lambda each: sum(candidate.tier for candidate in each), default=None)
    return {each.kind: each for each in best} if best else None


def _alone(candidates: Sequence[Candidate]) -> dict[str, Candidate]:
    """Each kind's one number of its surest tier; of three that do not add up, those whose label is sure."""
    chosen = {kind: surest for kind in ("net", "vat", "gross") if (surest := _surest(candidates, kind))}
    return chosen if len(chosen) < 3 else {kind: surest for kind, surest in chosen.items() if surest.tier == SURE}


def _surest(candidates: Sequence[Candidate], kind: str) -> Candidate | None:
    of_kind = _of_kind(candidates, kind)
    surest = [each for each in of_kind if each.tier == of_kind[0].tier]
    return surest[0] if len(surest) == 1 else None


def _labelled(document: Document) -> Iterator[Candidate]:
    for line in document.lines:
        for start in _label_starts(line):
            yield from _candidates_at(line, start)


def _label_starts(line: Line) -> list[int]:
    """Where a label may start: with a cell, or behind an amount."""
    starts = [start for start, _ in line.row.positions()] + [amount.end for amount in line.amounts]
    return sorted({start + len(line.plain[start:]) - len(line.plain[start:].lstrip(_SEPARATORS)) for start in starts})


def _candidates_at(line: Line, start: int) -> Iterator[Candidate]:
    for kind, tier, label in labels.TOTALS:
        if found := label.match(line.plain, start):
            amounts = _amounts_behind(line, found.end())
            if len(amounts) == 1 and (tier < BARE or _WORDLESS.fullmatch(line.plain[found.end() : amounts[0].start])):
                yield Candidate(kind, tier, amounts[0].cents, amounts[0])
            return


def _amounts_behind(line: Line, end: int) -> list[Printed]:
    """The amounts from a label to the next label of a total."""
    next_label = min((start for start in _label_starts(line) if start > end and _is_label(line, start)), default=len(line.plain))
    amounts = [amount for amount in line.amounts if end <= amount.start < next_label]
    return amounts if amounts and _BETWEEN.fullmatch(line.plain[end : amounts[0].start]) else []


def _is_label(line: Line, start: int) -> bool:
    return any(label.match(line.plain, start) for _, _, label in labels.TOTALS)


def _in_columns(document: Document) -> Iterator[Candidate]:
    """Totals that a column's heading names: a row « Total » with several amounts, or a row of amounts alone under their headings."""
    for index, line in enumerate(document.lines):
        is_total = bool(labels.TOTAL_ROW.match(line.plain.lstrip(_SEPARATORS)))
        is_bare = not re.search(r"[a-z]{2}", _without_amounts(line), re.IGNORECASE)
        if len(line.amounts) < 2 or not (is_total or is_bare):
            continue
        yield from _mapped(document, index, _COLUMN_REACH if is_total else 2)


def _without_amounts(line: Line) -> str:
    text = line.plain
    for amount in reversed(line.amounts):
        text = text[: amount.start] + text[amount.end :]
    return text


def _mapped(document: Document, index: int, reach: int) -> Iterator[Candidate]:
    line = document.lines[index]
    for above in reversed(document.lines[max(0, index - reach) : index]):
        if above.page == line.page and len(headings := _headings(above)) > 1:
            for amount in line.amounts:
                if kind := _heading_over(line.cell_at(amount.start), headings):
                    yield Candidate(kind, LIKELY, amount.cents, amount)
            return


def _headings(line: Line) -> list[tuple[str, Cell]]:
    if line.amounts:
        return []
    kinds = ((next((kind for kind, label in labels.COLUMNS if label.search(cell.plain)), None), cell) for cell in line.row.cells)
    return [(kind, cell) for kind, cell in kinds if kind]


def _heading_over(cell: Cell, headings: Sequence[tuple[str, Cell]]) -> str | None:
    over = [kind for kind, heading in headings if heading.overlaps(cell)]
    return over[0] if len(over) == 1 and over[0] != "rate" else None


def _from_vat(taxes: Taxes) -> Iterator[Candidate]:
    """The sums of a headed VAT table, and of rows such as « TVA 20 % : 9,34 »."""
    for table in taxes.tables:
        if table.headed:
            base_cents, vat_cents = table.sums
            yield Candidate("net", LIKELY, base_cents, None)
            yield Candidate("vat", LIKELY, vat_cents, None)
    if taxes.by_rate:
        yield Candidate("vat", LIKELY, sum(total.vat_cents for total in taxes.by_rate), None)

"""What the head of a printed document says: type, number, day, currency, and the invoice a credit note names."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, takewhile

from services.fetcher.domain.reading import labels
from services.fetcher.domain.reading.amounts import CURRENCY_CODES, Printed
from services.fetcher.domain.reading.dates import days_in
from services.fetcher.domain.reading.layout import Cell, plain
from services.fetcher.domain.reading.printed import Document, Line, Slot

_NUMBER = re.compile(r"(?=[A-Z/_.-]{0,39}\d)[A-Z0-9](?:[\w/.-]{0,38}[A-Z0-9])?(?![\w/])", re.IGNORECASE | re.ASCII)
_DATE_LIKE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}/\d{1,2}")
_DIGIT_FREE = re.compile(r"[^\d]{0,40}")
_TITLE_WORDS = 5
_SHORTEST_IN_TITLE = 3
_MARKS = "* \t|#-"


@dataclass(frozen=True, slots=True)
class Title:
    """The type a document calls itself (`gutschrift` where the word has two meanings), its row, and the words of the title alone."""

    kind: str | None
    text: str
    words: str


def titles_of(document: Document) -> list[Title]:
    """Every cell that reads as a title, in order, with what its row adds to it (number, day)."""
    found = ((index, place, cell) for index, line in enumerate(document.lines) for place, cell in enumerate(line.row.cells))
    return [title for index, place, cell in found if (title := _title(document.lines[index], place, cell))]


def title_of(document: Document, titles: Sequence[Title]) -> Title:
    """The first title; without any, the type whose number is labelled."""
    if first := next((title for title in titles if title.kind != "order"), None):
        return first
    labelled = (kind for kind in ("invoice", "credit_note") if labels.NUMBER_LABELS[kind].search(document.plain))
    return Title(next(labelled, "other" if titles else None), "", "")


def number_of(document: Document, title: Title, titles: Sequence[Title]) -> str | None:
    """The document's own number: beside its label, else in its title."""
    kind = _number_kind(title.kind)
    in_titles = (number for each in titles if _number_kind(each.kind) == kind and (number := _number_in_title(each)))
    weaker = [labels.REFERENCE_LABELS[kind]] if kind in labels.REFERENCE_LABELS else []
    after_titles = (_numbers(document.slots(label)) for label in (*weaker, labels.NUMBER_LABELS["document"]))
    own = chain(_numbers(document.slots(labels.NUMBER_LABELS[kind])), in_titles, *after_titles)
    return next(own, None) or (_number_beside_credited(document) if kind == "credit_note" else None)


def credited_number_of(document: Document) -> str | None:
    """The one invoice a credit note names. None when it names several or none."""
    named = set(_numbers(document.slots(labels.CREDITED_LABELS)))
    return named.pop() if len(named) == 1 else None


def day_of(document: Document, title: Title) -> date | None:
    """The day of issue: a credit note's own label, the title itself, the usual labels, a bare « Date »."""
    return next(_days(document, title), None)


def currency_of(document: Document, totals: Iterable[Printed]) -> str | None:
    """The currency a label names, else the one beside the totals, else the only one of the document."""
    labelled = (_currency(slot.text) for slot in document.slots(labels.CURRENCY_LABELS))
    if found := next(filter(None, labelled), None):
        return found
    beside = {amount.sign for amount in totals if amount.sign} or {
        amount.sign for line in document.lines for amount in line.amounts if amount.sign
    }
    beside = beside or set(re.findall(rf"\b(?:{'|'.join(CURRENCY_CODES)})\b", document.plain))
    if len(beside) != 1:
        return None
    only = beside.pop()
    return only if only != "$" else ("USD" if labels.US_DOLLARS.search(document.plain) else None)


def _title(line: Line, place: int, cell: Cell) -> Title | None:
    text = cell.plain.strip(_MARKS)
    for kind, title in labels.TITLES:
        if (found := title.match(text)) and labels.AFTER_TITLE.match(text, found.end()):
            return Title(kind, _row_of_title(line, place, cell), found.group())
    if len(text.split()) <= _TITLE_WORDS and text[:1].isupper():
        ends = (kind for kind, title in labels.TITLES if any(each.end() == len(text) for each in title.finditer(text)))
        return next((Title(kind, cell.text, text) for kind in ends), None)
    return None


def _row_of_title(line: Line, place: int, cell: Cell) -> str:
    """The title's cell and those behind it that carry on: « Rechnung | Nr. 12 | vom | 05.03.2018 »."""
    following = takewhile(lambda other: labels.AFTER_TITLE.match(f" {other.plain}"), line.row.cells[place + 1 :])
    return " ".join([cell.text, *(other.text for other in following)])


def _number_kind(kind: str | None) -> str:
    """Which labels name the number: a Gutschrift has its own whatever it is; papers of other kinds are numbered as invoices."""
    return "credit_note" if kind == "gutschrift" else kind if kind in labels.NUMBER_LABELS else "invoice"


def _number_in_title(title: Title) -> str | None:
    text = plain(title.text).strip(_MARKS)
    between = labels.AFTER_TITLE_NUMBER.match(text, len(title.words))
    number = _number_at(text[between.end() :]) if between and between.group() else None
    return number if number and len(number) >= _SHORTEST_IN_TITLE else None


def _number_beside_credited(document: Document) -> str | None:
    """A credit note numbered in the series of invoices: the one invoice number that is not the credited one."""
    credited = credited_number_of(document)
    others = {number for number in _numbers(document.slots(labels.NUMBER_LABELS["invoice"])) if number != credited}
    return others.pop() if credited and len(others) == 1 else None


def _numbers(slots: Iterable[Slot]) -> Iterator[str]:
    for slot in slots:
        if number := _number_at(slot.text):
            yield number


def _number_at(text: str) -> str | None:
    """A number that starts the text: has a digit and is no date and no page count."""
    found = _NUMBER.match(plain(text).lstrip(" \t:#.-"))
    return found.group() if found and not _DATE_LIKE.fullmatch(found.group()) else None


def _days(document: Document, title: Title) -> Iterator[date]:
    if title.kind == "credit_note":
        yield from _days_at(document, labels.CREDIT_DAY_LABELS)
    named = labels.CREDITED_LABELS.search(plain(title.text))
    in_title = days_in(title.text[: named.start()] if named else title.text, month_first=document.month_first)
    yield from (found.day for found in in_title[:1] if found.day)
    yield from _days_at(document, labels.ISSUE_DAY_LABELS)
    yield from _days_at(document, labels.BARE_DAY_LABELS)


def _days_at(document: Document, label: re.Pattern[str]) -> Iterator[date]:
    for slot in document.slots(label):
        for found in days_in(slot.text, month_first=document.month_first)[:1]:
            if found.day and _DIGIT_FREE.fullmatch(slot.text[: found.start]):
                yield found.day


def _currency(text: str) -> str | None:
    found = re.match(rf"(?:{'|'.join(CURRENCY_CODES)})\b|€|£", text)
    return {"€": "EUR", "£": "GBP"}.get(found.group(), found.group()) if found else None

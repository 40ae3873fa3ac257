"""What the head of a printed document says: type, number, day, currency, and the invoice a credit note names."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from services.fetcher.domain import labels
from services.fetcher.domain.amounts import CURRENCY_CODES, Printed
from services.fetcher.domain.dates import days_in
from services.fetcher.domain.layout import Cell, plain
from services.fetcher.domain.printed import Document, Slot

_NUMBER = re.compile(r"(?=[A-Z/_.-]{0,39}\d)[A-Z0-9](?:[\w/.-]{0,38}[A-Z0-9])?(?![\w/])", re.IGNORECASE | re.ASCII)
_DATE_LIKE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}/\d{1,2}")
_DIGIT_FREE = re.compile(r"[^\d]{0,40}")
_TITLE_WORDS = 5
_MARKS = "* \t|#-"


@dataclass(frozen=True, slots=True)
class Title:
    """The type a document calls itself (`gutschrift` where the word has two meanings), and the cell that says so."""

    kind: str | None
    text: str


def title_of(document: Document) -> Title:
    """The first title; without any, the type whose number is labelled."""
    titles = [title for line in document.lines for cell in line.row.cells if (title := _title(cell))]
    if first := next((title for title in titles if title.kind != "order"), None):
        return first
    labelled = (kind for kind, label in labels.NUMBER_LABELS.items() if kind in {"invoice", "credit_note"} and label.search(document.plain))
    kind = next(labelled, "other" if titles else None)
    return Title(kind, "")


def number_of(document: Document, kind: str | None) -> str | None:
    """The document's own number: beside its label, else in its title."""
    label = labels.NUMBER_LABELS.get(_number_kind(kind), labels.NUMBER_LABELS["invoice"])
    own = [*_numbers(document.slots(label)), *_title_numbers(document), *_numbers(document.slots(labels.NUMBER_LABELS["document"]))]
    if own or kind != "credit_note":
        return own[0] if own else None
    credited = credited_number_of(document)
    others = {number for number in _numbers(document.slots(labels.NUMBER_LABELS["invoice"])) if number != credited}
    return others.pop() if credited and len(others) == 1 else None


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


def _title(cell: Cell) -> Title | None:
    text = cell.plain.strip(_MARKS)
    for kind, title in labels.TITLES:
        found = title.match(text)
        if found and labels.AFTER_TITLE.match(text, found.end()):
            return Title(kind, cell.text)
        short = len(text.split()) <= _TITLE_WORDS and text[:1].isupper()
        if short and any(each.end() == len(text) for each in title.finditer(text)):
            return Title(kind, cell.text)
    return None


def _number_kind(kind: str | None) -> str:
    return "credit_note" if kind == "gutschrift" else kind or "invoice"


def _numbers(slots: Iterable[Slot]) -> Iterator[str]:
    for slot in slots:
        if number := _number_at(slot.text):
            yield number


def _number_at(text: str) -> str | None:
    """A number that starts the text: has a digit and is no date and no page count."""
    found = _NUMBER.match(plain(text).lstrip(" \t:#.-"))
    return found.group() if found and not _DATE_LIKE.fullmatch(found.group()) else None


def _title_numbers(document: Document) -> Iterator[str]:
    for line in document.lines:
        for cell in line.row.cells:
            text = cell.plain.strip(_MARKS)
            title = next((found for _, pattern in labels.TITLES if (found := pattern.match(text))), None)
            number = _number_at(text[title.end() :]) if title and text[title.end() : title.end() + 1] in {" ", ":", "\t"} else None
            if number and len(number) > 2:
                yield number


def _days(document: Document, title: Title) -> Iterator[date]:
    if title.kind == "credit_note":
        yield from _days_at(document, labels.CREDIT_DAY_LABELS)
    in_title = days_in(title.text, month_first=document.month_first)
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

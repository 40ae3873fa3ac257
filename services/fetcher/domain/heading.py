"""What the head of a printed document says: type, number, day, currency, and the invoice a credit note names."""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from services.fetcher.domain import labels
from services.fetcher.domain.amounts import CURRENCY_CODES, Printed
from services.fetcher.domain.dates import days_in
from services.fetcher.domain.layout import plain
from services.fetcher.domain.printed import Document, Slot

_NUMBER = re.compile(r"(?=[A-Z/_.-]{0,39}\d)[A-Z0-9](?:[\w/.-]{0,38}[A-Z0-9])?(?![\w/])", re.IGNORECASE | re.ASCII)
_DATE_LIKE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}/\d{1,2}")
_DIGIT_FREE = re.compile(r"[^\d]{0,40}")
_TITLE_WORDS = 5
_MARKS = "* \t|#-"


def title_of(document: Document) -> tuple[str | None, int | None]:
    """The type the first title says (`gutschrift` where it has two meanings), and the line of the title."""
    for index, line in enumerate(document.lines):
        for cell in line.row.cells:
            if kind := _title(cell.plain.strip(_MARKS)):
                return kind, index
    return next(((kind, None) for kind, label in labels.NUMBER_LABELS.items() if kind != "document" and label.search(document.plain)), (None, None))


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


def day_of(document: Document, kind: str | None, title_line: int | None) -> date | None:
    """The day of issue: a credit note's own label, the title's row, the usual labels, a bare « Date »."""
    return next(_days(document, kind, title_line), None)


def currency_of(document: Document, totals: Iterable[Printed]) -> str | None:
    """The currency a label names, else the one beside the totals, else the only one of the document."""
    labelled = (_currency(slot.text) for slot in document.slots(labels.CURRENCY_LABELS))
    if found := next(filter(None, labelled), None):
        return found
    beside = {amount.sign for amount in totals if amount.sign} or {amount.sign for line in document.lines for amount in line.amounts if amount.sign}
    beside = beside or set(re.findall(rf"\b(?:{'|'.join(CURRENCY_CODES)})\b", document.plain))
    if len(beside) != 1:
        return None
    only = beside.pop()
    return only if only != "$" else ("USD" if labels.US_DOLLARS.search(document.plain) else None)


def _title(text: str) -> str | None:
    for kind, title in labels.TITLES:
        found = title.match(text)
        if found and labels.AFTER_TITLE.match(text, found.end()):
            return kind
        if len(text.split()) <= _TITLE_WORDS and any(each.end() == len(text) for each in title.finditer(text)) and text[:1].isupper():
            return kind
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


def _days(document: Document, kind: str | None, title_line: int | None) -> Iterator[date]:
    if kind == "credit_note":
        yield from _days_at(document, labels.CREDIT_DAY_LABELS)
    if title_line is not None and (found := days_in(document.lines[title_line].row.text, month_first=document.month_first)):
        yield from (each.day for each in found[:1] if each.day)
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

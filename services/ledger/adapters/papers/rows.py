"""Rows of the book → documents that papers settle, and drafts → what the database takes."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from services.ledger.domain.papers.book import Document, Draft, Item, Place, Waiting
from services.ledger.domain.papers.lettering import Side
from services.ledger.domain.posting import BOOK_CURRENCY, VAT_ACCOUNTS, WAITING_VAT


class DocumentRow(NamedTuple):
    """A live entry that bears a number, its lines as columns; `vat` = the VAT table of its invoice as JSON."""

    number: str
    entry_id: int
    account: list[str]
    auxiliary: list[str | None]
    cents: list[int]
    vat_rate: list[str | None]
    currency: str | None
    currency_cents: list[int | None] | None
    vat: str
    lettered: list[int]


class SettlementRow(NamedTuple):
    """What of a line goes to another, with both lines' whole amounts."""

    entry_id: int
    n: int
    settled_entry: int
    settled_n: int
    cents: int
    currency_cents: int
    account: str
    auxiliary: str
    line_cents: int
    settled_cents: int


def document_of(row: DocumentRow) -> Document:
    """What the entry shows under its number."""
    abroad = row.currency_cents or [None] * len(row.cents)
    currency = row.currency or BOOK_CURRENCY
    items = [
        Item(Place(row.entry_id, n), auxiliary, account, cents, currency, foreign, is_lettered=n in row.lettered)
        for n, (auxiliary, account, cents, foreign) in enumerate(zip(row.auxiliary, row.account, row.cents, abroad, strict=True), 1)
        if auxiliary
    ]
    return Document(row.number, items, tuple(_waiting(row)))


def _waiting(row: DocumentRow) -> Iterator[Waiting]:
    """The VAT on 445801 whose rate waits for payment, by the invoice's own table; what waits for delivery there is not paid for."""
    groups = json.loads(row.vat)
    accounts = {
        group["rate"]: getattr(VAT_ACCOUNTS[group["regime"]], "of_assets" if group.get("asset") else "deductible")
        for group in groups
        if group.get("waits_for") == "payment" and group["regime"] in VAT_ACCOUNTS
    }
    delivered = Counter[str]()
    for group in groups:
        if group.get("waits_for") == "delivery":
            deducted = group.get("deductible_cents")
            delivered[group["rate"]] += group["vat_cents"] if deducted is None else deducted
    for account, rate, cents in zip(row.account, row.vat_rate, row.cents, strict=True):
        if account == WAITING_VAT and rate is not None and rate in accounts:
            yield Waiting(accounts[rate], rate, cents - delivered[rate] if cents > 0 else cents + delivered[rate])


def entry_of(draft: Draft) -> dict[str, Any]:
    """An entry as `book_papers` takes it."""
    currency = next((line.currency for line in draft.lines if line.currency), None)
    return {
        "journal": draft.journal,
        "entry_date": draft.entry_date.isoformat(),
        "piece_ref": draft.piece_ref,
        "piece_date": draft.piece_date.isoformat(),
        "label": draft.label,
        "account": [line.account for line in draft.lines],
        "auxiliary": [line.auxiliary for line in draft.lines],
        "cents": [line.cents for line in draft.lines],
        "vat_rate": [line.vat_rate for line in draft.lines],
        "currency": currency,
        "currency_cents": [line.currency_cents for line in draft.lines] if currency else None,
    }


def letter_of(group: Sequence[Side]) -> dict[str, Any]:
    """A letter as `book_papers` takes it."""
    lines = {"entries": [side.place.entry for side in group], "places": [side.place.n for side in group]}
    return {"account": group[0].account, "auxiliary": group[0].auxiliary, **lines}

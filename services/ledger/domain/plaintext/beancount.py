"""Entries in the language of beancount 3, which loads nothing that is unbalanced, undated or on an account nobody opened."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

from services.ledger.domain.fec.writing import one_line
from services.ledger.domain.plaintext import amount, code, entries, flag
from services.ledger.domain.posting import BOOK_CURRENCY
from services.ledger.domain.reports import Movement

ROOTS = {"2": "Assets", "3": "Assets", "4": "Liabilities", "5": "Assets", "6": "Expenses", "7": "Income"}  # by the class of the plan


def beancount(movements: Iterable[Movement], opens: date) -> Iterator[str]:
    """The lines of the file; every account that is met opens on that day, for the currencies it is met in."""
    labels, currencies = dict[str, str](), defaultdict[str, set[str]](set)
    yield 'option "operating_currency" "EUR"'
    yield 'option "inferred_tolerance_default" "*:0"'
    yield 'option "inferred_tolerance_default" "EUR:0.00001"'  # of a price beancount keeps what one unit costs, to 28 digits
    for lines in entries(movements):
        first = lines[0]
        yield ""
        yield f"{first.entry_date} {flag(first)} {_quoted(first.label)}"
        yield f"  code: {_quoted(code(first))}"
        yield f"  piece: {_quoted(first.piece_ref)}"
        for line in lines:
            account = account_of(line.account)
            labels[account] = line.account_label
            currencies[account].add(line.currency or BOOK_CURRENCY)
            yield f"  {account}  {amount(line)}"
            if line.auxiliary:
                yield f"    auxiliary: {_quoted(line.auxiliary)}"
    for account, label in sorted(labels.items()):
        yield ""
        yield f"{opens} open {account} {','.join(sorted(currencies[account]))}"
        yield f"  label: {_quoted(label)}"


def account_of(account: str) -> str:
    """`606400` → `Expenses:606400`; capital and what has no other root is equity."""
    return f"{ROOTS.get(account[0], 'Equity')}:{account}"


def _quoted(text: str) -> str:
    escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

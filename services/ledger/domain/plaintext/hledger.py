"""Entries in the journal language that hledger and ledger share; an auxiliary is an account below its supplier's."""

from collections.abc import Iterable, Iterator
from datetime import date

from services.ledger.domain.fec.writing import one_line
from services.ledger.domain.plaintext import amount, code, entries, flag
from services.ledger.domain.reports import Movement

MEANT_OTHERWISE = str.maketrans({";": ",", "[": "(", "]": ")"})  # a comment begins, a date stands in it


def hledger(movements: Iterable[Movement], opens: date) -> Iterator[str]:
    """The lines of the file."""
    yield f"; {opens:%Y}"
    for lines in entries(movements):
        first = lines[0]
        yield ""
        yield f"{first.entry_date} {flag(first)} ({code(first)}) {_plain(first.label)}"
        yield f"    ; piece: {_plain(first.piece_ref)}"
        for line in lines:
            yield f"    {':'.join([line.account, *([line.auxiliary] if line.auxiliary else [])])}  {amount(line)}"


def _plain(text: str) -> str:
    return one_line(text).translate(MEANT_OTHERWISE)

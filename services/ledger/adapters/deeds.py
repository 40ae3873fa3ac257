"""What people do to the book, from validating to declaring VAT. Each deed is one transaction; a refusal has a sentence."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import aiosql
from psycopg import Connection, DatabaseError

from services.kernel.postgres import PostgresStore
from services.ledger.adapters.announcements import ensure_deed_sayable
from services.ledger.adapters.books import PLACE_BITS
from services.ledger.adapters.refusals import AccountUnknown, refusal_of
from services.ledger.domain.posting import Line


@dataclass(frozen=True, slots=True)
class Numbered:
    """A validated entry: its number in its journal and fiscal year, its final date, and the day it was validated."""

    entry_id: int
    journal: str
    fy: int
    number: int
    entry_date: date
    validated_on: date


QUERIES: Any = aiosql.from_path(Path(__file__).with_name("deeds.sql"), "psycopg", record_classes={"Numbered": Numbered, "Line": Line})


class Deeds:
    """A person's hand on the book of one company. Every deed raises DeedRefused, and has written nothing then."""

    def __init__(self, store: PostgresStore, company: str, actor: str) -> None:
        """Writes as the role `ledger_app`; `actor` = the name of the person, which is sealed with the deed."""
        self._store, self._company, self._actor = store, company, actor

    def validate(self, journal: str, entries: Sequence[int], *, suspense: bool = False) -> list[Numbered]:
        """All of these entries of one journal become final, or none; in the order of their numbers. `suspense` = also on account 471."""
        query = QUERIES.validate_with_suspense if suspense else QUERIES.validate
        with self._deed() as connection:
            return list(query(connection, company=self._company, journal=journal, entries=list(entries), actor=self._actor))

    def reverse(self, entry: int) -> Numbered:
        """The exact mirror of a validated entry, validated at once."""
        with self._deed() as connection:
            made: Numbered = QUERIES.reverse(connection, company=self._company, entry=entry, actor=self._actor)
            ensure_deed_sayable(connection, made.entry_id >> PLACE_BITS)
            return made

    def recode(self, entry: int, accounts: Mapping[str, str]) -> int:
        """The same lines on other accounts (old → new); the id of the entry that stands then. A validated one is reversed for it."""
        with self._deed() as connection:
            lines: list[Line] = list(QUERIES.lines_of(connection, entry=entry))
            if lines and (strange := accounts.keys() - {line.account for line in lines}):
                raise AccountUnknown(*sorted(strange))
            columns = {
                "account": [accounts.get(line.account, line.account) for line in lines],
                "auxiliary": [line.auxiliary for line in lines],
                "cents": [line.cents for line in lines],
                "vat_rate": [line.vat_rate for line in lines],
                "currency_cents": [line.currency_cents for line in lines] if any(line.currency for line in lines) else None,
            }
            made: int = QUERIES.correct(connection, company=self._company, entry=entry, actor=self._actor, **columns)
            ensure_deed_sayable(connection, made >> PLACE_BITS)
            return made

    def close(self, fy: int, through: date, waiting: int) -> None:
        """Close the year up to and including that day, for good; `waiting` = how many unvalidated entries will move behind it."""
        with self._deed() as connection:
            QUERIES.close(connection, company=self._company, fy=fy, through=through, actor=self._actor, waiting=waiting)

    def lock(self, day: date, deed: Literal["lock", "unlock"], reason: str) -> None:
        """Lock or unlock the month of that day."""
        with self._deed() as connection:
            QUERIES.lock(connection, company=self._company, day=day, deed=deed, actor=self._actor, reason=reason)

    def file_vat(self, until: date, reason: str) -> int:
        """VAT is declared up to and including that day; how many unvalidated entries will move behind it."""
        with self._deed() as connection:
            return QUERIES.file_vat(connection, company=self._company, until=until, actor=self._actor, reason=reason)

    def automatic(self, is_on: bool) -> None:
        """Entries that arrive from now on without a remark validate themselves under this name, or not any more."""
        with self._deed() as connection:
            QUERIES.set_automatic(connection, company=self._company, is_on=is_on, actor=self._actor)

    def _deed(self) -> AbstractContextManager[Connection]:
        return one_deed(self._store)


@contextmanager
def one_deed(store: PostgresStore) -> Generator[Connection]:
    """One transaction. Raises DeedRefused in the place of the database's own error."""
    try:
        with store.connection() as connection:
            yield connection
    except DatabaseError as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error

"""How a statement reads and writes rows: what PostgreSQL does at read committed, in the words that statements need."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from services.kernel.errors import Refused
from tests.simulation.memory.store import MemorySession

type Row = dict[str, Any]
type Answer = list[Row] | int
"""The rows of a query, or how many rows a command touched."""


class Rows:
    """The rows of a session. A row is never changed in place, and what is given out is the reader's own."""

    def __init__(self, session: MemorySession) -> None:
        self._session = session

    def one(self, table: str, key: Hashable) -> Row | None:
        """The row of this primary key."""
        return self._session.read(table).get(key)

    def where(self, table: str, **columns: object) -> list[Row]:
        """The rows with these values."""
        wanted = columns.items()
        return [row for row in self._session.read(table).values() if all(row[name] == value for name, value in wanted)]

    def locked(self, table: str, key: Hashable) -> Row | None:
        """`for update`: the row as it is once it is ours."""
        if self.one(table, key) is None:
            return None
        self._session.lock((table, key))
        return self.one(table, key)

    def try_locked(self, table: str, key: Hashable) -> bool:
        """`for update skip locked`: whether the row is ours now."""
        return self._session.try_lock((table, key))

    def add(self, table: str, key: Hashable, row: Row) -> int:
        """`on conflict do nothing`; waits for another transaction that is putting the same key there."""
        if self.one(table, key) is not None:
            return 0
        return int(self._session.table(table).insert(key, row))

    def must_add(self, table: str, key: Hashable, row: Row) -> int:
        """Insert. Raises Refused when the key is taken, also by a transaction that was waited for."""
        if not self.add(table, key, row):
            raise Refused(f'duplicate key value violates unique constraint "{table}_pkey"')
        return 1

    def change(self, table: str, key: Hashable, changes: Mapping[str, Any]) -> int:
        """Update the row of this key."""
        return self.alter(table, key, lambda _: changes)

    def alter(self, table: str, key: Hashable, changes: Callable[[Row], Mapping[str, Any] | None]) -> int:
        """Update the row of this key by what it is once it is ours; None = it no longer is one of those to update."""
        row = self.locked(table, key)
        changed = changes(row) if row is not None else None
        if row is None or changed is None:
            return 0
        self._session.table(table)[key] = {**row, **changed}
        return 1

    def remove(self, table: str, key: Hashable) -> None:
        """Delete the row of this key."""
        del self._session.table(table)[key]

    def hold(self, index: str, value: Hashable) -> None:
        """A unique index: wait for another transaction that is writing this value; then look again."""
        self._session.lock((index, value))


def picked(row: Row | None, columns: tuple[str, ...]) -> list[Row]:
    """These columns of a row; of none, no row."""
    return [{name: row[name] for name in columns}] if row is not None else []

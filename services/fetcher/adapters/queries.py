"""Named queries of .sql files, run on a connection: the one place where aiosql's untyped answers become rows."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import aiosql
from psycopg import Connection
from psycopg.rows import dict_row

type Row = dict[str, Any]


class Queries:
    """The queries of one file beside this one, or of all files of one folder."""

    def __init__(self, file: str) -> None:
        """Load them; a mistake in one fails here."""
        self._queries: Any = aiosql.from_path(Path(__file__).with_name(file), "psycopg", kwargs={"row_factory": dict_row})

    def rows(self, connection: Connection, name: str, /, **values: object) -> list[Row]:
        """Every row, by column name."""
        return list(getattr(self._queries, name)(connection, **values))

    def row(self, connection: Connection, name: str, /, **values: object) -> Row | None:
        """The first row, or None."""
        return getattr(self._queries, name)(connection, **values)

    def value(self, connection: Connection, name: str, /, **values: object) -> Any:
        """The first column of the first row, or None."""
        return getattr(self._queries, name)(connection, **values)

    def run(self, connection: Connection, name: str, /, **values: object) -> int:
        """How many rows it touched."""
        return getattr(self._queries, name)(connection, **values)

    def run_each(self, connection: Connection, name: str, values: Iterable[Mapping[str, object]]) -> None:
        """The query once for each set of values, in their order and all in one round trip."""
        if several := list(values):
            getattr(self._queries, name)(connection, several)

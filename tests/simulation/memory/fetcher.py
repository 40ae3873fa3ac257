"""The fetcher's schema in memory. The real adapters run on it: it knows each of their queries by its text and answers as PostgreSQL would.

So nothing of the fetcher is imitated but SQL; and a statement, not a whole method, is what another process may come between.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Self, cast

import aiosql
from psycopg.rows import dict_row

from services.fetcher.adapters import queries
from services.kernel.postgres import PostgresStore
from tests.simulation.memory.fetcher_agenda import AGENDA
from tests.simulation.memory.fetcher_collection import COLLECTION
from tests.simulation.memory.fetcher_companies import COMPANIES
from tests.simulation.memory.fetcher_histories import HISTORIES
from tests.simulation.memory.fetcher_jobs import DEFER_JOBS, defer_jobs
from tests.simulation.memory.rows import Answer, Row, Rows
from tests.simulation.memory.store import MemorySession, MemoryStore, refuse_to_wait

type Statement = Callable[[Rows, Row], Answer]

STATEMENTS: dict[str, Statement] = {**COMPANIES, **AGENDA, **HISTORIES, **COLLECTION, "defer_jobs": defer_jobs}


FILES = ("companies.sql", "agenda.sql", "histories.sql", "collecting")


def _names() -> dict[str, str]:
    """The name of each query by its text."""
    folder = Path(queries.__file__).parent
    files: list[Any] = [aiosql.from_path(folder / file, "psycopg") for file in FILES]
    named = {getattr(file, name).sql: name for file in files for name in file.available_queries if not name.endswith("_cursor")}
    return {**named, DEFER_JOBS: "defer_jobs"}


NAMES = _names()


def unheeded(_: str) -> None:
    """Nothing happens before a statement."""


class FetcherStore(MemoryStore):
    """The schema `fetcher` with its queue. `before` is told the name of each statement before it runs."""

    def __init__(
        self,
        wait: Callable[[], None] = refuse_to_wait,
        statements: Mapping[str, Statement] = STATEMENTS,
        before: Callable[[str], None] = unheeded,
    ) -> None:
        super().__init__(wait)
        self.statements, self.before, self.job_ids = statements, before, count(1)

    @contextmanager
    def connection(self) -> Generator[MemorySession]:
        """One transaction."""
        session = FetcherSession(self)
        try:
            yield session
            session.commit()
        finally:
            session.rollback()

    def as_postgres(self) -> PostgresStore:
        """This store where an adapter asks for PostgreSQL's."""
        return cast(PostgresStore, self)


class FetcherSession(MemorySession):
    """A session as the fetcher's queries use one of psycopg's."""

    def __init__(self, store: FetcherStore) -> None:
        super().__init__(store)
        self._fetcher = store

    def cursor(self, row_factory: object = dict_row) -> "Cursor":
        """A cursor; rows come by column name."""
        return Cursor(self)

    def execute(self, query: str) -> None:
        """Only the search path is set this way, and here is one schema."""
        assert query.startswith("set local search_path"), query

    def answer(self, query: str, given: Row) -> Answer:
        """What PostgreSQL says to the query."""
        name = NAMES[query]
        self._fetcher.before(name)
        if name == "defer_jobs":
            given = {**given, "ids": self._fetcher.job_ids}
        return self._fetcher.statements[name](Rows(self), given)


class Cursor:
    """The result of one query."""

    def __init__(self, session: FetcherSession) -> None:
        self._session = session
        self._rows, self.rowcount = list[Row](), -1

    def execute(self, query: str, given: Row) -> None:
        """Run one query."""
        answer = self._session.answer(query, given)
        self._rows = answer if isinstance(answer, list) else []
        self.rowcount = len(answer) if isinstance(answer, list) else answer

    def executemany(self, query: str, given: Sequence[Row]) -> None:
        """Run one query for each set of values."""
        for each in given:
            self.execute(query, each)

    def fetchone(self) -> Row | None:
        """The first row."""
        return self._rows[0] if self._rows else None

    def fetchall(self) -> list[Row]:
        """Every row."""
        return self._rows

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

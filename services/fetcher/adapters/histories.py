"""Migrations of history in PostgreSQL, inside one transaction: where each stands, and every step of it for good."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.fetcher.adapters.queries import Queries, Row
from services.fetcher.domain.history import Migration, State
from services.kernel.postgres import Transaction

QUERIES = Queries("histories.sql")


@dataclass(frozen=True, slots=True)
class Step:
    """What was done with a migration, when and by whom; with an approval, the quote that was accepted."""

    state: State
    at: datetime
    who: str
    quote: Mapping[str, Any] | None


class Histories:
    """What one transaction reads and writes of them."""

    def __init__(self, transaction: Transaction) -> None:
        """Lives as long as the transaction."""
        self._session = transaction.connection

    def request(self, migration: Migration, who: str, now: datetime) -> bool:
        """A new migration; False while another one of the connection is open."""
        values = {name: getattr(migration, name) for name in ("migration_id", "run_id", "company_id", "connection_id", "since", "until")}
        if not QUERIES.run(self._session, "put_migration", **values, state=migration.state):
            return False
        self._note(migration, who, now, None)
        return True

    def of_company(self, company_id: str) -> list[Migration]:
        """The company's migrations, latest first."""
        return [_migration(row) for row in QUERIES.rows(self._session, "migrations", company_id=company_id)]

    def locked(self, migration_id: str) -> Migration | None:
        """One migration, locked until the transaction ends."""
        row = QUERIES.row(self._session, "locked_migration", migration_id=migration_id)
        return _migration(row) if row else None

    def of_run(self, run_id: str) -> Migration | None:
        """The migration a run is for."""
        row = QUERIES.row(self._session, "migration_of_run", run_id=run_id)
        return _migration(row) if row else None

    def move(self, migration: Migration, to: State, who: str, now: datetime, quote: Mapping[str, Any] | None = None) -> Migration:
        """A locked migration a step further, noted for good; once it is done, what it found is everybody's. Raises NotPossibleNow."""
        moved = migration.moved(to)
        QUERIES.run(self._session, "move_migration", migration_id=moved.migration_id, state=moved.state, orders=moved.orders)
        self._note(moved, who, now, quote)
        if to is State.DONE:
            QUERIES.run(self._session, "release_lines", connection_id=moved.connection_id)
            QUERIES.run(self._session, "release_wanted", connection_id=moved.connection_id)
        return moved

    def steps(self, migration_id: str) -> list[Step]:
        """Every step, first to last."""
        rows = QUERIES.rows(self._session, "steps", migration_id=migration_id)
        return [Step(State(row["state"]), row["at"], row["who"], json.loads(row["quote"]) if row["quote"] else None) for row in rows]

    def standing_in_the_way(self, run_id: str) -> bool:
        """Whether something more urgent waits for what the run's job holds."""
        return QUERIES.value(self._session, "standing_in_the_way", run_id=run_id)

    def _note(self, migration: Migration, who: str, now: datetime, quote: Mapping[str, Any] | None) -> None:
        said = {"state": migration.state, "at": now, "who": who, "quote": json.dumps(quote) if quote else None}
        QUERIES.run(self._session, "put_step", migration_id=migration.migration_id, **said)


def counted(migration: Migration, orders: int) -> Migration:
    """The migration once its orders were counted."""
    return replace(migration, orders=orders)


def _migration(row: Row) -> Migration:
    columns: dict[str, Any] = {**row, "state": State(row["state"])}
    return Migration(**columns)

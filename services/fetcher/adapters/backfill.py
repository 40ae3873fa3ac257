"""The jobs of the lane `history`: a migration is estimated, or runs until it is done, is paused, or stands in the way of a daily run."""

from dataclasses import replace
from datetime import UTC, datetime, time
from functools import partial

from services.fetcher.adapters.histories import Histories, counted
from services.fetcher.adapters.tries import Stopping
from services.fetcher.domain.history import FOLLOWING, Migration, State
from services.fetcher.domain.records import Run
from services.fetcher.domain.schedule import HISTORY
from services.fetcher.handler import Collect
from services.fetcher.stages.ports import Account, Accounts, NotCollecting, PageRefused
from services.kernel.clock import Clock
from services.kernel.errors import Unavailable
from services.kernel.postgres import PostgresStore

OURSELVES = "achats"
"""Who makes the steps that no person makes."""


class Yielding(Stopping):
    """Something more urgent waits for this connection: the migration goes on after it."""


class Paused(Exception):
    """A person paused the migration."""


class Backfill:
    """Does what a migration's state asks for. It may be killed at any point and called again."""

    def __init__(self, store: PostgresStore, accounts: Accounts, collect: Collect, clock: Clock) -> None:
        """`collect` runs a run; what it asks before each step is asked here too."""
        self._store, self._accounts, self._collect, self._clock = store, accounts, collect, clock

    def __call__(self, run_id: str) -> None:
        """Work on the migration of this run. Raises Yielding, which is no failure."""
        migration = self._migration(run_id)
        if migration.state is State.REQUESTED:
            self._estimate(migration)
        elif migration.state in (State.APPROVED, State.RUNNING):
            self._run(migration)

    def _estimate(self, migration: Migration) -> None:
        scan = _scan_of(migration, self._clock.now())
        try:
            orders = self._orders(migration, self._accounts.open(scan))
        except NotCollecting as why:
            self._accounts.lost(scan, why)
        else:
            self._move(migration, State.ESTIMATED, orders)

    def _orders(self, migration: Migration, account: Account) -> int:
        """How many orders its period has: a scan that keeps nothing, and begins anew when it is interrupted."""
        orders, token = set[str](), None
        until = datetime.combine(migration.until, time(), UTC)
        while True:
            self._check(migration.run_id)
            try:
                page = account.transactions(migration.since, until, token)
            except PageRefused as refused:
                raise Unavailable("Amazon", "getTransactions", "page tokens are refused") from refused
            lines = [line for transaction in page.transactions or [] for line in transaction.transaction_line_items or []]
            orders.update(line.order_id for line in lines if line.order_id)
            token = page.next_page_token
            if not token:
                return len(orders)

    def _run(self, migration: Migration) -> None:
        if migration.state is State.APPROVED:
            self._move(migration, State.RUNNING)
        collect = replace(self._collect, check_stopping=partial(self._check, migration.run_id))
        try:
            collect(migration.run_id)
        except Paused:
            return
        if self._collect.progress.run(migration.run_id).finished:
            self._move(migration, State.DONE)

    def _check(self, run_id: str) -> None:
        """Raises Stopping, Paused, Yielding."""
        self._collect.check_stopping()
        with self._store.transaction() as transaction:
            book = Histories(transaction)
            migration, in_the_way = book.of_run(run_id), book.standing_in_the_way(run_id)
        if migration is None or migration.state is State.PAUSED:
            raise Paused
        if in_the_way:
            raise Yielding

    def _migration(self, run_id: str) -> Migration:
        with self._store.transaction() as transaction:
            migration = Histories(transaction).of_run(run_id)
        if migration is None:
            raise LookupError(run_id)
        return migration

    def _move(self, migration: Migration, to: State, orders: int | None = None) -> None:
        """A step that nobody else made meanwhile."""
        with self._store.transaction() as transaction:
            book = Histories(transaction)
            locked = book.locked(migration.migration_id)
            if locked is not None and to in FOLLOWING[locked.state]:
                book.move(locked if orders is None else counted(locked, orders), to, OURSELVES, self._clock.now())


def _scan_of(migration: Migration, now: datetime) -> Run:
    """The run that its estimate looks like to an account; it is kept nowhere."""
    window = (migration.since, migration.until)
    return Run(migration.run_id, migration.company_id, migration.connection_id, HISTORY, "collecting", *window, now, 0)

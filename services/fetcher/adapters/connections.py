"""What jobs do with connections: open the account behind one, note that its consent is gone, start the runs that are due."""

from services.fetcher import Logged
from services.fetcher.adapters.agenda import Agenda
from services.fetcher.adapters.amazon import Amazon, AmazonAccount
from services.fetcher.adapters.companies import Companies
from services.fetcher.domain.identity import token_seal
from services.fetcher.domain.records import Run
from services.fetcher.domain.schedule import HISTORY, caught_up, missed, next_slot
from services.fetcher.handler import ConsentWithdrawn
from services.kernel.clock import Clock, instant
from services.kernel.log import log
from services.kernel.postgres import PostgresStore
from services.kernel.sealing import Sealer

BATCH = 100
"""Runs that one transaction starts at most."""


class ConnectionDesk:
    """Connections in PostgreSQL and the accounts behind them at Amazon."""

    def __init__(self, store: PostgresStore, amazon: Amazon, sealer: Sealer, clock: Clock) -> None:
        """`sealer` opens refresh tokens."""
        self._store, self._amazon, self._sealer, self._clock = store, amazon, sealer, clock

    def open(self, run: Run) -> AmazonAccount:
        """The account of the run's connection, unhurried for a migration of history. Raises ConsentWithdrawn when it is closed."""
        with self._store.transaction() as transaction:
            book = Companies(transaction)
            sealed, connection = book.sealed_refresh_token(run.connection_id), book.connection(run.connection_id)
        if sealed is None or connection is None:
            raise ConsentWithdrawn
        token = self._sealer.open(sealed, token_seal(run.company_id, run.connection_id)).decode()
        account = self._amazon.account(run.connection_id, connection.marketplace_id, token)
        return account.unhurried() if run.kind == HISTORY else account

    def consent_withdrawn(self, run: Run) -> None:
        """The connection is broken until the company consents again; its data stay."""
        now = self._clock.now()
        with self._store.transaction() as transaction:
            book = Companies(transaction)
            connection = book.locked_connection(run.connection_id)
            if connection is None or connection.state not in ("initialising", "active"):
                return
            book.move(connection, "broken", now)
            book.describe_company(run.company_id, now)
        log.warning(Logged.CONSENT_WITHDRAWN, company_id=run.company_id, connection_id=run.connection_id)

    def start_due_runs(self) -> None:
        """Start the regular runs that are due, a batch of them: those that have waited longest.

        What was missed, as when the fetcher was away, is put off to a moment in the rest of the day's window.
        """
        now = self._clock.now()
        with self._store.transaction() as transaction:
            agenda, book = Agenda(transaction), Companies(transaction)
            for one in agenda.due(now, BATCH):
                connection = book.connection(one.connection_id)
                assert connection is not None, "the agenda is one of connections"
                away = missed(one.due_at, now)
                agenda.put_off(one, (caught_up if away else next_slot)(one.kind, connection.company_id, now))
                if not away and connection.state in ("initialising", "active"):
                    book.start_run(connection, one.kind, instant(one.due_at), now)

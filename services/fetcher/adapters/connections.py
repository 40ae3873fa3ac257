"""What jobs do with connections: open the account behind one, note that its consent is gone, start the runs that are due."""

from services.fetcher import Logged
from services.fetcher.adapters.amazon import Amazon, AmazonAccount
from services.fetcher.adapters.companies import Companies
from services.fetcher.domain.company import last_daily_slot
from services.fetcher.domain.identity import token_seal
from services.fetcher.domain.records import Run
from services.fetcher.handler import ConsentWithdrawn
from services.kernel.clock import Clock
from services.kernel.log import log
from services.kernel.postgres import PostgresStore
from services.kernel.sealing import Sealer


class ConnectionDesk:
    """Connections in PostgreSQL and the accounts behind them at Amazon."""

    def __init__(self, store: PostgresStore, amazon: Amazon, sealer: Sealer, clock: Clock) -> None:
        """`sealer` opens refresh tokens."""
        self._store, self._amazon, self._sealer, self._clock = store, amazon, sealer, clock

    def open(self, run: Run) -> AmazonAccount:
        """The account of the run's connection. Raises ConsentWithdrawn when the connection is closed."""
        with self._store.transaction() as transaction:
            book = Companies(transaction)
            sealed, connection = book.sealed_refresh_token(run.connection_id), book.connection(run.connection_id)
        if sealed is None or connection is None:
            raise ConsentWithdrawn
        token = self._sealer.open(sealed, token_seal(run.company_id, run.connection_id)).decode()
        return self._amazon.account(run.connection_id, connection.marketplace_id, token)

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

    def access_denied(self, run: Run) -> None:
        """Amazon denies access with a fresh token: a role or an enrolment is missing. The next day's run asks again."""
        log.warning(Logged.ACCESS_DENIED, company_id=run.company_id, connection_id=run.connection_id)

    def start_due_runs(self) -> None:
        """Start each connection's daily run once its time of the day has come; a day that was missed is made up for by the next."""
        now = self._clock.now()
        with self._store.transaction() as transaction:
            book = Companies(transaction)
            for connection in book.collecting_connections():
                slot = last_daily_slot(connection.company_id, now)
                if slot > connection.opened_at:
                    book.start_run(connection, "daily", slot.date().isoformat(), now)

"""What jobs do with connections: open the account behind one, note that it may not be read any more, start the runs that are due."""

from datetime import date, datetime

from schemas.connection_broken.v1 import ConnectionBroken
from services.fetcher import Logged
from services.fetcher.adapters import openings
from services.fetcher.adapters.agenda import Agenda, Due
from services.fetcher.adapters.amazon import Amazon, AmazonAccount
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.tokens import KeyService, open_token, seal_token
from services.fetcher.domain.identity import digest
from services.fetcher.domain.records import Connection, Run
from services.fetcher.domain.schedule import DAILY, caught_up, missed, next_slot
from services.fetcher.domain.windows import REACH
from services.fetcher.stages.ports import AccessLost, NotCollecting
from services.kernel.clock import Clock, instant
from services.kernel.log import log
from services.kernel.postgres import PostgresStore

COMPARED = 20
"""How many known payments tell an account: one of them among those it shows is enough."""


class StoredConsent:
    """The consent a run was opened with: its token stays in the database, and is looked up for each call."""

    def __init__(self, store: PostgresStore, keys: KeyService, run: Run) -> None:
        """Raises NotCollecting when the connection is closed."""
        self._store, self._keys, self._run = store, keys, run
        self._fingerprint = digest(self._read()[1])

    @property
    def fingerprint(self) -> str:
        """Tells one token from another."""
        return self._fingerprint

    def refresh_token(self) -> str:
        """The token. Raises NotCollecting when the connection was closed, or has another consent by now."""
        token = self._read()[1]
        if digest(token) != self._fingerprint:
            raise NotCollecting("another consent was given")
        return token

    def renew(self, token: str) -> None:
        """Amazon gave another token for the same consent: keep it in the place of the first."""
        with self._store.transaction() as transaction:
            book = Companies(transaction)
            before, known = self._read()
            sealed = seal_token(self._keys, token, self._run.company_id, self._run.connection_id)
            if digest(known) == self._fingerprint and book.reseal(self._run.connection_id, before, sealed):
                self._fingerprint = digest(token)

    def _read(self) -> tuple[str, str]:
        with self._store.transaction() as transaction:
            sealed = Companies(transaction).sealed_refresh_token(self._run.connection_id)
        if sealed is None:
            raise NotCollecting("the connection is closed")
        return sealed, open_token(self._keys, sealed, self._run.company_id, self._run.connection_id)


BATCH = 100
"""Runs that one transaction starts at most."""


class ConnectionDesk:
    """Connections in PostgreSQL and the accounts behind them at Amazon."""

    def __init__(self, store: PostgresStore, amazon: Amazon, keys: KeyService, clock: Clock) -> None:
        """`keys` open refresh tokens."""
        self._store, self._amazon, self._keys, self._clock = store, amazon, keys, clock

    def open(self, run: Run) -> AmazonAccount:
        """The account of the run's connection, unhurried for a migration of history.

        Raises NotCollecting, and what a call raises when the account is to be looked at first.
        """
        with self._store.transaction() as transaction:
            book = Companies(transaction)
            connection, company = book.connection(run.connection_id), book.company(run.company_id)
        if connection is None or not _may_be_read(connection):
            raise NotCollecting("the connection waits for a consent")
        if not company.may_collect:
            raise NotCollecting("the plan is too low")
        consent = StoredConsent(self._store, self._keys, run)
        account = self._amazon.account(run.connection_id, connection.marketplace_id, consent)
        if connection.state == "broken":
            self._restore(connection, account)
        if not connection.proven:
            self._prove(connection, account, consent)
        return account.unhurried() if run.of_history else account

    def lost(self, run: Run, why: NotCollecting) -> None:
        """The run stops; when it may not be read any more, the connection is broken until the company acts. Its data stay."""
        log.info(Logged.RUN_WAITS, company_id=run.company_id, run_id=run.run_id, why=why.breaks or str(why))
        if why.breaks is None:
            return
        now = self._clock.now()
        with self._store.transaction() as transaction:
            book = Companies(transaction)
            connection = book.locked_connection(run.connection_id)
            if connection is None or connection.state not in ("initialising", "active"):
                return
            book.break_off(connection, why.breaks, now)
            test = book.company(run.company_id).test_environment
            book.say_about_connection(run.connection_id, _broken(connection, why.breaks, now, test), now)
            book.describe_company(run.company_id, now)
        log.warning(Logged.CONNECTION_BROKEN, company_id=run.company_id, connection_id=run.connection_id, reason=why.breaks)

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
                if not away:
                    self._start(book, connection, one, now)

    def _start(self, book: Companies, connection: Connection, due: Due, now: datetime) -> None:
        """The run; a connection that Amazon denies is tried again each day with the runs it has."""
        if connection.state in ("initialising", "active") and book.may_collect(connection.company_id):
            book.start_run(connection, due.kind, instant(due.due_at), now)
        elif due.kind == DAILY and _may_be_read(connection):
            book.take_up(connection)

    def _restore(self, connection: Connection, account: AmazonAccount) -> None:
        """Ask a little of an account that was denied: when it answers, the connection imports again. Raises AccessLost."""
        now = self._clock.now()
        account.transactions(now.date(), now, None)
        with self._store.transaction() as transaction:
            book = Companies(transaction)
            locked = book.locked_connection(connection.connection_id)
            if locked is None or locked.trouble != AccessLost.breaks:
                raise NotCollecting("the connection changed meanwhile")
            book.move(locked, "initialising", now)
            book.start_run(locked, "initial", now.isoformat(), now)
            book.describe_company(locked.company_id, now)
        log.info(Logged.ACCESS_RESTORED, company_id=connection.company_id, connection_id=connection.connection_id)

    def _prove(self, connection: Connection, account: AmazonAccount, consent: StoredConsent) -> None:
        """Compare the account behind a new consent with the one known. Raises NotCollecting when it is another: that one begins anew."""
        with self._store.transaction() as transaction:
            known = Companies(transaction).latest_transactions(connection.connection_id, COMPARED)
        same = self._shows(account, known) if known else True
        with self._store.transaction() as transaction:
            book = Companies(transaction)
            if same:
                book.prove(connection)
            elif same is False:
                self._begin_anew(book, connection, consent.refresh_token())
        if same is False:
            raise NotCollecting("the consent is for another account")

    def _shows(self, account: AmazonAccount, known: dict[str, str]) -> bool | None:
        """Whether the account has one of these payments; None when it has none at all."""
        since = date.fromisoformat(min(known.values())[:10]) - REACH
        until, page_token, empty = self._clock.now(), None, True
        while True:
            page = account.transactions(since, until, page_token)
            shown = {transaction.transaction_id for transaction in page.transactions or []}
            if shown & known.keys():
                return True
            empty, page_token = empty and not shown, page.next_page_token
            if page_token is None:
                return None if empty else False

    def _begin_anew(self, book: Companies, connection: Connection, token: str) -> None:
        """The connection is closed, and another begins today with its token: what was bought elsewhere before is not imported."""
        now = self._clock.now()
        locked = book.locked_connection(connection.connection_id)
        if locked is None or locked.state not in ("initialising", "active"):
            return
        openings.end(book, locked, "other_account", now)
        new_id = f"con-{digest(connection.connection_id, now.isoformat())[:20]}"
        new = Connection(new_id, connection.company_id, connection.marketplace_id, "initialising", now, now)
        openings.begin(book, new, seal_token(self._keys, token, new.company_id, new_id), now.date())
        log.warning(Logged.OTHER_ACCOUNT, company_id=new.company_id, connection_id=connection.connection_id, followed_by=new_id)


def _may_be_read(connection: Connection) -> bool:
    """Whether there is a consent to work with; an account that was denied may be tried."""
    return connection.state in ("initialising", "active") or (connection.state == "broken" and connection.trouble == AccessLost.breaks)


def _broken(connection: Connection, reason: str, now: datetime, test_environment: bool) -> ConnectionBroken:
    return ConnectionBroken(
        company_id=connection.company_id,
        connection_id=connection.connection_id,
        connector=openings.CONNECTOR,
        reason=reason,
        since=instant(now),
        test_environment=test_environment,
    )

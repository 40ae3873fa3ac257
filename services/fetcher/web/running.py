"""What people ask of a connection that stands: a run now, and the migration of its history, from the request to the accepted quote."""

from dataclasses import dataclass
from datetime import date, timedelta

from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.histories import Histories, Step
from services.fetcher.domain.company import Refusal
from services.fetcher.domain.history import Migration, NotPossibleNow, State, check_history, quote_of, requested
from services.fetcher.domain.records import Connection
from services.fetcher.domain.schedule import HISTORY, Lane
from services.kernel.clock import Clock
from services.kernel.postgres import PostgresStore

BETWEEN_RUNS = timedelta(minutes=15)


class NothingConnected(Refusal):
    """Aucune connexion à Amazon Business n'est en service."""

    next_action = "Connectez ou reconnectez Amazon Business."


class JustSynchronised(Refusal):
    """La dernière synchronisation a commencé il y a moins de quinze minutes."""

    next_action = "Ses documents arrivent ; recommencez plus tard s'il en manque."


class NameMissing(Refusal):
    """Le nom de la personne qui décide manque."""

    next_action = "Saisissez votre nom : il est conservé avec la décision."


class QuoteMissing(Refusal):
    """La référence du devis accepté manque."""

    next_action = "Saisissez la référence du devis que vous avez reçu."


class ImportOff(Refusal):
    """L'import automatique est désactivé : rien de ce qui serait migré n'entrerait dans Achats."""

    next_action = "Activez l'import automatique dans les paramètres, puis acceptez le devis."


class MigrationOpen(Refusal):
    """Une migration d'historique est déjà demandée pour cette connexion."""

    next_action = "Attendez sa fin, ou refusez son devis."


@dataclass(frozen=True, slots=True)
class Shown:
    """A migration with its steps, and how many documents it brought."""

    migration: Migration
    steps: list[Step]
    emitted: int


@dataclass(frozen=True)
class Running:
    """Every refusal is a Refusal with its words; everything else that fails is Unavailable or a bug."""

    store: PostgresStore
    clock: Clock

    def synchronise(self, company_id: str) -> None:
        """A run now, ahead of everything but daily runs. Raises NothingConnected, JustSynchronised."""
        now = self.clock.now()
        with self.store.transaction() as transaction:
            book = Companies(transaction)
            connection = _locked(book, company_id)
            last = book.last_run(connection.connection_id)
            if last is not None and now - last.started_at < BETWEEN_RUNS:
                raise JustSynchronised
            book.start_run(connection, "sync_now", now.isoformat(), now)

    def migrations(self, company_id: str) -> list[Shown]:
        """The company's migrations, latest first."""
        with self.store.transaction() as transaction:
            histories, book = Histories(transaction), Companies(transaction)
            found = histories.of_company(company_id)
            runs = [book.run(migration.run_id) for migration in found]
            steps = [histories.steps(migration.migration_id) for migration in found]
        return [Shown(one, done, run.emitted if run else 0) for one, done, run in zip(found, steps, runs, strict=True)]

    def request(self, company_id: str, since: date, who: str) -> None:
        """Ask for the documents from that day on: they are estimated. Raises InSettings, NoHistory, MigrationOpen, NothingConnected."""
        now = self.clock.now()
        with self.store.transaction() as transaction:
            book, histories = Companies(transaction), Histories(transaction)
            connection = _locked(book, company_id)
            import_start = book.company(company_id).settings(now.date()).import_start
            check_history(since, import_start, connection.opened_at.date())
            migration = requested(company_id, connection.connection_id, since, import_start, 1 + len(histories.of_company(company_id)))
            if not histories.request(migration, _named(who), now):
                raise MigrationOpen
            book.defer(connection, migration.run_id, Lane.HISTORY)

    def approve(self, company_id: str, migration_id: str, who: str, reference: str) -> None:
        """Accept the quote; what was accepted, by whom and when is kept, and the run begins. Raises ImportOff, QuoteMissing."""
        now = self.clock.now()
        if not reference.strip():
            raise QuoteMissing
        with self.store.transaction() as transaction:
            book, histories = Companies(transaction), Histories(transaction)
            connection, migration = _locked(book, company_id), _own(histories, company_id, migration_id)
            if not book.company(company_id).choices.automatic_import:
                raise ImportOff
            histories.move(migration, State.APPROVED, _named(who), now, quote_of(migration, reference.strip()))
            book.put_run(connection, migration.run_id, HISTORY, migration.window(now.date()), now)
            book.defer(connection, migration.run_id, Lane.HISTORY)

    def move(self, company_id: str, migration_id: str, to: State, who: str) -> None:
        """Refuse the quote, pause, or go on. Raises NotPossibleNow."""
        with self.store.transaction() as transaction:
            book, histories = Companies(transaction), Histories(transaction)
            migration = histories.move(_own(histories, company_id, migration_id), to, _named(who), self.clock.now())
            if to is State.RUNNING:
                book.defer(_locked(book, company_id), migration.run_id, Lane.HISTORY)


def _locked(book: Companies, company_id: str) -> Connection:
    """The connection that collects, locked: two clicks come one after the other. Raises NothingConnected."""
    standing = [one for one in book.connections(company_id) if one.state in ("initialising", "active")]
    connection = book.locked_connection(standing[0].connection_id) if standing else None
    if connection is None:
        raise NothingConnected
    return connection


def _own(histories: Histories, company_id: str, migration_id: str) -> Migration:
    """The company's migration, locked. Raises NotPossibleNow for another's."""
    migration = histories.locked(migration_id)
    if migration is None or migration.company_id != company_id:
        raise NotPossibleNow
    return migration


def _named(who: str) -> str:
    """A person's name as typed. Raises NameMissing."""
    if not who.strip():
        raise NameMissing
    return who.strip()[:200]

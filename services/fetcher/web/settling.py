"""The settings of a connection: what is imported, from when, and whose purchases; and what its pages show."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.showing import EntityShown, RunShown, Showing, as_entities
from services.fetcher.domain.company import Choices, check_import_start
from services.fetcher.domain.records import Connection
from services.fetcher.domain.refusals import EntitiesUnknown, NotConnected
from services.fetcher.domain.routing import must_choose, proposed, routed
from services.fetcher.domain.schedule import DAILY, next_slot
from services.fetcher.domain.waiting import Wait
from services.fetcher.web.connecting import open_connection
from services.kernel.clock import Clock
from services.kernel.postgres import PostgresStore, Transaction


@dataclass(frozen=True, slots=True)
class Preview:
    """What a start date would bring: so many documents of those collected and not imported yet. `partial` = the collection goes on."""

    import_start: date
    documents: int
    partial: bool


@dataclass(frozen=True, slots=True)
class EntityChoice:
    """The account's entities; `ask` = a person has to say whose they are; `proposed` = those to tick."""

    entities: list[EntityShown]
    ask: bool
    proposed: frozenset[str]


@dataclass(frozen=True, slots=True)
class History:
    """The latest runs, what is missing, and when the next daily run is due."""

    runs: list[RunShown]
    missing: list[Wait]
    next_attempt: datetime


@dataclass(frozen=True)
class Settling:
    """What the pages ask and change once there is a connection. All raise NotConnected."""

    store: PostgresStore
    clock: Clock

    def choose(self, company_id: str, automatic_import: bool, import_start: date) -> None:
        """New settings. Raises ImportStartTooEarly. What they newly allow is imported at once, not tomorrow."""
        now = self.clock.now()
        with self.store.transaction() as transaction:
            book, connection = Companies(transaction), _connected(transaction, company_id)
            company = book.company(company_id)
            check_import_start(import_start, connection.opened_at.date(), company.migrated_since)
            before = company.choices
            after = before.model_copy(update={"automatic_import": automatic_import, "import_start": import_start})
            if after == before:
                return
            book.choose(company_id, after)
            book.describe_company(company_id, now)
            if _allows_more(before, after):
                _import_now(book, connection, now)

    def preview(self, company_id: str, import_start: date) -> Preview:
        """What this start date would bring. Raises ImportStartTooEarly."""
        with self.store.transaction() as transaction:
            connection, company = _connected(transaction, company_id), Companies(transaction).company(company_id)
            check_import_start(import_start, connection.opened_at.date(), company.migrated_since)
            showing = Showing(transaction, connection.connection_id)
            entities = as_entities(showing.entities())
            brought = [one for one in showing.unsaid() if one.day is None or one.day >= import_start]
            documents = sum(one.documents for one in brought if routed(one.names, entities) is None)
            return Preview(import_start, documents, connection.state == "initialising")

    def entities(self, company_id: str) -> EntityChoice:
        """The account's legal entities, and which to propose as the company's own."""
        with self.store.transaction() as transaction:
            shown = Showing(transaction, _connected(transaction, company_id).connection_id).entities()
            known = as_entities(shown)
            return EntityChoice(shown, must_choose(known), proposed(known, Companies(transaction).company(company_id).name))

    def choose_entities(self, company_id: str, ours: Collection[str]) -> None:
        """These entities are the company's own, the others of the account are not. Raises EntitiesUnknown. Imported at once."""
        now = self.clock.now()
        with self.store.transaction() as transaction:
            book, connection = Companies(transaction), _connected(transaction, company_id)
            showing = Showing(transaction, connection.connection_id)
            known = {entity.name for entity in showing.entities()}
            if not set(ours) <= known or not showing.decide({name: name in ours for name in known}):
                raise EntitiesUnknown
            book.choose(company_id, book.company(company_id).choices)
            book.describe_company(company_id, now)
            _import_now(book, connection, now)

    def history(self, company_id: str) -> History:
        """Runs and what is missing."""
        now = self.clock.now()
        with self.store.transaction() as transaction:
            connection = _connected(transaction, company_id)
            showing = Showing(transaction, connection.connection_id)
            return History(showing.runs(), showing.missing(), next_slot(DAILY, company_id, now))


def _connected(transaction: Transaction, company_id: str) -> Connection:
    connection = open_connection(Companies(transaction), company_id)
    if connection is None:
        raise NotConnected
    return connection


def _import_now(book: Companies, connection: Connection, now: datetime) -> None:
    book.start_run(connection, "sync_now", str(book.company(connection.company_id).settings_revision), now)


def _allows_more(before: Choices, after: Choices) -> bool:
    earlier = before.import_start is None or (after.import_start is not None and after.import_start < before.import_start)
    return after.automatic_import and (earlier or not before.automatic_import)

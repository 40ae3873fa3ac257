"""Companies, connections and consents in PostgreSQL, inside one transaction of the kernel's store."""

from collections.abc import Callable
from datetime import date, datetime

from schemas.company_described.v1 import CompanyDescribed, ConnectionState
from schemas.contact_described.v1 import ContactDescribed
from schemas.contract import EventData
from schemas.registry import topic_for
from services.fetcher.adapters.agenda import Agenda
from services.fetcher.adapters.announcing import SERVICE, outgoing
from services.fetcher.adapters.jobs import defer_collect
from services.fetcher.adapters.queries import Queries, Row
from services.fetcher.domain.company import Choices, Company, CompanyFile
from services.fetcher.domain.identity import run_id_of
from services.fetcher.domain.records import Connection, Consent, Run
from services.fetcher.domain.schedule import Lane, lane_of, lock_of
from services.fetcher.domain.windows import window
from services.kernel.clock import instant
from services.kernel.envelope import Outgoing
from services.kernel.postgres import Transaction

QUERIES = Queries("companies.sql")


class Companies:
    """What one transaction reads, writes and says about companies and their connections."""

    def __init__(self, transaction: Transaction) -> None:
        """Lives as long as the transaction."""
        self._transaction, self._session = transaction, transaction.connection

    def enter(self, entered: CompanyFile, sealed_address: str) -> None:
        """Keep a company as an operator entered it."""
        columns = entered.model_dump(include={"company_id", "name", "siren", "vat_id", "plan", "file_code", "test_environment"})
        choices = entered.settings.model_dump_json()
        QUERIES.run(self._session, "put_company", **columns, sealed_address=sealed_address, choices=choices)

    def company(self, company_id: str) -> Company:
        """One company. Raises LookupError."""
        row = QUERIES.row(self._session, "company", company_id=company_id)
        if row is None:
            raise LookupError(company_id)
        choices = Choices.model_validate_json(row.pop("choices"))
        return Company(**row, choices=choices)

    def may_collect(self, company_id: str) -> bool:
        """Whether the company is known and its plan includes the collection."""
        row = QUERIES.row(self._session, "company", company_id=company_id)
        return row is not None and self.company(company_id).may_collect

    def company_named(self, name: str) -> Company | None:
        """The company of that name, whatever the case."""
        company_id: str | None = QUERIES.value(self._session, "company_named", name=name.strip())
        return self.company(company_id) if company_id else None

    def choose(self, company_id: str, choices: Choices) -> None:
        """New settings, under a new revision."""
        QUERIES.run(self._session, "choose", company_id=company_id, choices=choices.model_dump_json())

    def connections(self, company_id: str) -> list[Connection]:
        """The company's connections, oldest first."""
        return [Connection(**row) for row in QUERIES.rows(self._session, "connections", company_id=company_id)]

    def connection(self, connection_id: str) -> Connection | None:
        """One connection."""
        return _one(Connection, QUERIES.row(self._session, "connection", connection_id=connection_id))

    def locked_connection(self, connection_id: str) -> Connection | None:
        """One connection, locked until the transaction ends."""
        return _one(Connection, QUERIES.row(self._session, "locked_connection", connection_id=connection_id))

    def sealed_refresh_token(self, connection_id: str) -> str | None:
        """The sealed token; None when the connection is closed or unknown."""
        return QUERIES.value(self._session, "sealed_refresh_token", connection_id=connection_id)

    def open(self, connection: Connection, sealed_refresh_token: str) -> bool:
        """A new connection; False when the company has one to this marketplace already."""
        named = {"connection_id": connection.connection_id, "company_id": connection.company_id}
        where = {"marketplace_id": connection.marketplace_id, "now": connection.opened_at}
        return QUERIES.run(self._session, "put_connection", **named, **where, sealed_refresh_token=sealed_refresh_token) == 1

    def reopen(self, connection: Connection, sealed_refresh_token: str) -> bool:
        """The broken connection under a new consent; False when it is not broken any more."""
        values = {"connection_id": connection.connection_id, "now": connection.since}
        return QUERIES.run(self._session, "reopen_connection", **values, sealed_refresh_token=sealed_refresh_token) == 1

    def move(self, connection: Connection, state: str, now: datetime) -> None:
        """From one state to another."""
        QUERIES.run(self._session, "move_connection", connection_id=connection.connection_id, state=state, now=now)

    def break_off(self, connection: Connection, trouble: str, now: datetime) -> None:
        """Nothing is collected until a person acts."""
        QUERIES.run(self._session, "break_connection", connection_id=connection.connection_id, trouble=trouble, now=now)

    def close(self, connection: Connection, now: datetime) -> None:
        """The end: the token is gone, and runs in hand say nothing more."""
        QUERIES.run(self._session, "close_connection", connection_id=connection.connection_id, now=now)
        QUERIES.run(self._session, "drop_runs", connection_id=connection.connection_id, now=now)

    def prove(self, connection: Connection) -> None:
        """The account behind its consent is the one it was opened for."""
        QUERIES.run(self._session, "prove_connection", connection_id=connection.connection_id)

    def reseal(self, connection_id: str, before: str, sealed: str) -> bool:
        """The token under another seal, or a newer token; False when it is not the one of `before` any more."""
        return QUERIES.run(self._session, "reseal_token", connection_id=connection_id, before=before, sealed=sealed) == 1

    def latest_transactions(self, connection_id: str, limit: int) -> dict[str, str]:
        """The payments that became known last: Amazon's id, and when Amazon says it fed them."""
        rows = QUERIES.rows(self._session, "latest_transactions", connection_id=connection_id, limit=limit)
        return {row["transaction_id"]: row["fed_at"] for row in rows}

    def say_about_connection(self, connection_id: str, data: EventData, now: datetime, causation_id: str | None = None) -> None:
        """An event about a connection."""
        n = QUERIES.value(self._session, "next_change", connection_id=connection_id)
        self._transaction.send(outgoing(data, n, now, causation_id=causation_id))

    def describe_company(self, company_id: str, now: datetime) -> None:
        """Say the company's whole current state."""
        company, version = self.company(company_id), QUERIES.value(self._session, "next_description", company_id=company_id)
        described = CompanyDescribed(
            company_id=company_id,
            version=version,
            name=company.name,
            siren=company.siren,
            plan=company.plan,
            settings=company.settings(now.date()),
            connections=tuple(_state(connection) for connection in self.connections(company_id)),
        )
        self._transaction.send(outgoing(described, version, now))

    def describe_contact(self, company_id: str, now: datetime) -> None:
        """Say where to write to the company's account, sealed for the notifier."""
        company, version = self.company(company_id), QUERIES.value(self._session, "next_description", company_id=company_id)
        described = ContactDescribed(
            company_id=company_id,
            version=version,
            company_name=company.name,
            file_code=company.file_code,
            language="fr",
            sealed_address=company.sealed_address,
        )
        self._transaction.send(outgoing(described, version, now))

    def end_contact(self, company_id: str) -> None:
        """Nobody writes to the company's account any more: a tombstone."""
        self._transaction.send(Outgoing(topic_for(SERVICE, ContactDescribed), company_id.encode(), None, ()))

    def authorise(self, session_id: str, company_id: str, now: datetime) -> None:
        """The first consent was given in this session."""
        QUERIES.run(self._session, "authorise", session_id=session_id, company_id=company_id, now=now)

    def send_to_amazon(self, session_id: str, company_id: str, state_hash: str, expires_at: datetime) -> bool:
        """The second consent begins; False when the first was not given in this session."""
        values = {"session_id": session_id, "company_id": company_id, "state_hash": state_hash, "expires_at": expires_at}
        return QUERIES.run(self._session, "send_to_amazon", **values) == 1

    def use_state(self, session_id: str, state_hash: str) -> tuple[str, datetime] | None:
        """Take a state value: the company it was made for and until when it was good; None when it was not made here or was used."""
        row = QUERIES.row(self._session, "use_state", session_id=session_id, state_hash=state_hash)
        return (row["company_id"], row["expires_at"]) if row else None

    def refuse_consent(self, session_id: str, company_id: str, refusal: str) -> None:
        """The second consent led nowhere, and why."""
        QUERIES.run(self._session, "refuse_consent", session_id=session_id, company_id=company_id, refusal=refusal)

    def consent(self, session_id: str, company_id: str) -> Consent | None:
        """How far the two consents are in this session."""
        return _one(Consent, QUERIES.row(self._session, "consent", session_id=session_id, company_id=company_id))

    def forget_consents(self, company_id: str) -> None:
        """Whoever connects this company again begins at the beginning."""
        QUERIES.run(self._session, "forget_consents", company_id=company_id)

    def finish_consent(self, session_id: str, company_id: str) -> None:
        """Both consents were given."""
        QUERIES.run(self._session, "finish_consent", session_id=session_id, company_id=company_id)

    def run(self, run_id: str) -> Run | None:
        """One run."""
        return _one(Run, QUERIES.row(self._session, "run", run_id=run_id))

    def last_run(self, connection_id: str) -> Run | None:
        """The latest run of a connection."""
        return _one(Run, QUERIES.row(self._session, "last_run", connection_id=connection_id))

    def start_run(self, connection: Connection, kind: str, occasion: str, now: datetime) -> str:
        """A run and its job; the same occasion again is the same run. Runs of the connection that did not finish are taken up with it."""
        run_id = run_id_of(connection.connection_id, kind, occasion)
        chosen = self.company(connection.company_id).settings(now.date()).import_start
        scanned_until = QUERIES.value(self._session, "scanned_until", connection_id=connection.connection_id)
        if self.put_run(connection, run_id, kind, window(kind, chosen, now.date(), scanned_until), now):
            Agenda(self._transaction).begin(connection, now)
            self.take_up(connection)
        return run_id

    def take_up(self, connection: Connection) -> None:
        """Queue every run of the connection that has not finished."""
        for row in QUERIES.rows(self._session, "unfinished_runs", connection_id=connection.connection_id):
            self.defer(connection, row["run_id"], lane_of(row["kind"]))

    def put_run(self, connection: Connection, run_id: str, kind: str, window: tuple[date, date], now: datetime) -> bool:
        """A run that reads these days; False when there is this very run."""
        values = {"run_id": run_id, "company_id": connection.company_id, "connection_id": connection.connection_id, "kind": kind}
        return QUERIES.run(self._session, "put_run", **values, window_from=window[0], window_to=window[1], now=now) == 1

    def defer(self, connection: Connection, run_id: str, lane: Lane) -> None:
        """Queue a job for a run of the connection."""
        place = [one.connection_id for one in self.connections(connection.company_id)].index(connection.connection_id)
        defer_collect(self._session, lock_of(connection.company_id, place), run_id, lane)


def _one[T](kind: Callable[..., T], row: Row | None) -> T | None:
    return None if row is None else kind(**row)


def _state(connection: Connection) -> ConnectionState:
    return ConnectionState(
        connection_id=connection.connection_id,
        connector="amazon_business",
        state=connection.state,
        marketplace_id=connection.marketplace_id,
        since=instant(connection.since),
    )

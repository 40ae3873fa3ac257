"""How a company gets connected and disconnected: two consents, from here or from Amazon's App Center, and the exchange of the code."""

import secrets
from dataclasses import dataclass
from datetime import date, timedelta

from services.fetcher import Logged
from services.fetcher.adapters.amazon import Amazon
from services.fetcher.adapters.amazon_refusals import AmazonRefused, CodeRefused
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.openings import begin, begin_again, end
from services.fetcher.adapters.tokens import KeyService, seal_token
from services.fetcher.domain.app_center import ForeignCallback, authenticated, checked, ended
from services.fetcher.domain.company import Company, Refusal, UnknownCompany
from services.fetcher.domain.identity import digest
from services.fetcher.domain.records import Connection, Consent, Run
from services.fetcher.domain.refusals import (
    AlreadyConnected,
    ApplicationRefused,
    CodeNotExchanged,
    ConsentRefused,
    NotAuthorised,
    NotConnected,
    StateExpired,
    StateUnknown,
    refusal_named,
)
from services.kernel.clock import Clock
from services.kernel.log import log
from services.kernel.postgres import PostgresStore

FRANCE = "A13V1IB3VIYZZH"
STATE_LIVES = timedelta(minutes=10)
LONGEST_ORIGIN = 2000  # characters: it stays in the session's cookie until the company is known


@dataclass(frozen=True, slots=True)
class Status:
    """Where a company stands. `consent` = how far this session is with it; `missed` = why Amazon's page led nowhere the last time."""

    company: Company
    connection: Connection | None
    run: Run | None
    consent: Consent | None
    missed: Refusal | None
    today: date

    @property
    def paused(self) -> bool:
        """Whether there is a connection that the plan does not include any more."""
        return self.connection is not None and not self.company.may_collect


@dataclass(frozen=True, slots=True)
class Origin:
    """Where in Amazon's App Center a person came from, to be led back there."""

    callback: str
    amazon_state: str


@dataclass(frozen=True)
class Connecting:
    """What the pages do to connect. Every refusal is a Refusal with its words; everything else that fails is Unavailable or a bug."""

    store: PostgresStore
    amazon: Amazon
    keys: KeyService
    clock: Clock

    def status(self, session_id: str, company_id: str) -> Status:
        """The company, its connection, the latest run and this session's consents."""
        with self.store.transaction() as transaction:
            book = Companies(transaction)
            connection = open_connection(book, company_id)
            run = book.last_run(connection.connection_id) if connection else None
            consent = book.consent(session_id, company_id)
            missed = refusal_named(consent.refusal) if consent else None
            return Status(book.company(company_id), connection, run, consent, missed, self.clock.now().date())

    def authorise(self, session_id: str, name: str) -> str:
        """The first consent, by the company's name; its id. Raises UnknownCompany, PlanTooLow."""
        with self.store.transaction() as transaction:
            book = Companies(transaction)
            company = book.company_named(name)
            if company is None:
                raise UnknownCompany
            company.check_plan()
            book.authorise(session_id, company.company_id, self.clock.now())
            return company.company_id

    def origin(self, callback: str, amazon_state: str) -> Origin:
        """Where in the App Center the person came from. Raises ForeignCallback."""
        if not amazon_state or len(callback) + len(amazon_state) > LONGEST_ORIGIN:
            raise ForeignCallback
        return Origin(checked(callback, self.amazon.application.domains), amazon_state)

    def to_amazon(self, session_id: str, company_id: str, origin: Origin | None = None) -> str:
        """Begin the second consent: Amazon's page with a state value that works once, here, for ten minutes.

        Raises AlreadyConnected, NotAuthorised, PlanTooLow.
        """
        state = secrets.token_urlsafe(32)
        with self.store.transaction() as transaction:
            book = Companies(transaction)
            connection = open_connection(book, company_id)
            if connection is not None and connection.state != "broken":
                raise AlreadyConnected
            if not book.send_to_amazon(session_id, company_id, digest(state), self.clock.now() + STATE_LIVES):
                raise NotAuthorised
            book.company(company_id).check_plan()
        if origin is not None:
            return authenticated(origin.callback, origin.amazon_state, state, self.amazon.application.redirect_uri)
        return self.amazon.consent_page(state)

    def come_back(self, session_id: str, state: str, code: str | None, refusal: Refusal | None = None) -> str:
        """Amazon sent the person back, with a code or a refusal; the company that is connected now. The state is used up in any case."""
        with self.store.transaction() as transaction:
            used = Companies(transaction).use_state(session_id, digest(state))
        if used is None:
            raise StateUnknown
        company_id, good_until = used
        try:
            if self.clock.now() > good_until:
                raise StateExpired
            if not code:
                raise refusal or ConsentRefused()
            self._open(session_id, company_id, self._exchanged(code), f"con-{digest(company_id, state)[:20]}")
        except Refusal as refused:
            self._note_refusal(session_id, company_id, refused)
            raise
        return company_id

    def app_center(self, callback: str, connected: bool) -> str:
        """Where the App Center wants the person back. Raises ForeignCallback."""
        return ended(checked(callback, self.amazon.application.domains), connected)

    def disconnect(self, session_id: str, company_id: str) -> None:
        """The end of the connection: token and consents are gone, runs end, the data stay. Raises NotAuthorised, NotConnected."""
        now = self.clock.now()
        with self.store.transaction() as transaction:
            book = Companies(transaction)
            if book.consent(session_id, company_id) is None:
                raise NotAuthorised
            known = open_connection(book, company_id)
            connection = book.locked_connection(known.connection_id) if known else None
            if connection is None or connection.state == "closed":
                raise NotConnected
            end(book, connection, "disconnected", now)
            book.forget_consents(company_id)
            book.describe_company(company_id, now)
            book.end_contact(company_id)
        self.amazon.forget(connection.connection_id)
        log.info(Logged.DISCONNECTED, company_id=company_id, connection_id=connection.connection_id)

    def _note_refusal(self, session_id: str, company_id: str, refused: Refusal) -> None:
        with self.store.transaction() as transaction:
            Companies(transaction).refuse_consent(session_id, company_id, type(refused).__name__)
        log.info(Logged.CONSENT_REFUSED, company_id=company_id, why=type(refused).__name__)

    def _exchanged(self, code: str) -> str:
        """The refresh token for Amazon's code."""
        try:
            return self.amazon.exchange_code(code)
        except CodeRefused as refused:
            raise CodeNotExchanged from refused
        except AmazonRefused as refused:
            log.error(Logged.APPLICATION_REFUSED, status=refused.status, code=refused.code)
            raise ApplicationRefused from refused

    def _open(self, session_id: str, company_id: str, refresh_token: str, new_id: str) -> None:
        """The connection, its first run and what is said about them, in one transaction; a broken connection is the same one again."""
        now = self.clock.now()
        with self.store.transaction() as transaction:
            book = Companies(transaction)
            book.company(company_id).check_plan()
            known = open_connection(book, company_id)
            connection = known or Connection(new_id, company_id, FRANCE, "initialising", now, now)
            sealed = seal_token(self.keys, refresh_token, company_id, connection.connection_id)
            opened = begin_again(book, known, sealed, now) if known else begin(book, connection, sealed)
            if not opened:
                raise AlreadyConnected
            book.finish_consent(session_id, company_id)
        log.info(Logged.CONNECTED, company_id=company_id, connection_id=connection.connection_id, again=known is not None)


def open_connection(book: Companies, company_id: str) -> Connection | None:
    """The company's connection that is not closed."""
    return next((connection for connection in book.connections(company_id) if connection.state != "closed"), None)

"""How a company gets connected: two consents, the exchange of the code, one transaction that opens the connection; and its settings."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from schemas.connection_opened.v1 import ConnectionOpened
from services.fetcher import Logged
from services.fetcher.adapters.amazon import Amazon
from services.fetcher.adapters.amazon_refusals import AmazonRefused, CodeRefused
from services.fetcher.adapters.companies import Companies
from services.fetcher.domain.company import Choices, Company, Refusal, UnknownCompany, check_import_start
from services.fetcher.domain.identity import digest, token_seal
from services.fetcher.domain.records import Connection, Run
from services.kernel.clock import Clock
from services.kernel.log import log
from services.kernel.postgres import PostgresStore
from services.kernel.sealing import Sealer

FRANCE = "A13V1IB3VIYZZH"
CONNECTOR = "amazon_business"
STATE_LIVES = timedelta(minutes=10)


class NotAuthorised(Refusal):
    """L'entreprise n'a pas encore été autorisée dans cette session."""

    next_action = "Cliquez sur Connecter et saisissez le nom de l'entreprise."


class AlreadyConnected(Refusal):
    """Cette entreprise est déjà connectée à Amazon Business."""

    next_action = "Consultez l'avancement ou les paramètres de l'intégration."


class StateUnknown(Refusal):
    """Ce retour d'Amazon ne correspond à aucune demande de cette session, ou il a déjà servi."""

    next_action = "Recommencez la connexion depuis la page Amazon Business."


class StateExpired(Refusal):
    """La demande de connexion a plus de dix minutes."""

    next_action = "Recommencez la connexion : Amazon vous demandera à nouveau votre accord."


class ConsentRefused(Refusal):
    """L'accès au compte Amazon Business a été refusé sur la page d'Amazon."""

    next_action = "Rien n'a été enregistré. Vous pouvez recommencer quand vous le souhaitez, avec un compte administrateur."


class CodeNotExchanged(Refusal):
    """Amazon n'a pas confirmé votre accord : le code reçu a plus de cinq minutes ou a déjà servi."""

    next_action = "Recommencez la connexion."


class ApplicationRefused(Refusal):
    """Amazon refuse pour le moment les demandes de notre application."""

    next_action = "Rien n'a été enregistré. Recommencez plus tard ; si cela se répète, prévenez l'assistance."


@dataclass(frozen=True, slots=True)
class Status:
    """Where a company stands."""

    company: Company
    connection: Connection | None
    run: Run | None
    today: date


@dataclass(frozen=True)
class Connecting:
    """What the pages do. Every refusal is a Refusal with its words; everything else that fails is Unavailable or a bug."""

    store: PostgresStore
    amazon: Amazon
    sealer: Sealer
    clock: Clock

    def status(self, company_id: str) -> Status:
        """The company, its connection and the latest run."""
        with self.store.transaction() as transaction:
            book = Companies(transaction)
            connection = _open_connection(book, company_id)
            run = book.last_run(connection.connection_id) if connection else None
            return Status(book.company(company_id), connection, run, self.clock.now().date())

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

    def to_amazon(self, session_id: str, company_id: str) -> str:
        """Begin the second consent: Amazon's page with a state value that works once, here, for ten minutes."""
        state = secrets.token_urlsafe(32)
        with self.store.transaction() as transaction:
            book = Companies(transaction)
            connection = _open_connection(book, company_id)
            if connection is not None and connection.state != "broken":
                raise AlreadyConnected
            if not book.send_to_amazon(session_id, company_id, digest(state), self.clock.now() + STATE_LIVES):
                raise NotAuthorised
        return self.amazon.consent_page(state)

    def come_back(self, session_id: str, state: str, code: str | None) -> str:
        """Amazon sent the person back; the company that is connected now. The state is used up, whatever comes of it."""
        with self.store.transaction() as transaction:
            used = Companies(transaction).use_state(session_id, digest(state))
        if used is None:
            raise StateUnknown
        company_id, good_until = used
        if self.clock.now() > good_until:
            raise StateExpired
        if not code:
            log.info(Logged.CONSENT_REFUSED, company_id=company_id)
            raise ConsentRefused
        self._open(session_id, company_id, self._exchanged(code), f"con-{digest(company_id, state)[:20]}")
        return company_id

    def _exchanged(self, code: str) -> str:
        """The refresh token for Amazon's code."""
        try:
            return self.amazon.exchange_code(code)
        except CodeRefused as refused:
            raise CodeNotExchanged from refused
        except AmazonRefused as refused:
            log.error(Logged.APPLICATION_REFUSED, status=refused.status, code=refused.code)
            raise ApplicationRefused from refused

    def choose(self, company_id: str, automatic_import: bool, import_start: date) -> None:
        """New settings. Raises ImportStartTooEarly. What they newly allow is imported at once, not tomorrow."""
        now = self.clock.now()
        with self.store.transaction() as transaction:
            book = Companies(transaction)
            connection = _open_connection(book, company_id)
            if connection is None:
                raise NotAuthorised
            company = book.company(company_id)
            check_import_start(import_start, connection.opened_at.date(), company.migrated_since)
            before = company.choices
            after = before.model_copy(update={"automatic_import": automatic_import, "import_start": import_start})
            if after == before:
                return
            book.choose(company_id, after)
            book.describe_company(company_id, now)
            if _allows_more(before, after):
                book.start_run(connection, "sync_now", str(book.company(company_id).settings_revision), now)

    def _open(self, session_id: str, company_id: str, refresh_token: str, new_id: str) -> None:
        """The connection, its first run and what is said about them, in one transaction; a broken connection is the same one again."""
        now = self.clock.now()
        with self.store.transaction() as transaction:
            book = Companies(transaction)
            known = _open_connection(book, company_id)
            connection_id, opened_at = (known.connection_id, known.opened_at) if known else (new_id, now)
            connection = Connection(connection_id, company_id, FRANCE, "initialising", opened_at, now)
            sealed = self.sealer.seal(refresh_token.encode(), token_seal(company_id, connection_id))
            if not (book.reopen if known else book.open)(connection, sealed):
                raise AlreadyConnected
            _begin_import(book, company_id, now)
            book.finish_consent(session_id, company_id)
            book.start_run(connection, "initial", now.isoformat() if known else "", now)
            if not known:
                book.say_about_connection(connection_id, _opened(connection, book.company(company_id), now), now)
                book.describe_contact(company_id, now)
            book.describe_company(company_id, now)
        log.info(Logged.CONNECTED, company_id=company_id, connection_id=connection_id, again=known is not None)


def _open_connection(book: Companies, company_id: str) -> Connection | None:
    return next((connection for connection in book.connections(company_id) if connection.state != "closed"), None)


def _begin_import(book: Companies, company_id: str, now: datetime) -> None:
    """Without a choice, the import starts on the day of the connection."""
    choices = book.company(company_id).choices
    if choices.import_start is None:
        book.choose(company_id, choices.model_copy(update={"import_start": now.date()}))


def _allows_more(before: Choices, after: Choices) -> bool:
    earlier = before.import_start is None or (after.import_start is not None and after.import_start < before.import_start)
    return after.automatic_import and (earlier or not before.automatic_import)


def _opened(connection: Connection, company: Company, now: datetime) -> ConnectionOpened:
    settings = company.settings(now.date())
    return ConnectionOpened(
        company_id=company.company_id,
        connection_id=connection.connection_id,
        connector=CONNECTOR,
        marketplace_id=connection.marketplace_id,
        import_start=settings.import_start,
        automatic_import=settings.automatic_import,
        test_environment=company.test_environment,
    )

"""The beginning and the end of a connection: its rows, its first run, and what is said about them, in the caller's transaction."""

from datetime import date, datetime

from schemas.connection_closed.v1 import ConnectionClosed
from schemas.connection_opened.v1 import ConnectionOpened
from services.fetcher.adapters.companies import Companies
from services.fetcher.domain.company import Company
from services.fetcher.domain.records import Connection
from services.kernel.clock import instant

CONNECTOR = "amazon_business"


def begin(book: Companies, connection: Connection, sealed_refresh_token: str, import_start: date | None = None) -> bool:
    """A new connection, its first run and what is said; False when the company has one that is not closed.

    The import starts at `import_start`, else where the company chose, else on the day of the connection.
    """
    if not book.open(connection, sealed_refresh_token):
        return False
    now = connection.opened_at
    _set_start(book, connection.company_id, import_start, now.date())
    book.start_run(connection, "initial", "", now)
    book.say_about_connection(connection.connection_id, _opened(connection, book.company(connection.company_id), now), now)
    book.describe_contact(connection.company_id, now)
    book.describe_company(connection.company_id, now)
    return True


def begin_again(book: Companies, connection: Connection, sealed_refresh_token: str, now: datetime) -> bool:
    """A broken connection under a new consent imports again (decision 0033); False when it is not broken."""
    if not book.reopen(connection, sealed_refresh_token):
        return False
    book.start_run(connection, "initial", now.isoformat(), now)
    book.describe_company(connection.company_id, now)
    return True


def end(book: Companies, connection: Connection, reason: str, now: datetime) -> None:
    """The connection is closed and its token destroyed; the data stay."""
    book.close(connection, now)
    closed = ConnectionClosed(
        company_id=connection.company_id,
        connection_id=connection.connection_id,
        connector=CONNECTOR,
        reason=reason,
        closed_at=instant(now),
        test_environment=book.company(connection.company_id).test_environment,
    )
    book.say_about_connection(connection.connection_id, closed, now)


def _set_start(book: Companies, company_id: str, import_start: date | None, today: date) -> None:
    choices = book.company(company_id).choices
    start = import_start or choices.import_start or today
    cut_over = choices.cut_over if import_start is None or (choices.cut_over or start) > start else None
    chosen = choices.model_copy(update={"import_start": start, "cut_over": cut_over})
    if chosen != choices:
        book.choose(company_id, chosen)


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

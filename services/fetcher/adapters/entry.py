"""What an operator enters from a file."""

from datetime import datetime
from pathlib import Path

from services.fetcher.adapters.companies import Companies
from services.fetcher.domain.company import CompanyFile
from services.kernel.clock import Clock
from services.kernel.postgres import PostgresStore
from services.kernel.sealing import Sealer


def enter_company(file: Path, store: PostgresStore, sealer: Sealer, clock: Clock) -> str:
    """Create or update the company of a JSON file and say its new state; its id. Raises pydantic's ValidationError on a bad file.

    Settings that the file does not name keep their default; an earlier `import_start` than the pages allow is the operator's decision.
    A plan below Essentiel pauses the collection, and one above resumes it.
    """
    return enter(CompanyFile.model_validate_json(file.read_bytes()), store, sealer, clock)


def enter(entered: CompanyFile, store: PostgresStore, sealer: Sealer, clock: Clock) -> str:
    """The same, of a company that has been read."""
    now = clock.now()
    with store.transaction() as transaction:
        book = Companies(transaction)
        paused = not book.may_collect(entered.company_id)
        book.enter(entered, sealer.seal(entered.email.encode(), entered.company_id))
        book.describe_company(entered.company_id, now)
        connections = book.connections(entered.company_id)
        if not connections or any(connection.state != "closed" for connection in connections):
            book.describe_contact(entered.company_id, now)
        if paused:
            _resume(book, entered.company_id, now)
    return entered.company_id


def _resume(book: Companies, company_id: str, now: datetime) -> None:
    """A plan that rose again: everything since the import's start is looked at, for a daily run looks back 45 days only."""
    company = book.company(company_id)
    for connection in book.connections(company_id) if company.may_collect else ():
        if connection.state in ("initialising", "active"):
            book.start_run(connection, "sync_now", f"plan {company.settings_revision}", now)

"""A company on its way into a fetcher: its file, and both consents without a browser. The real code, on whatever store and Amazon."""

from datetime import datetime, timedelta

from services.fetcher.adapters.amazon import Amazon
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.entry import enter
from services.fetcher.domain.company import Choices, CompanyFile
from services.fetcher.domain.identity import digest
from services.fetcher.web.connecting import Connecting
from services.kernel.clock import Clock
from services.kernel.postgres import PostgresStore
from services.kernel.sealing import Sealer


def company_file(company_id: str, origin: datetime, automatic_import: bool = True) -> CompanyFile:
    """A company whose import starts a month before `origin`."""
    return CompanyFile(
        company_id=company_id,
        name=f"Atelier {company_id}",
        siren="732829320",
        vat_id="FR44732829320",
        plan="essentiel",
        email=f"compta@{company_id}.example",
        file_code=company_id.upper()[:20],
        settings=Choices(automatic_import=automatic_import, import_start=origin.date() - timedelta(days=30)),
    )


def connect(company: CompanyFile, store: PostgresStore, amazon: Amazon, sealer: Sealer, clock: Clock) -> str:
    """Enter the company and give both consents; the id of its connection, whose first run waits in the queue.

    `amazon` must exchange the code `code-COMPANY`. Nothing is random but the bytes of seals.
    """
    enter(company, store, sealer, clock)
    connecting, session, state = Connecting(store, amazon, sealer, clock), f"session-{company.company_id}", f"state-{company.company_id}"
    connecting.authorise(session, company.name)
    with store.transaction() as transaction:
        until = clock.now() + timedelta(minutes=10)
        assert Companies(transaction).send_to_amazon(session, company.company_id, digest(state), until)
    connecting.come_back(session, state, f"code-{company.company_id}")
    with store.transaction() as transaction:
        [connection] = Companies(transaction).connections(company.company_id)
    return connection.connection_id

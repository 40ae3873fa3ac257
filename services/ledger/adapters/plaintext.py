"""A fiscal year of the book as a file for beancount, hledger or ledger, read as it stands at one instant. Locks nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

from services.kernel.errors import KernelError
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.fec import QUERIES as YEARS
from services.ledger.adapters.reports import PAGE_LINES, QUERIES
from services.ledger.domain.plaintext.beancount import beancount
from services.ledger.domain.plaintext.hledger import hledger
from services.ledger.domain.reports import JOURNAL, Movement

PROGRAMS: Mapping[str, Callable[[Iterable[Movement], date], Iterator[str]]] = {"beancount": beancount, "hledger": hledger}


class ExportRefused(KernelError):
    """L'export n'est pas fait."""


def exported(store: PostgresStore, program: str, company_id: str, fy: int) -> Iterator[str]:
    """The lines of the file: all that is posted in the year, validated or not. Raises ExportRefused, Unavailable."""
    with store.connection() as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        days = YEARS.fiscal_year(connection, company_id=company_id, fy=fy)
        if days is None:
            raise ExportRefused(f"le livre n'a pas d'exercice {fy} pour l'entreprise {company_id}. Vérifier --company et --year")
        asked = {"company_id": company_id, "starts": days[0], "ends": days[1], "as_of": None, "auxiliary": None, "report": JOURNAL}
        with connection.cursor("export") as cursor:
            cursor.itersize = PAGE_LINES
            yield from PROGRAMS[program](map(Movement._make, cursor.execute(QUERIES.movements.sql.encode(), asked)), days[0])

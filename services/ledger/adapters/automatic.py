"""Automatic validation: a loop of the service that gives numbers to what needs nobody's eye, where a person switched it on."""

import threading
from pathlib import Path
from typing import Any

import aiosql
from psycopg import DatabaseError

from services.kernel.errors import Refused, Unavailable
from services.kernel.log import log
from services.kernel.names import Log
from services.kernel.postgres import PostgresStore
from services.kernel.probes import RETRIES, Health
from services.ledger import Logged
from services.ledger.adapters.refusals import refusal_of

QUERIES: Any = aiosql.from_path(Path(__file__).with_name("automatic.sql"), "psycopg")
LOOP, SECONDS, ENTRIES = "automatic", 2.0, 1_000


class Automatic:
    """Looks at what waits, not at what came: nothing is lost when a process dies, and a fate settles every race."""

    def __init__(self, store: PostgresStore) -> None:
        """Writes as the role `ledger_consumer`."""
        self._store = store
        self._exhausted = dict[str, int]()  # the place in its book at which a company had nothing more

    def turn(self) -> int:
        """Validate up to a thousand entries of each company that wants it; how many. Raises Unavailable.

        A company is looked at again when something was sealed in its book: a flag never goes, a month is unlocked by a batch.
        """
        with self._store.connection() as connection:
            places: dict[str, int] = dict(QUERIES.automatic_companies(connection))
        return sum(self._validate(company, place) for company, place in places.items() if self._exhausted.get(company) != place)

    def _validate(self, company: str, place: int) -> int:
        """One transaction. Where a person was faster, the next turn looks again."""
        try:
            with self._store.connection() as connection:
                validated: int = QUERIES.validate_automatically(connection, company=company, limit=ENTRIES)
            if not validated:
                self._exhausted[company] = place
        except DatabaseError as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            log.info(Logged.PUT_OFF, company_id=company, reason=type(refusal).__name__)
        except Refused as refused:
            log.info(Logged.PUT_OFF, company_id=company, reason=str(refused))
        else:
            return validated
        return 0


def keep_validating(automatic: Automatic, health: Health, stop: threading.Event) -> None:
    """Turn every two seconds until `stop`; a database that does not answer is waited for."""
    while not stop.is_set():
        try:
            automatic.turn()
            health.turned(LOOP)
        except Unavailable as trouble:
            log.warning(Log.RETRYING, loop=LOOP, trouble=str(trouble))
            RETRIES.labels(LOOP).inc()
            health.turned(LOOP, able=False)
        stop.wait(SECONDS)

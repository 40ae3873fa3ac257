"""A person who validates, and now and then reverses, while everything around breaks."""

import threading
from random import Random

from services.kernel.errors import Unavailable
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.deeds import Deeds
from services.ledger.adapters.refusals import DeedRefused
from services.ledger.handler import SERVICE
from tests.e2e.books.ground import Ground

AT_ONCE, PAUSE_S = 200, 0.05
WAITING = "select array(select entry_id from ledger.todo where company_id = '{company}' order by 1 limit {at_once})"


class Accountant(threading.Thread):
    """Validates what waits, company by company; every fifth time the first of it is reversed again."""

    def __init__(self, ground: Ground, companies: list[str], dice: Random) -> None:
        """Not at work yet."""
        super().__init__(name="accountant", daemon=True)
        self._ground, self._companies, self._dice = ground, companies, dice
        self._enough, self.stumbled = threading.Event(), list[Exception]()
        self._store = PostgresStore(ground.deployment.database_url("ledger_app"), SERVICE, pool_size=1)

    def run(self) -> None:
        """Until told that it is enough."""
        while not self._enough.wait(PAUSE_S):
            try:
                self._validate(self._dice.choice(self._companies))
            except (Unavailable, DeedRefused):
                continue  # said to the person, who goes on
            except Exception as error:  # noqa: BLE001 -- handed to the test's own thread
                self.stumbled.append(error)
                return

    def end(self) -> None:
        """Put the pen down. Raises what the person stumbled over."""
        self._enough.set()
        self.join()
        self._store.close()
        for error in self.stumbled:
            raise error

    def _validate(self, company: str) -> None:
        with self._store.connection() as connection:
            row = connection.execute(WAITING.format(company=company, at_once=AT_ONCE).encode()).fetchone()
        entries: list[int] = row[0] if row else []
        if entries:
            deeds = Deeds(self._store, company, "Mme Roux")
            validated = deeds.validate("AC", entries)
            if self._dice.randrange(5) == 0:
                deeds.reverse(validated[0].entry_id)

"""The ledger alone, two processes of it, on a Kafka and a PostgreSQL that can be struck."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import psycopg

from deploy.local.deployment import Account, Deployment, replica_names
from deploy.local.folders import temporary_data_folder
from services.ledger.handler import SERVICE
from tests.e2e.faults import book
from tests.e2e.faults.supervisor import Supervisor

LEDGERS = replica_names(SERVICE, 2)
PATIENCE_S, LOOK_S, BRIEFLY_S = 300.0, 0.05, 0.001
TRIES = 2000  # a COPY is over in a few milliseconds
PASSED = "select coalesce(sum(next_offset), 0)::int from ledger.kafka_position"
UNSAID = "select (select sum(seq) from ledger.chain_head) - (select sum(seq) from ledger.announced)"
COPYING = "select application_name from pg_stat_activity where usename = 'ledger_consumer' and state = 'active' and query ~* '^copy'"


class LedgerAlone(Deployment):
    """A deployment in which only the ledger runs: what the classifier would say is put on its topic."""

    runs: ClassVar = (SERVICE,)

    def environment(self, name: str) -> dict[str, str]:
        """Each process's sessions bear its name (libpq's PGAPPNAME)."""
        return {**super().environment(name), "PGAPPNAME": name}


class Ground:
    """The deployment, its supervisor, and blows of every kind."""

    def __init__(self, deployment: LedgerAlone) -> None:
        """Supervises from now on."""
        self.deployment, self.supervisor = deployment, Supervisor(deployment)

    @property
    def bootstrap(self) -> str:
        """The broker."""
        return self.deployment.kafka.bootstrap

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows, as the administrator."""
        return book.rows(self.deployment, query)

    def passed(self) -> int:
        """How many records the book has passed."""
        return self.ask(PASSED)[0][0]

    def is_at_rest(self) -> bool:
        """Whether everything that was sealed is announced."""
        return self.ask(UNSAID) == [(0,)]

    def until(self, state: Callable[[], bool], what: str) -> None:
        """Wait until this is so; a database that does not answer says nothing."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with suppress(psycopg.OperationalError):
                if state():
                    return
            assert time.monotonic() < deadline, f"{what} did not come. Ends: {self.supervisor.report()}"
            time.sleep(LOOK_S)

    def strike(self, way: str, dice: Random) -> None:
        """One blow: `kill` a ledger, `postgres` or `kafka`, or freeze a ledger beyond its session: a `zombie`, one `in copy`."""
        match way:
            case "kill":
                name = dice.choice(LEDGERS)
                self.until(lambda: self.deployment.services[name].alive, f"{name} started again")
                self.supervisor.kill(name)
            case "postgres":
                self.deployment.postgres.kill()
                self.deployment.postgres.start()
            case "kafka":
                self.deployment.kafka.kill()
                self.deployment.kafka.start()
            case "zombie":
                self.until(self._are_two, "two members")
                self._outlast(dice.choice(LEDGERS))
            case _:
                self.until(self._are_two, "two members")
                self._outlast(self._frozen_in_copy())

    def _outlast(self, name: str) -> None:
        """The process stays frozen until the group counts it out, then goes on in the middle of what it did."""
        process = self.deployment.services[name]
        process.freeze()
        try:
            self.until(lambda: not self._are_two(), f"{name} counted out")
        finally:
            process.thaw()

    def _frozen_in_copy(self) -> str:
        """Freeze the process that is in the middle of COPY: its session waits for rows that do not come."""
        with psycopg.connect(self.deployment.database_url("postgres"), autocommit=True) as looking:
            for _ in range(TRIES):
                for (name,) in looking.execute(COPYING).fetchall():
                    self.deployment.services[name].freeze()
                    if looking.execute(COPYING + " and application_name = %s and wait_event = 'ClientRead'", [name]).fetchone():
                        return name
                    self.deployment.services[name].thaw()
                time.sleep(BRIEFLY_S)
        raise AssertionError("no process was seen in the middle of COPY")

    def _are_two(self) -> bool:
        return book.members(self.bootstrap, SERVICE) == len(LEDGERS)


@contextmanager
def ground() -> Generator[Ground]:
    """Two ledgers, one broker."""
    with (
        temporary_data_folder("achats-books-") as data,
        LedgerAlone(Path(data), Account(invoices=1), replicas=len(LEDGERS)) as deployment,
    ):
        standing = Ground(deployment)
        try:
            yield standing
        finally:
            standing.supervisor.stop()

"""A moment that passes too quickly for a watcher: PostgreSQL is killed in the middle of a transaction."""

import time
from collections.abc import Callable

import psycopg

from tests.e2e.faults.ground import Ground

LIMIT_S = 60.0
WRITING = "select 1 from pg_stat_activity where usename = %s and backend_xid is not null"


def postgres_killed(ground: Ground, role: str, undisturbed: str) -> None:
    """An import in which PostgreSQL dies while a session of this role has written something and not committed it."""
    one = ground.connected(f"database_{role}")
    one.until(lambda: one.collected >= 5, "the first documents")
    postgres = ground.deployment.postgres
    in_the_middle_of_a_batch(ground.deployment.database_url("postgres"), role, postgres.kill)
    postgres.start()
    ground.check(one, undisturbed=undisturbed)


class MomentMissed(AssertionError):
    """Nothing of the kind happened in a minute."""


def in_the_middle_of_a_batch(administrator: str, role: str, strike: Callable[[], None]) -> None:
    """Call `strike` while a session of this role has written something and not committed it. Raises MomentMissed."""
    deadline = time.monotonic() + LIMIT_S
    with psycopg.connect(administrator, autocommit=True) as looking:
        while not looking.execute(WRITING, [role]).fetchone():
            if time.monotonic() > deadline:
                raise MomentMissed(role)
        strike()

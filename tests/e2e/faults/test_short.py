"""The faults of every `make test`: kills and freezes mixed from a seed, the broker killed, PostgreSQL killed in a batch."""

from random import Random

import pytest

from tests.e2e.faults.ground import SEED, Ground
from tests.e2e.faults.mixture import Mixture, Stream
from tests.e2e.faults.moments import postgres_killed

pytestmark = pytest.mark.timeout(900)


def test_kills_and_freezes_at_random(shared: Ground, undisturbed: str):
    """Goal: no moment is a bad one. Case: eight blows from FAULT_SEED against one of two processes of each service."""
    stream = Stream(shared, "mixed", at_once=1)
    Mixture(shared, Random(SEED), f"seed {SEED}", stream).strike(8, frozen=2)
    shared.check(*stream.imports, undisturbed=undisturbed)


def test_the_broker_killed_and_restarted(shared: Ground, undisturbed: str):
    """Goal: what was acknowledged stays, what was not is sent again. Case: kill -9 among the collected events, then again among entries."""
    one = shared.connected("broker")
    for reached in (lambda: one.collected >= 20, lambda: one.described_invoices >= 60):
        one.until(reached, "the moment to kill the broker")
        shared.deployment.kafka.kill()
        shared.deployment.kafka.start()
    shared.check(one, undisturbed=undisturbed)


def test_postgresql_killed_in_the_middle_of_a_batch(shared: Ground, undisturbed: str):
    """Goal: a transaction is whole or not at all. Case: kill -9 while the fetcher has written a document and not committed it."""
    postgres_killed(shared, "fetcher", undisturbed)

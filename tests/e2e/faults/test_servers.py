"""The servers around the services: a cluster that loses its leaders, a database that stops answering, a topic full of redeliveries."""

import pytest

from tests.e2e.faults.cluster import coordinator, in_sync, leader_of_the_busiest_partition
from tests.e2e.faults.ground import Ground, ground
from tests.e2e.faults.moments import postgres_killed
from tests.e2e.faults.repeating import repeating

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]
FROZEN_S = 20.0


def test_a_cluster_of_three_loses_the_leader_and_the_coordinator(undisturbed: str):
    """Goal: two of three copies are enough. Case: kill -9 of the leader of the busiest partition, back again, then of the coordinator."""
    with ground(brokers=3) as cluster:
        kafka = cluster.deployment.kafka
        one = cluster.connected("cluster")
        one.until(lambda: one.collected >= 20, "the moment to kill the leader")
        kafka.kill(leader_of_the_busiest_partition(kafka.bootstrap))
        one.until(lambda: one.described_invoices >= 40, "work with two brokers")
        kafka.start()
        cluster.until(lambda: in_sync(kafka.bootstrap, 3), "three copies of everything")
        other = cluster.connected("cluster_again")
        other.until(lambda: other.classified >= 20, "the moment to kill the coordinator")
        kafka.kill(coordinator(kafka.bootstrap))
        other.until(lambda: other.told, "the import through with two brokers")
        kafka.start()
        cluster.check(one, other, undisturbed=undisturbed)


def test_postgresql_killed_while_the_ledger_books(shared: Ground, undisturbed: str):
    """Goal: a page of the book is whole or not at all. Case: kill -9 while the ledger has written entries and not committed them."""
    postgres_killed(shared, "ledger_consumer", undisturbed)


def test_postgresql_frozen(shared: Ground, undisturbed: str):
    """Goal: a database that answers nothing is waited for. Case: SIGSTOP for 20 s while the fetcher announces and the ledger books."""
    one = shared.connected("database_frozen")
    one.until(lambda: one.described_invoices >= 10, "the first entries")
    shared.deployment.postgres.freeze()
    shared.hold(FROZEN_S)
    shared.deployment.postgres.thaw()
    shared.check(one, undisturbed=undisturbed)


def test_every_record_comes_twice(shared: Ground, undisturbed: str):
    """Goal: a repeat changes nothing. Case: every record of the services' own topics again behind the live ones, byte for byte."""
    with repeating(shared.deployment.kafka.bootstrap) as repeats:
        one = shared.connected("repeated")
        one.until(lambda: one.told, "the person told")
        shared.until(lambda: repeats.caught_up, "every record repeated")
    assert repeats.count >= 3 * len(shared.truth)
    shared.check(one, undisturbed=undisturbed)

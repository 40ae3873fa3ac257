"""Ten made-up accounts, each imported from nothing: every invariant against the simulator's truth."""

import pytest

from deploy.local.demo import company, connect, outcome
from deploy.local.deployment import Account, Deployment
from deploy.local.folders import temporary_data_folder
from deploy.local.truth import truth
from deploy.local.watcher import Watcher
from tests.support import invariants

PATIENCE_SECONDS = 120.0


@pytest.mark.parametrize("seed", range(1, 11))
def test_the_import_adds_up(seed: int):
    """30 documents of two sellers and Amazon's French branch, invoices and credit notes at 20 and 5.5 %."""
    with temporary_data_folder("achats-seed-") as data, Deployment(data, Account(seed, 30)) as deployment:
        watcher = Watcher(deployment.kafka.bootstrap)
        connect(deployment, company())
        assert watcher.wait(lambda: watcher.done, PATIENCE_SECONDS)
        invariants.check(outcome(deployment, watcher, 0.0), truth(deployment))
        watcher.stop()

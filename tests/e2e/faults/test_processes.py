"""Each service killed and frozen, always all or one of its two processes, at the moment it has something in its hands."""

from collections.abc import Callable

import pytest

from deploy.local.deployment import SERVICES
from tests.e2e.faults.ground import Ground, Import

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

type Moment = Callable[[Import], bool]

# When each service is in the middle of its work.
MOMENTS: dict[str, list[Moment]] = {
    "fetcher": [lambda one: one.downloads >= 10, lambda one: one.collected >= 20],
    "classifier": [lambda one: one.classified >= 10, lambda one: one.classified >= 80],
    "ledger": [lambda one: one.described_invoices >= 10, lambda one: one.described_invoices >= 80],
    "notifier": [lambda one: one.described_invoices >= 10, lambda one: one.finished],
}


@pytest.mark.parametrize("service", SERVICES)
def test_every_process_of_a_service_killed(shared: Ground, undisturbed: str, service: str):
    """Goal: nobody else need be alive. Case: kill -9 of both processes at once, twice in one import."""
    one = shared.connected(f"killed_{service}")
    for moment in MOMENTS[service]:
        one.until(lambda moment=moment: moment(one), f"the moment to kill the {service}")
        for name in shared.replicas(service):
            shared.supervisor.kill(name)
    shared.check(one, undisturbed=undisturbed)


@pytest.mark.parametrize("service", SERVICES)
def test_each_process_of_a_service_frozen_beyond_its_session(shared: Ground, undisturbed: str, service: str):
    """Goal: whoever was given up does no harm when it wakes. Case: SIGSTOP of the one that works, until the broker counts it out; twice."""
    one = shared.connected(f"frozen_{service}")
    for moment in MOMENTS[service]:
        one.until(lambda moment=moment: moment(one), f"the moment to freeze the {service}")
        shared.freeze_beyond_session(shared.at_work(service))
    shared.check(one, undisturbed=undisturbed)


@pytest.mark.parametrize("service", SERVICES)
def test_every_process_of_a_service_frozen_beyond_its_session(shared: Ground, undisturbed: str, service: str):
    """Goal: a service that the broker forgot begins again where it was. Case: both processes SIGSTOP until the group is empty."""
    one = shared.connected(f"asleep_{service}")
    one.until(lambda: MOMENTS[service][0](one), f"the moment to freeze the {service}")
    shared.freeze_beyond_session(*shared.replicas(service))
    shared.check(one, undisturbed=undisturbed)

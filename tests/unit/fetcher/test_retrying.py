"""When a job of the fetcher is tried again, and when it has failed."""

import pytest
from procrastinate.jobs import Job

from services.fetcher.adapters.jobs import QUEUE, RetryCollect, Stopping
from services.fetcher.handler import ConsentWithdrawn
from services.kernel.errors import Refused, Unavailable


def tried_again(trouble: Exception, attempts: int) -> bool:
    """Whether a job that was tried so often before is tried again after this."""
    job = Job(id=1, queue=QUEUE, lock=None, queueing_lock=None, task_name="collect", task_kwargs={"run_id": "run-1"}, attempts=attempts)
    return RetryCollect().get_retry_decision(exception=trouble, job=job) is not None


@pytest.mark.parametrize(
    ("trouble", "last"),
    [
        (Unavailable("Amazon"), 50),
        (Refused("duplicate key"), 50),
        (ValueError("a bug"), 3),
        (ConsentWithdrawn(), 0),
    ],
)
def test_how_often_a_job_is_tried_again(trouble: Exception, last: int):
    """
    What does not answer and what another process wrote first: fifty times. A bug: three times. A withdrawn consent: never.

    Seed 384 of the simulation failed a job for good at its first race with another process, after three times without an answer.
    """
    assert [True, False] == [tried_again(trouble, last - 1), tried_again(trouble, last)] if last else not tried_again(trouble, 0)


def test_a_job_that_was_asked_to_stop_is_always_taken_up():
    """However often."""
    assert tried_again(Stopping(), 1000)

"""When a job of the fetcher is tried again, and when it has failed."""

from datetime import timedelta

import pytest
from procrastinate import RetryDecision
from procrastinate.jobs import Job
from procrastinate.utils import utcnow

from services.fetcher.adapters.jobs import QUEUE
from services.fetcher.adapters.tries import GotOn, RetryCollect, Stopping
from services.kernel.errors import Refused, Unavailable


def decided(trouble: Exception, attempts: int) -> RetryDecision | None:
    """What becomes of a job that was tried so often before."""
    job = Job(id=1, queue=QUEUE, lock=None, queueing_lock=None, task_name="collect", task_kwargs={"run_id": "run-1"}, attempts=attempts)
    return RetryCollect().get_retry_decision(exception=trouble, job=job)


def tried_again(trouble: Exception, attempts: int) -> bool:
    """Whether a job that was tried so often before is tried again after this."""
    return decided(trouble, attempts) is not None


def pause(trouble: Exception, attempts: int) -> timedelta:
    """How long that job waits."""
    before, decision = utcnow(), decided(trouble, attempts)
    assert decision is not None
    assert decision.retry_at is not None
    return timedelta(seconds=round((decision.retry_at - before).total_seconds()))


def got_on(trouble: Exception) -> GotOn:
    """This trouble, after the run had kept something."""
    outcome = GotOn()
    outcome.__cause__ = trouble
    return outcome


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 5), (1, 10), (5, 160), (8, 900), (49, 900)])
def test_a_job_that_got_on_waits_as_if_for_the_first_time(attempts: int, seconds: int):
    """Amazon does not answer, after so many tries that brought nothing: the pause doubles up to 15 minutes, and is 5 s after progress."""
    trouble = Unavailable("Amazon")
    assert [timedelta(seconds=seconds), timedelta(seconds=5)] == [pause(trouble, attempts), pause(got_on(trouble), attempts)]


@pytest.mark.parametrize(
    ("trouble", "last"),
    [
        (Unavailable("Amazon"), 50),
        (Refused("duplicate key"), 50),
        (ValueError("a bug"), 3),
    ],
)
def test_how_often_a_job_is_tried_again(trouble: Exception, last: int):
    """
    What does not answer and what another process wrote first: fifty times. A bug: three times.

    Seed 384 of the simulation failed a job for good at its first race with another process, after three times without an answer.
    """
    assert [True, False] == [tried_again(trouble, last - 1), tried_again(trouble, last)]


def test_a_job_that_was_asked_to_stop_is_always_taken_up():
    """However often."""
    assert tried_again(Stopping(), 1000)

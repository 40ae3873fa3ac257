"""A flood of documents while ledgers, PostgreSQL and Kafka are killed and frozen: the book is right, and said everything once."""

import os
from itertools import batched
from random import Random

import pytest

from services.kernel.kafka import KafkaSender
from tests.e2e.books.checking import check
from tests.e2e.books.flood import Run
from tests.e2e.books.ground import Ground, ground
from tests.e2e.books.people import Accountant
from tests.e2e.faults.ground import SEED

EVENTS = int(os.environ.get("EVENTS", "100000"))
COMPANIES, AT_ONCE = 50, 2000
BLOWS = ["kill"] * 20 + ["postgres"] * 5 + ["kafka"] * 3 + ["zombie"] * 2 + ["in copy"]


def send(standing: Ground, runs: list[Run]) -> int:
    """Put everything on the classifier's topic; how many records that were."""
    sender = KafkaSender(standing.bootstrap, "flood")
    count = 0
    for messages in batched((message for run in runs for message in run.messages()), AT_ONCE):
        assert len(messages) == sender.send(messages)
        count += len(messages)
    return count


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_events_and_thirty_one_blows():
    """
    Goal: every document once and to the cent, numbers without a hole, everything announced at least once and under one id.
    Case: 50 runs of 2,000 documents; 20 kills of a ledger, 5 of PostgreSQL, 3 of Kafka, 2 ledgers frozen through a rebalance and one in
    the middle of COPY, in an order and at distances drawn from FAULT_SEED; a person validates and reverses all the while.
    """
    dice = Random(SEED)
    blows = dice.sample(BLOWS, len(BLOWS))
    runs = [Run(number, EVENTS // COMPANIES) for number in range(COMPANIES)]
    with ground() as standing:
        count = send(standing, runs)
        marks = sorted(dice.sample(range(count * 9 // 10), len(blows)))
        accountant = Accountant(standing, [run.company for run in runs], dice)
        accountant.start()
        for mark, way in zip(marks, blows, strict=True):
            standing.until(lambda mark=mark: standing.passed() >= mark, f"{mark} records passed")
            print(f"  {way} at {standing.passed()}")
            standing.strike(way, dice)
        standing.until(lambda: standing.passed() == count, "the end of the flood")
        accountant.end()
        standing.until(standing.is_at_rest, "everything announced")
        print(f"ends: {dict(standing.supervisor.report())}")
        assert [] == standing.supervisor.unexplained()
        check(standing, runs)

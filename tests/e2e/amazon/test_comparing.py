"""The comparison finds what it is there for: each planted breach of an outcome that is right."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from services.fetcher.domain.waiting import Waiting
from tests.e2e.amazon.comparing import Held, Outcome, differences
from tests.e2e.amazon.conftest import Begin
from tests.e2e.amazon.test_scenarios import connected, everything_is_said, shipped

type Breach = Callable[[Outcome], Outcome]


def last_lost(outcome: Outcome) -> Outcome:
    """One document is not said."""
    return replace(outcome, said=outcome.said[:-1])


def said_again(outcome: Outcome) -> Outcome:
    """One document is said a second time, as its next revision."""
    again = outcome.said[-1]
    return replace(outcome, said=[*outcome.said, replace(again, data=again.data.model_copy(update={"revision": 2}))])


def under_two_ids(outcome: Outcome) -> Outcome:
    """One document is said under another id as well."""
    again = outcome.said[-1]
    return replace(outcome, said=[*outcome.said, replace(again, data=again.data.model_copy(update={"invoice_id": "inv-other"}))])


def other_bytes(outcome: Outcome) -> Outcome:
    """The shelf has something else."""
    return replace(outcome, kept=_nothing)


def _nothing(_object_key: str) -> bytes:
    return b"%PDF-"


def other_document(outcome: Outcome) -> Outcome:
    """One number is said of another's PDF."""
    first, last = outcome.said[0], outcome.said[-1]
    return replace(outcome, said=[*outcome.said[:-1], replace(last, data=last.data.model_copy(update={"document": first.data.document}))])


def too_early(outcome: Outcome) -> Outcome:
    """Said before the PDF was there."""
    return replace(outcome, said=[*outcome.said[:-1], replace(outcome.said[-1], time="2026-01-01T00:00:00.000000Z")])


def nothing_held(outcome: Outcome) -> Outcome:
    """What is missing is forgotten."""
    return replace(outcome, held=[])


def changed(outcome: Outcome, **changes: object) -> Sequence[Held]:
    return [replace(held, **changes) for held in outcome.held]  # pyright: ignore[reportArgumentType]


def wrong_reason(outcome: Outcome) -> Outcome:
    """Held for a reason that is not true."""
    return replace(outcome, held=changed(outcome, reason=Waiting.NUMBER_PENDING))


def of_another_order(outcome: Outcome) -> Outcome:
    """Something waits that nobody bought."""
    return replace(outcome, held=[*outcome.held, *changed(outcome, order_id="171-0000000-0000000")])


def for_ever(outcome: Outcome) -> Outcome:
    """It will not be asked for again."""
    return replace(outcome, held=changed(outcome, next_attempt_at=None))


def held_twice(outcome: Outcome) -> Outcome:
    """One document waits twice."""
    return replace(outcome, held=[*outcome.held, *outcome.held])


BREACHES: dict[Breach, str] = {
    last_lost: "final since",
    said_again: "with the same facts",
    under_two_ids: "several ids",
    other_bytes: "other bytes are kept",
    other_document: "said as number",
    too_early: "said before it was there",
    nothing_held: "neither said nor held",
    wrong_reason: "held for nothing",
    of_another_order: "held for nothing",
    for_ever: "without a next attempt",
    held_twice: "held 2 times for 1",
}


def test_each_breach_is_found(begin: Begin):
    """Eight documents said and one that its seller does not upload: right as it is, wrong in each of eleven ways."""
    journey = connected(begin, invoices=8)
    journey.do(deed="invoice", shipment_id=shipped(journey), uploaded=False)
    journey.live(days=2)
    assert [] == everything_is_said(journey)
    right, terms = journey.outcome(), journey.terms(settled=True)
    for breach, words in BREACHES.items():
        found = differences(journey.simulator.world, breach(right), terms)
        assert any(words in one for one in found), (breach.__name__, found)


def test_what_came_after_the_last_run_is_no_breach(begin: Begin):
    """A payment of this hour was not read yet; a day later it must have been."""
    journey = connected(begin)
    journey.do(deed="invoice", shipment_id=shipped(journey), uploaded=False)
    world, outcome, terms = journey.simulator.world, journey.outcome(), journey.terms()
    assert [] == differences(world, outcome, terms)
    [found] = differences(world, outcome, replace(terms, at=terms.at + timedelta(days=2), looked_at=terms.looked_at + timedelta(days=2)))
    assert found.startswith("neither said nor held")

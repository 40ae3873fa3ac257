"""What was counted held against what is booked: equal, missing, too many, under way, and whether both speak of the same documents."""

from datetime import date

import pytest

from schemas.emissions_counted.v1 import RunRange
from services.fetcher.domain.auditing import Emission, counted_by_day
from services.ledger.domain.reconciling import Booked, ranges, reconciled

DAY = date(2026, 3, 10)
RUN = "R-1"
(COUNTED,) = counted_by_day("C-1", [Emission(DAY, RUN, number, f"I-{number}", 1) for number in (1, 2, 3)])
ALL = {(RUN, number): [f"I-{number}/1"] for number in (1, 2, 3)}


def of(numbers: dict[tuple[str, int], list[str]], ended: int | None = 3) -> Booked:
    """A book that has these numbers, and the end of the run unless there is none."""
    return Booked(frozenset(numbers), {number: keys for number, keys in numbers.items() if keys}, {} if ended is None else {RUN: ended})


LACKS_TWO = {number: keys for number, keys in ALL.items() if number[1] != 2}
CASES: dict[str, tuple[Booked, bool, tuple[int, int, int, int, str]]] = {
    "all there": (of(ALL), False, (3, 0, 0, 0, "equal")),
    "one was lost": (of(LACKS_TWO), False, (2, 1, 0, 0, "unknown")),
    "one is under way: the end of the run is not there yet": (of(LACKS_TWO, None), False, (2, 0, 0, 1, "unknown")),
    "an end that never came": (of(LACKS_TWO, None), True, (2, 1, 0, 0, "unknown")),
    "a fourth that nobody sent": (of({**ALL, (RUN, 4): ["I-4/1"]}), False, (3, 0, 1, 0, "equal")),
    "the fourth of a run that goes on": (of({**ALL, (RUN, 4): ["I-4/1"]}, None), False, (3, 0, 0, 0, "equal")),
    "the fourth of another day of the run": (of({**ALL, (RUN, 4): ["I-4/1"]}, 4), False, (3, 0, 0, 0, "equal")),
    "another run of the company": (of({**ALL, ("R-2", 9): ["I-9/1"]}), False, (3, 0, 0, 0, "equal")),
    "another document under the number": (of({**ALL, (RUN, 2): ["I-9/1"]}), False, (3, 0, 0, 0, "different")),
    "another revision": (of({**ALL, (RUN, 2): ["I-2/2"]}), False, (3, 0, 0, 0, "different")),
    "two documents under one number": (of({**ALL, (RUN, 2): ["I-2/1", "I-9/1"]}), False, (3, 0, 0, 0, "different")),
    "a repeat, of which the book keeps nothing": (of({**ALL, (RUN, 2): []}), False, (3, 0, 0, 0, "unknown")),
    "nothing there": (of({}), False, (0, 3, 0, 0, "unknown")),
}


@pytest.mark.parametrize("name", CASES)
def test_each_case_has_its_result(name: str):
    """Booked, missing, too many, under way, content of three counted documents."""
    booked, is_old, expected = CASES[name]
    result = reconciled(COUNTED, booked, is_old)
    assert expected == (result.booked, result.missing, result.too_many, result.under_way, result.content)


def test_a_number_that_the_fetcher_gave_twice_is_different():
    (twice,) = counted_by_day("C-1", [Emission(DAY, RUN, number, f"I-{number}", 1) for number in (1, 2, 2)])
    assert "different" == reconciled(twice, of({number: ALL[number] for number in ((RUN, 1), (RUN, 2))}, 2), False).content


def test_what_is_missing_is_named():
    """Runs in order, each range without a hole; of very many the first fifty."""
    assert (
        RunRange(run_id="R-1", first=2, last=3),
        RunRange(run_id="R-1", first=5, last=5),
        RunRange(run_id="R-2", first=6, last=6),
    ) == ranges([("R-2", 6), ("R-1", 5), ("R-1", 3), ("R-1", 2)])
    assert 50 == len(ranges(("R-1", 2 * n) for n in range(1, 100)))

"""What the fetcher counted of a company on a day, held against the outcomes that the book has."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from schemas.emissions_counted.v1 import EmissionsCounted, RunRange
from schemas.emissions_reconciled.v1 import EmissionsReconciled
from schemas.values import MOST_ROWS

type Number = tuple[str, int]  # run id, number in the run


@dataclass(frozen=True, slots=True)
class Booked:
    """What the book has of some runs of a company.

    `keys` = invoice/revision of what each number brought; none for a repeat and for a refused record, which the book keeps without.
    `ended` = how many numbers each run gave, for the runs whose end is in the book.
    """

    outcomes: frozenset[Number] = frozenset()
    keys: Mapping[Number, Collection[str]] = field(default_factory=dict[Number, Collection[str]])
    ended: Mapping[str, int] = field(default_factory=dict[str, int])


def reconciled(counted: EmissionsCounted, booked: Booked, is_old: bool) -> EmissionsReconciled:
    """Equal, or what is missing and what is too many.

    A number without an outcome is under way until the end of its run, which comes behind it, is in the book; `is_old` = even so it is
    missing. Too many are numbers beyond those that the run gave, by its end.
    """
    given = [(run.run_id, number) for run in counted.runs for number in range(run.first, run.last + 1)]
    absent = [number for number in given if number not in booked.outcomes]
    missing = [number for number in absent if is_old or number[0] in booked.ended]
    runs = {run.run_id for run in counted.runs}
    beyond = sorted((run, n) for run, n in booked.outcomes if run in runs and n > booked.ended.get(run, n))
    return EmissionsReconciled(
        company_id=counted.company_id,
        day=counted.day,
        counted=counted.count,
        booked=len(given) - len(absent),
        missing=len(missing),
        missing_numbers=ranges(missing),
        too_many=len(beyond),
        too_many_numbers=ranges(beyond),
        under_way=len(absent) - len(missing),
        content=_content(counted, given, booked),
    )


def ranges(numbers: Iterable[Number]) -> tuple[RunRange, ...]:
    """The numbers, run by run, without a hole in each range; the first fifty ranges."""
    found = list[RunRange]()
    for run, number in sorted(numbers):
        if found and (found[-1].run_id, found[-1].last + 1) == (run, number):
            found[-1] = found[-1].model_copy(update={"last": number})
        else:
            found.append(RunRange(run_id=run, first=number, last=number))
    return tuple(found[:MOST_ROWS])


def _content(counted: EmissionsCounted, given: Collection[Number], booked: Booked) -> str:
    """`different` also when the fetcher gave one number twice; `unknown` where the book does not keep what a number was about."""
    if len(given) != counted.count:
        return "different"
    keys = [f"{counted.company_id}/{key}" for number in given for key in booked.keys.get(number, ())]
    if any(number not in booked.keys for number in given):
        return "unknown"
    return "equal" if hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest() == counted.digest else "different"

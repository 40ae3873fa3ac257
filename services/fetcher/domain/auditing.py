"""How many documents were said of a company on a day: a count, and a digest that does not depend on their order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from schemas.emissions_counted.v1 import EmissionsCounted, RunRange
from schemas.values import MOST_ORDERS
from services.fetcher.domain.identity import digest


@dataclass(frozen=True, slots=True)
class Emission:
    """One event about a document: its day in UTC, its place in its run, and what it was about."""

    day: date
    run_id: str
    runseq: int
    invoice_id: str
    revision: int


def counted_by_day(company_id: str, emissions: Sequence[Emission]) -> list[EmissionsCounted]:
    """One count for each day there is."""
    days = groupby(sorted(emissions, key=lambda one: one.day), key=lambda one: one.day)
    return [_counted(company_id, day, list(said)) for day, said in days]


def _counted(company_id: str, day: date, said: Sequence[Emission]) -> EmissionsCounted:
    """Of more than 500 runs in a day, as when people lift hundreds of holds, the first ones are counted."""
    named = set(sorted({one.run_id for one in said})[:MOST_ORDERS])
    counted = [one for one in said if one.run_id in named]
    keys = sorted(f"{company_id}/{one.invoice_id}/{one.revision}" for one in counted)
    runs = groupby(sorted(counted, key=lambda one: (one.run_id, one.runseq)), key=lambda one: one.run_id)
    numbers = [(run_id, [one.runseq for one in of_run]) for run_id, of_run in runs]
    ranges = tuple(RunRange(run_id=run_id, first=given[0], last=given[-1]) for run_id, given in numbers)
    return EmissionsCounted(company_id=company_id, day=day, count=len(counted), digest=digest(*keys), runs=ranges)

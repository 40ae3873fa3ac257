"""The daily comparison: what the fetcher said of each company, held against the book; each new result is said, once."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import aiosql

from schemas.emissions_counted.v1 import EmissionsCounted, RunRange
from schemas.emissions_reconciled.v1 import EmissionsReconciled
from schemas.registry import topic_for
from services.kernel.clock import Clock, instant
from services.kernel.envelope import Event, encode, event_id
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.daily.counts import Count
from services.ledger.adapters.rows import SOURCE
from services.ledger.domain.reconciling import Booked, Number, reconciled
from services.ledger.handler import SERVICE

QUERIES: Any = aiosql.from_path(Path(__file__).with_name("reconciling.sql"), "psycopg")
PATIENCE = timedelta(hours=48)  # as long as an import may last before somebody is told that it is late
CONTENTS = {"equal": "contenu identique", "different": "CONTENU DIFFÉRENT", "unknown": "contenu non comparable"}

type CountsSince = Callable[[datetime], Sequence[Count]]


class Reconciling:
    """Compares and says; `found` counts the results that somebody must look at."""

    def __init__(self, store: PostgresStore, counts_since: CountsSince, clock: Clock) -> None:
        """Reads as the role `ledger_app`, and puts into the outbox what is to be said."""
        self._store, self._counts_since, self._clock = store, counts_since, clock
        self.found = 0

    def compare(self, day: date | None) -> Iterator[str]:
        """A line for each company and day: of this day (UTC), or all that was counted since yesterday. Raises Unavailable, Poison.

        A day's counts are said on it or later; where the fetcher's clock runs ahead of the world's, not before yesterday.
        """
        lately = self._clock.now().date() - timedelta(days=1)
        counts = self._counts_since(datetime.combine(min(day or lately, lately), time(), UTC))
        for count in counts:
            if day in (None, count.data.day):
                result = reconciled(count.data, self._booked(count.data), self._clock.now() - count.at > PATIENCE)
                self.found += _is_wrong(result)
                self._say(result)
                yield _line(result)

    def _booked(self, counted: EmissionsCounted) -> Booked:
        about = {"company_id": counted.company_id, "runs": [run.run_id for run in counted.runs]}
        keys = defaultdict[Number, list[str]](list)
        with self._store.connection() as connection:
            ended = dict(QUERIES.ended(connection, **about))  # before the outcomes: what comes meanwhile is not taken for missing
            rows: list[tuple[str, int, str | None]] = list(QUERIES.outcomes(connection, **about))
        for run, number, key in rows:
            if key is not None:
                keys[run, number].append(key)
        return Booked(frozenset((run, number) for run, number, _ in rows), keys, ended)

    def _say(self, result: EmissionsReconciled) -> None:
        named = event_id(SOURCE, result.ce_type, result.subject, hashlib.sha256(result.model_dump_json().encode()).hexdigest())
        message = encode(Event(named, SOURCE, instant(self._clock.now()), result), topic_for(SERVICE, EmissionsReconciled))
        with self._store.transaction() as transaction:
            if transaction.claim(named):
                transaction.send(message)


def _is_wrong(result: EmissionsReconciled) -> bool:
    return bool(result.missing or result.too_many or result.content == "different")


def _line(result: EmissionsReconciled) -> str:
    parts = [f"{result.company_id} au {result.day:%d/%m/%Y} : {result.counted} annoncés, {result.booked} dans le livre"]
    if result.missing:
        parts.append(f"MANQUENT {result.missing} : {_numbers(result.missing_numbers)}")
    if result.too_many:
        parts.append(f"EN TROP {result.too_many} : {_numbers(result.too_many_numbers)}")
    if result.under_way:
        parts.append(f"{result.under_way} pas encore")
    return ", ".join([*parts, CONTENTS[result.content]]) + "."


def _numbers(numbers: Sequence[RunRange]) -> str:
    """`run-1 n° 2, run-1 n° 7 à 9`."""
    return ", ".join(f"{run.run_id} n° {run.first}{f' à {run.last}' if run.last > run.first else ''}" for run in numbers)

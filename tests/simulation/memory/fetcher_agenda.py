"""The queries of agenda.sql, by their names."""

from collections.abc import Callable
from itertools import islice

from tests.simulation.memory.rows import Answer, Row, Rows

AGENDA: dict[str, Callable[[Rows, Row], Answer]] = {}
COLUMNS = ("connection_id", "kind", "due_at")


def query(statement: Callable[[Rows, Row], Answer]) -> Callable[[Rows, Row], Answer]:
    """The function answers the query of its name."""
    AGENDA[statement.__name__] = statement
    return statement


@query
def begin_agenda(rows: Rows, given: Row) -> Answer:
    """Unless it has one of that kind."""
    return rows.add("agenda", (given["connection_id"], given["kind"]), {name: given[name] for name in COLUMNS})


@query
def due(rows: Rows, given: Row) -> Answer:
    """Longest due first; what another transaction holds is skipped, what it put off is no longer due."""
    found = sorted((row for row in rows.where("agenda") if row["due_at"] <= given["now"]), key=_turn)
    ours = (row for row in found if rows.try_locked("agenda", (row["connection_id"], row["kind"])))
    return list(islice(ours, given["limit"]))


@query
def put_off(rows: Rows, given: Row) -> Answer:
    """Another moment."""
    return rows.change("agenda", (given["connection_id"], given["kind"]), {"due_at": given["due_at"]})


def _turn(row: Row) -> tuple[object, ...]:
    return row["due_at"], row["connection_id"], row["kind"]

"""The queries of histories.sql, by their names."""

from collections.abc import Callable

from tests.simulation.memory.rows import Answer, Row, Rows, picked

HISTORIES: dict[str, Callable[[Rows, Row], Answer]] = {}
MIGRATION = ("migration_id", "run_id", "company_id", "connection_id", "since", "until", "state", "orders")
STEP = ("state", "at", "who", "quote")


def query(statement: Callable[[Rows, Row], Answer]) -> Callable[[Rows, Row], Answer]:
    """The function answers the query of its name."""
    HISTORIES[statement.__name__] = statement
    return statement


@query
def put_migration(rows: Rows, given: Row) -> Answer:
    """One that is open for each connection."""
    rows.hold("migration_open", given["connection_id"])
    if any(row["state"] not in ("done", "refused") for row in rows.where("migration", connection_id=given["connection_id"])):
        return 0
    return rows.add("migration", given["migration_id"], {**given, "orders": None})


@query
def migrations(rows: Rows, given: Row) -> Answer:
    """Latest first."""
    begun = {row["migration_id"]: row["at"] for row in rows.where("migration_step", place=1)}
    found = sorted(rows.where("migration", company_id=given["company_id"]), key=lambda row: row["migration_id"])
    found.sort(key=lambda row: begun[row["migration_id"]], reverse=True)
    return [one for row in found for one in picked(row, MIGRATION)]


@query
def locked_migration(rows: Rows, given: Row) -> Answer:
    """One that is ours until the commit."""
    return picked(rows.locked("migration", given["migration_id"]), MIGRATION)


@query
def migration_of_run(rows: Rows, given: Row) -> Answer:
    """At most one."""
    return [one for row in rows.where("migration", run_id=given["run_id"]) for one in picked(row, MIGRATION)]


@query
def move_migration(rows: Rows, given: Row) -> Answer:
    """Another state."""
    return rows.change("migration", given["migration_id"], {"state": given["state"], "orders": given["orders"]})


@query
def put_step(rows: Rows, given: Row) -> Answer:
    """The next one."""
    place = 1 + len(rows.where("migration_step", migration_id=given["migration_id"]))
    return rows.must_add("migration_step", (given["migration_id"], place), {**given, "place": place})


@query
def steps(rows: Rows, given: Row) -> Answer:
    """First to last."""
    found = sorted(rows.where("migration_step", migration_id=given["migration_id"]), key=lambda row: row["place"])
    return [one for row in found for one in picked(row, STEP)]


@query
def standing_in_the_way(rows: Rows, given: Row) -> Answer:
    """Jobs that wait for a moment are no hindrance here: the queue's clock is not the statement's."""
    mine = rows.where("job", run_id=given["run_id"], status="doing")
    waiting = [job for job in rows.where("job", status="todo") if job["scheduled_at"] is None]
    return [{"standing": any(job["lock"] == own["lock"] and job["priority"] > own["priority"] for own in mine for job in waiting)}]


@query
def release_lines(rows: Rows, given: Row) -> Answer:
    """Everybody's."""
    return _released(rows, "order_line", ("connection_id", "order_id", "order_line_item_id", "shipment_id"), given["connection_id"])


@query
def release_wanted(rows: Rows, given: Row) -> Answer:
    """Everybody's."""
    return _released(rows, "wanted", ("connection_id", "order_id", "number"), given["connection_id"])


def _released(rows: Rows, table: str, key: tuple[str, ...], connection_id: str) -> int:
    found = rows.where(table, connection_id=connection_id, of_history=True)
    return sum(rows.change(table, tuple(row[name] for name in key), {"of_history": False}) for row in found)

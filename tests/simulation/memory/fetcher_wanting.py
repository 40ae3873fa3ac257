"""The queries of `collecting/`, by their names: what is wanted of Amazon and when, and what waits."""

from collections.abc import Callable
from datetime import datetime

from tests.simulation.memory.rows import Answer, Row, Rows, picked

WANTED = ("order_id", "number", "moved_at", "failures", "trouble", "next_attempt_at", "kind")
WAIT = ("order_id", "number", "reason", "since", "next_attempt_at")
UNDER_WAY = ("asked", "ready")
UNSEEN = {"news": 1, "news_seen": 0}

WANTING: dict[str, Callable[[Rows, Row], Answer]] = {}


def query(statement: Callable[[Rows, Row], Answer]) -> Callable[[Rows, Row], Answer]:
    """The function answers the query of its name."""
    WANTING[statement.__name__] = statement
    return statement


def _key(row: Row) -> tuple[str, str, str]:
    return row["connection_id"], row["order_id"], row["number"]


def of_orders(rows: Rows, table: str, given: Row) -> list[Row]:
    """The rows of a table about these orders."""
    return [row for row in rows.where(table, connection_id=given["connection_id"]) if row["order_id"] in given["orders"]]


def _new(given: Row, order_id: str, number: str, next_attempt_at: datetime) -> Row:
    key = {"connection_id": given["connection_id"], "order_id": order_id, "number": number}
    ladder = {"moved_at": given["moved_at"] or given["now"], "failures": 0, "trouble": None, "next_attempt_at": next_attempt_at}
    return {**key, **ladder, "touched_at": given["now"], "of_history": given["of_history"], "kind": given.get("kind", "invoice"), **UNSEEN}


@query
def want_order(rows: Rows, given: Row) -> Answer:
    """Wanted from the earlier of the two moments on."""
    key = (given["connection_id"], given["order_id"], "")
    if rows.add("wanted", key, _new(given, given["order_id"], "", given["next_attempt_at"])):
        return 1

    def seen(row: Row) -> Row:
        touched = {"touched_at": given["now"], "of_history": row["of_history"] and given["of_history"]}
        earlier = min(moment for moment in (row["next_attempt_at"], given["next_attempt_at"]) if moment)
        moved_at = max(row["moved_at"], given["moved_at"] or row["moved_at"])
        return {**touched, "news": row["news"] + 1, "moved_at": moved_at, "failures": 0, "next_attempt_at": earlier}

    return rows.alter("wanted", key, seen)


@query
def see_orders(rows: Rows, given: Row) -> Answer:
    """Those of which something waits, and those that were a migration's."""
    waits = {row["order_id"] for row in of_orders(rows, "waiting", given)}
    own = [row for row in of_orders(rows, "wanted", given) if row["number"] == ""]
    seen = [row for row in own if row["order_id"] in waits or (row["of_history"] and not given["of_history"])]
    return sum(
        rows.change(
            "wanted",
            (row["connection_id"], row["order_id"], ""),
            {"touched_at": given["now"], "of_history": row["of_history"] and given["of_history"]},
        )
        for row in seen
    )


@query
def want_number(rows: Rows, given: Row) -> Answer:
    """Once."""
    key = (given["connection_id"], "", given["number"])
    return rows.add("wanted", key, _new(given, "", given["number"], given["now"]))


@query
def hasten(rows: Rows, given: Row) -> Answer:
    """Now."""
    key = (given["connection_id"], given["order_id"], "")
    return rows.alter("wanted", key, lambda row: {"next_attempt_at": given["now"], "touched_at": given["now"], "news": row["news"] + 1})


@query
def touch(rows: Rows, given: Row) -> Answer:
    """Each of the orders."""
    keys = [(given["connection_id"], order_id, "") for order_id in given["orders"]]
    return sum(rows.alter("wanted", key, lambda row: {"touched_at": given["now"], "news": row["news"] + 1}) for key in keys)


@query
def orders_to_look_at(rows: Rows, given: Row) -> Answer:
    """By id, behind the one given."""
    orders = rows.where("wanted", connection_id=given["connection_id"], number="")
    waits = {row["order_id"] for row in rows.where("waiting", connection_id=given["connection_id"])}
    ours = [row for row in orders if row["order_id"] > given["after"] and (given["of_history"] or not row["of_history"])]
    seen = [row for row in ours if row["touched_at"] >= given["started_at"] and row["order_id"] in waits]
    found = {row["order_id"]: row["news"] for row in [*seen, *(row for row in ours if row["news"] > row["news_seen"])]}
    return [{"order_id": order_id, "news": found[order_id]} for order_id in sorted(found)[: given["limit"]]]


@query
def look_at(rows: Rows, given: Row) -> Answer:
    """Never less than before."""
    key = (given["connection_id"], given["order_id"], "")
    return rows.alter("wanted", key, lambda row: {"news_seen": given["news"]} if row["news_seen"] < given["news"] else None)


@query
def next_wanted(rows: Rows, given: Row) -> Answer:
    """Due, and no report under way."""
    reports = rows.where("report", connection_id=given["connection_id"])
    under_way = {(row["order_id"], row["number"]) for row in reports if row["state"] in UNDER_WAY}
    wanted = rows.where("wanted", connection_id=given["connection_id"], of_history=given["of_history"])
    due = [row for row in wanted if row["next_attempt_at"] is not None and row["next_attempt_at"] <= given["now"]]
    free = [row for row in due if (row["order_id"], row["number"]) not in under_way]
    ordered = sorted(free, key=lambda row: (row["next_attempt_at"], row["order_id"], row["number"]))
    return [one for row in ordered[: given["limit"]] for one in picked(row, WANTED)]


@query
def wanted(rows: Rows, given: Row) -> Answer:
    """Ours until the commit."""
    keys = sorted({(given["connection_id"], *key) for key in zip(given["orders"], given["numbers"], strict=True)})
    return [one for key in keys for one in picked(rows.locked("wanted", key), WANTED)]


@query
def put_wanted(rows: Rows, given: Row) -> Answer:
    """Unless it was moved."""
    stands = {name: given[name] for name in ("failures", "trouble", "next_attempt_at")}

    def moved(row: Row) -> Row | None:
        touched = {"touched_at": given["now"], "news": row["news"] + given["news"]}
        return {**stands, **touched} if row["next_attempt_at"] == given["seen_at"] else None

    return rows.alter("wanted", _key(given), moved)


@query
def orders_of_numbers(rows: Rows, given: Row) -> Answer:
    """In order."""
    numbers = rows.where("line_number", connection_id=given["connection_id"])
    found = sorted({(row["number"], row["order_id"]) for row in numbers if row["number"] in given["numbers"]})
    return [{"number": number, "order_id": order_id} for number, order_id in found]


@query
def wants_of_orders(rows: Rows, given: Row) -> Answer:
    """Their own, and those of their numbers."""
    own = {(order, order, "") for order in given["orders"]}
    shown = own | {(row["order_id"], "", row["number"]) for row in of_orders(rows, "line_number", given)}
    found = [(order, rows.one("wanted", (given["connection_id"], *key))) for order, *key in sorted(shown, key=lambda one: one[2])]
    return [{"of_order": order, **one} for order, row in found for one in picked(row, WANTED)]


@query
def waits_of_orders(rows: Rows, given: Row) -> Answer:
    """By place."""
    found = sorted(of_orders(rows, "waiting", given), key=lambda row: row["place"])
    return [one for row in found for one in picked(row, WAIT)]


@query
def end_waits(rows: Rows, given: Row) -> Answer:
    """All of the orders."""
    found = of_orders(rows, "waiting", given)
    for row in found:
        rows.remove("waiting", (row["connection_id"], row["order_id"], row["place"]))
    return len(found)


@query
def put_wait(rows: Rows, given: Row) -> Answer:
    """In a place of its own."""
    columns = {name: given[name] for name in ("connection_id", "place", *WAIT)}
    return rows.must_add("waiting", (given["connection_id"], given["order_id"], given["place"]), columns)


@query
def waiting(rows: Rows, given: Row) -> Answer:
    """Oldest first."""
    found = rows.where("waiting", connection_id=given["connection_id"])
    ordered = sorted(found, key=lambda row: (row["since"], row["order_id"], row["place"]))
    return [one for row in ordered[: given["limit"]] for one in picked(row, WAIT)]

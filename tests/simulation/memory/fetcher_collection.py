"""The queries of `collecting/`, by their names: what the scan keeps, what is asked, what came."""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.kernel.errors import Refused
from tests.simulation.memory.fetcher_companies import RUN, run
from tests.simulation.memory.fetcher_saying import SAYING
from tests.simulation.memory.fetcher_wanting import WANTING, of_orders
from tests.simulation.memory.rows import Answer, Row, Rows, picked

LINE = ("order_id", "order_line_item_id", "shipment_id")
NUMBER = (*LINE, "number", "kind", "issue_date", "origin", "consolidated")
ORDER_LINE = (*LINE, "charged", "refunded", "pending", "moved_at", "ask_at")
REPORT = ("report_id", "order_id", "number", "state", "polls", "asked_at", "next_poll_at", "report_document_id")
PAPER = ("sha256", "size_bytes", "object_key", "number", "evidence")

COLLECTION: dict[str, Callable[[Rows, Row], Answer]] = {"run": run, **SAYING, **WANTING}


def query(statement: Callable[[Rows, Row], Answer]) -> Callable[[Rows, Row], Answer]:
    """The function answers the query of its name."""
    COLLECTION[statement.__name__] = statement
    return statement


@query
def locked_run(rows: Rows, given: Row) -> Answer:
    """One run that is ours until the commit."""
    return picked(rows.locked("run", given["run_id"]), RUN)


@query
def see_entity(rows: Rows, given: Row) -> Answer:
    """Once."""
    key = (given["connection_id"], given["name"])
    return rows.add("legal_entity", key, {"connection_id": key[0], "name": key[1], "ours": None, "first_seen": given["now"]})


@query
def entities(rows: Rows, given: Row) -> Answer:
    """By name."""
    found = sorted(rows.where("legal_entity", connection_id=given["connection_id"]), key=lambda row: row["name"])
    return [{"name": row["name"], "ours": row["ours"]} for row in found]


@query
def settle_entity(rows: Rows, given: Row) -> Answer:
    """Unless somebody decided."""
    return rows.alter("legal_entity", (given["connection_id"], given["name"]), lambda row: {"ours": True} if row["ours"] is None else None)


@query
def begin_scan(rows: Rows, given: Row) -> Answer:
    """Once."""
    return rows.add("scan", given["run_id"], {"next_page_token": None, "pages": 0, "rows_read": 0, "rows_outside": 0, "finished_at": None})


@query
def scan(rows: Rows, given: Row) -> Answer:
    """How far it is."""
    return picked(rows.one("scan", given["run_id"]), ("next_page_token", "pages", "finished_at"))


@query
def advance_scan(rows: Rows, given: Row) -> Answer:
    """One page more."""

    def turned(row: Row) -> Row:
        here = {name: given[name] for name in ("next_page_token", "finished_at")}
        counted = {name: row[name] + given[name] for name in ("rows_read", "rows_outside")}
        return {**here, "pages": row["pages"] + 1, **counted}

    return rows.alter("scan", given["run_id"], turned)


@query
def restart_scan(rows: Rows, given: Row) -> Answer:
    """Without a token it begins again."""
    return rows.change("scan", given["run_id"], {"next_page_token": None})


def _current(rows: Rows, given: Row) -> list[Row]:
    about = {name: given[name] for name in ("connection_id", "transaction_id")}
    return rows.where("amazon_transaction", **about, current=True)


def _alter_current(rows: Rows, given: Row, changes: Row) -> int:
    keys = [(row["connection_id"], row["transaction_id"], row["version"]) for row in _current(rows, given)]
    return sum(rows.alter("amazon_transaction", key, lambda row: changes if row["current"] else None) for key in keys)


@query
def current_hashes(rows: Rows, given: Row) -> Answer:
    """Of the current versions."""
    current = rows.where("amazon_transaction", connection_id=given["connection_id"], current=True)
    found = [row for row in current if row["transaction_id"] in given["transactions"]]
    return [{name: row[name] for name in ("transaction_id", "content_hash")} for row in found]


@query
def see_transactions(rows: Rows, given: Row) -> Answer:
    """The current versions were seen, by a weekly scan or after they were missed."""
    current = rows.where("amazon_transaction", connection_id=given["connection_id"], current=True)
    seen = [row for row in current if row["transaction_id"] in given["transactions"] and (given["weekly"] or row["missed"])]
    changes = {"last_seen": given["now"], "missed": 0, "missed_since": None}
    return sum(_alter_current(rows, row, changes) for row in seen)


@query
def retire_transaction(rows: Rows, given: Row) -> Answer:
    """There is no current version."""
    return _alter_current(rows, given, {"current": False})


@query
def put_transaction(rows: Rows, given: Row) -> Answer:
    """The version after those there are; Refused when another transaction made one meanwhile."""
    about = {name: given[name] for name in ("connection_id", "transaction_id")}
    rows.hold("amazon_transaction_current", tuple(about.values()))
    if _current(rows, given):
        raise Refused('duplicate key value violates unique constraint "amazon_transaction_current"')
    version = 1 + len(rows.where("amazon_transaction", **about))
    dated = {"dated_on": given["dated_on"], "first_seen": given["now"], "last_seen": given["now"], "missed": 0, "missed_since": None}
    new = {**about, "version": version, "current": True, "content_hash": given["content_hash"], "raw": json.loads(given["raw"])}
    return rows.must_add("amazon_transaction", (*about.values(), version), {**new, **dated})


@query
def miss_transactions(rows: Rows, given: Row) -> Answer:
    """What a weekly scan should have shown."""

    def missed(row: Row) -> Row:
        return {"missed": row["missed"] + 1, "missed_since": (row["missed_since"] or given["now"]) if row["missed"] >= 1 else None}

    current = rows.where("amazon_transaction", connection_id=given["connection_id"], current=True)
    unseen = [row for row in current if row["last_seen"] < given["started_at"]]
    found = [row for row in unseen if row["dated_on"] is not None and row["dated_on"] >= given["shown_since"]]
    keys = [(row["connection_id"], row["transaction_id"], row["version"]) for row in found]
    return sum(rows.alter("amazon_transaction", key, missed) for key in keys)


def _line_key(given: Row) -> tuple[Any, ...]:
    return (given["connection_id"], *(given[name] for name in LINE))


@query
def put_line(rows: Rows, given: Row) -> Answer:
    """What was ever charged or refunded stays so."""
    named = {name: given[name] for name in ("connection_id", *LINE, "charged", "refunded", "of_history")}
    asked = {"pending": False, "asked_at": None, "ask_at": given["now"], "moved_at": given["moved_at"] or given["now"]}
    if rows.add("order_line", _line_key(given), {**named, **asked, "seen_at": given["now"], "changed_at": given["now"]}):
        return 1

    def seen(row: Row) -> Row:
        money = {name: row[name] or given[name] for name in ("charged", "refunded")}
        moved_at = max(row["moved_at"], given["moved_at"] or row["moved_at"])
        changed = {"changed_at": given["now"], "ask_at": given["now"], "moved_at": moved_at}
        return {**money, "seen_at": given["now"], "of_history": row["of_history"] and given["of_history"], **changed}

    return rows.alter("order_line", _line_key(given), seen)


@query
def share_lines(rows: Rows, given: Row) -> Answer:
    """Those that were a migration's."""
    lines = [row for row in rows.where("order_line", connection_id=given["connection_id"]) if row["order_id"] in given["orders"]]
    return sum(rows.change("order_line", _line_key(row), {"of_history": False}) for row in lines if row["of_history"])


@query
def lines_to_ask(rows: Rows, given: Row) -> Answer:
    """In the order of their keys."""
    known = {(*_line_key(row), row["kind"]) for row in rows.where("line_number")}
    lines = rows.where("order_line", connection_id=given["connection_id"], of_history=given["of_history"])
    wanted = [line for line in lines if _may_be_asked(line, given["now"]) and _is_to_ask(line, known)]
    return [one for line in sorted(wanted, key=_line_key)[: given["limit"]] for one in picked(line, ORDER_LINE)]


def _may_be_asked(line: Row, now: datetime) -> bool:
    """Shipped, and its turn has come."""
    return line["shipment_id"] != "" and line["ask_at"] is not None and line["ask_at"] <= now


def _is_to_ask(line: Row, known: set[tuple[Any, ...]]) -> bool:
    """Changed since it was asked, or a number is unknown in a direction that money went, or in any when nobody knows which."""
    if line["asked_at"] is None or line["asked_at"] < line["changed_at"]:
        return True
    if not line["charged"] and not line["refunded"]:
        return not any((*_line_key(line), kind) in known for kind in ("invoice", "credit_note"))
    moved = [kind for kind, went in (("invoice", line["charged"]), ("credit_note", line["refunded"])) if went]
    return any((*_line_key(line), kind) not in known for kind in moved)


@query
def mark_asked(rows: Rows, given: Row) -> Answer:
    """Asked now."""
    return rows.change("order_line", _line_key(given), {"asked_at": given["now"], "pending": given["pending"], "ask_at": given["ask_at"]})


@query
def ask_neighbours(rows: Rows, given: Row) -> Answer:
    """Those whose turn is later."""
    lines = rows.where("order_line", **{name: given[name] for name in ("connection_id", "order_id", "shipment_id")})
    late = [line for line in lines if line["ask_at"] is None or line["ask_at"] > given["now"]]
    earlier = [line for line in late if line["asked_at"] is not None and line["asked_at"] < given["started_at"]]
    return sum(rows.change("order_line", _line_key(line), {"ask_at": given["now"]}) for line in earlier)


@query
def put_number(rows: Rows, given: Row) -> Answer:
    """A day is never forgotten, and `/invoices` as an origin never taken back."""
    key = (*_line_key(given), given["number"], given["kind"])
    if rows.add("line_number", key, {name: given[name] for name in ("connection_id", *NUMBER)}):
        return 1

    def better(row: Row) -> Row:
        day = given["issue_date"] or row["issue_date"]
        consolidated = row["consolidated"] or given["consolidated"]
        return {
            "issue_date": day,
            "consolidated": consolidated,
            "origin": given["origin"] if given["origin"] == "api:invoices" else row["origin"],
        }

    return rows.alter("line_number", key, better)


@query
def put_report(rows: Rows, given: Row) -> Answer:
    """Whose run, whose order and when it was asked for stay."""
    new = {name: given[name] for name in (*REPORT, "run_id", "connection_id")}
    stands = {name: given[name] for name in ("state", "polls", "next_poll_at", "report_document_id")}
    return rows.add("report", given["report_id"], {**new, "payload_sha256": None}) or rows.change("report", given["report_id"], stands)


@query
def next_reports(rows: Rows, given: Row) -> Answer:
    """Those that are due first."""
    found = rows.where("report", connection_id=given["connection_id"], state=given["state"])
    ordered = sorted(found, key=lambda row: (row["next_poll_at"], row["report_id"]))
    return [one for row in ordered[: given["limit"]] for one in picked(row, REPORT)]


@query
def put_payload(rows: Rows, given: Row) -> Answer:
    """The hash."""
    return rows.change("report", given["report_id"], {"payload_sha256": given["payload_sha256"]})


@query
def put_document(rows: Rows, given: Row) -> Answer:
    """Once per connection."""
    printed = json.loads(given["evidence"])["type"]
    named = {name: given[name] for name in ("connection_id", *PAPER, "number", "payload_sha256")}
    new = {**named, "type": printed and printed["value"], "received_at": given["now"]}
    return rows.add("document", (given["connection_id"], given["sha256"]), new)


@query
def claim_document(rows: Rows, given: Row) -> Answer:
    """Unless it has a number, or came for other orders."""
    about = {"connection_id": given["connection_id"], "sha256": given["sha256"]}
    if any(row["order_id"] not in given["orders"] for row in rows.where("document_order", **about)):
        return 0
    return rows.alter("document", tuple(about.values()), lambda row: None if row["number"] else {"number": given["number"]})


@query
def put_document_order(rows: Rows, given: Row) -> Answer:
    """Once."""
    columns = {name: given[name] for name in ("connection_id", "sha256", "order_id")}
    return rows.add("document_order", tuple(columns.values()), columns)


@query
def lines_of_orders(rows: Rows, given: Row) -> Answer:
    """By shipment."""
    found = of_orders(rows, "order_line", given)
    ordered = sorted(found, key=lambda row: (row["shipment_id"], row["order_line_item_id"]))
    return [one for row in ordered for one in picked(row, ORDER_LINE)]


@query
def numbers_of_orders(rows: Rows, given: Row) -> Answer:
    """By number."""
    found = of_orders(rows, "line_number", given)
    ordered = sorted(found, key=lambda row: (row["number"], row["kind"], row["shipment_id"], row["order_line_item_id"]))
    return [one for row in ordered for one in picked(row, NUMBER)]


@query
def papers_of_orders(rows: Rows, given: Row) -> Answer:
    """Those that came for an order, and those that bear one of its numbers."""
    came = {(row["order_id"], row["sha256"]) for row in of_orders(rows, "document_order", given)}
    bears = {(row["order_id"], row["number"]) for row in of_orders(rows, "line_number", given)}
    documents = sorted(rows.where("document", connection_id=given["connection_id"]), key=lambda row: (row["received_at"], row["sha256"]))
    shown = [
        (order, row) for row in documents for order in given["orders"] if (order, row["sha256"]) in came or (order, row["number"]) in bears
    ]
    bearers = defaultdict[str, set[str]](set)
    for row in rows.where("line_number", connection_id=given["connection_id"]):
        bearers[row["number"]].add(row["order_id"])

    def astray(order: str, number: str | None) -> bool:
        having = bearers.get(number or "", set[str]())
        return bool(having) and order not in having

    return [{"order_id": order, **{name: row[name] for name in PAPER}, "of_another": astray(order, row["number"])} for order, row in shown]

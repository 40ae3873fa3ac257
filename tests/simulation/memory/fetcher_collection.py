"""The queries of collection.sql, by their names: what the scan keeps, what is asked, what came."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.kernel.errors import Refused
from tests.simulation.memory.fetcher_companies import RUN, run
from tests.simulation.memory.fetcher_saying import SAYING
from tests.simulation.memory.rows import Answer, Row, Rows, picked

LINE = ("order_id", "order_line_item_id", "shipment_id")
NUMBER = (*LINE, "number", "kind", "issue_date", "origin")
REPORT = ("report_id", "order_id", "state", "polls", "asked_at", "next_poll_at", "report_document_id")
PAPER = ("sha256", "size_bytes", "object_key", "evidence")

COLLECTION: dict[str, Callable[[Rows, Row], Answer]] = {"run": run, **SAYING}


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
    return rows.add("scan", given["run_id"], {"next_page_token": None, "pages": 0, "rows_read": 0, "finished_at": None})


@query
def scan(rows: Rows, given: Row) -> Answer:
    """How far it is."""
    return picked(rows.one("scan", given["run_id"]), ("next_page_token", "pages", "finished_at"))


@query
def advance_scan(rows: Rows, given: Row) -> Answer:
    """One page more."""

    def turned(row: Row) -> Row:
        here = {name: given[name] for name in ("next_page_token", "finished_at")}
        return {**here, "pages": row["pages"] + 1, "rows_read": row["rows_read"] + given["rows_read"]}

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
def current_hash(rows: Rows, given: Row) -> Answer:
    """Of the current version."""
    return [{"content_hash": row["content_hash"]} for row in _current(rows, given)]


@query
def see_transaction(rows: Rows, given: Row) -> Answer:
    """The current version was seen."""
    return _alter_current(rows, given, {"last_seen": given["now"]})


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
    dated = {"first_seen": given["now"], "last_seen": given["now"]}
    new = {**about, "version": version, "current": True, "content_hash": given["content_hash"], "raw": json.loads(given["raw"])}
    return rows.must_add("amazon_transaction", (*about.values(), version), {**new, **dated})


def _line_key(given: Row) -> tuple[Any, ...]:
    return (given["connection_id"], *(given[name] for name in LINE))


@query
def see_line(rows: Rows, given: Row) -> Answer:
    """What was ever charged or refunded stays so; only a changed transaction moves `changed_at`."""
    named = {name: given[name] for name in ("connection_id", *LINE, "charged", "refunded")}
    asked = {"pending": False, "asked_at": None}
    if rows.add("order_line", _line_key(given), {**named, **asked, "seen_at": given["now"], "changed_at": given["now"]}):
        return 1

    def seen(row: Row) -> Row:
        money = {name: row[name] or given[name] for name in ("charged", "refunded")}
        return {**money, "seen_at": given["now"], "changed_at": given["now"] if given["changed"] else row["changed_at"]}

    return rows.alter("order_line", _line_key(given), seen)


@query
def lines_to_ask(rows: Rows, given: Row) -> Answer:
    """In the order of their keys."""
    known = {(*_line_key(row), row["kind"]) for row in rows.where("line_number")}
    lines = rows.where("order_line", connection_id=given["connection_id"])
    wanted = [line for line in lines if _may_be_asked(line, given["started_at"]) and _is_to_ask(line, known)]
    return [one for line in sorted(wanted, key=_line_key)[: given["limit"]] for one in picked(line, LINE)]


def _may_be_asked(line: Row, started_at: datetime) -> bool:
    """Shipped, seen in this run and not asked in it."""
    asked = line["asked_at"]
    return line["shipment_id"] != "" and line["seen_at"] >= started_at and (asked is None or asked < started_at)


def _is_to_ask(line: Row, known: set[tuple[Any, ...]]) -> bool:
    """Changed since it was asked, or a number is unknown in a direction that money went."""
    if line["asked_at"] is None or line["asked_at"] < line["changed_at"]:
        return True
    moved = [kind for kind, went in (("invoice", line["charged"]), ("credit_note", line["refunded"])) if went]
    return any((*_line_key(line), kind) not in known for kind in moved)


@query
def mark_asked(rows: Rows, given: Row) -> Answer:
    """Asked now."""
    return rows.change("order_line", _line_key(given), {"asked_at": given["now"], "pending": given["pending"]})


@query
def put_number(rows: Rows, given: Row) -> Answer:
    """A day is never forgotten, and `/invoices` as an origin never taken back."""
    key = (*_line_key(given), given["number"], given["kind"])
    if rows.add("line_number", key, {name: given[name] for name in ("connection_id", *NUMBER)}):
        return 1

    def better(row: Row) -> Row:
        day = given["issue_date"] or row["issue_date"]
        return {"issue_date": day, "origin": given["origin"] if given["origin"] == "api:invoices" else row["origin"]}

    return rows.alter("line_number", key, better)


def _seen(rows: Rows, given: Row) -> dict[str, list[Row]]:
    """The lines of this run's scan, by order."""
    lines = [row for row in rows.where("order_line", connection_id=given["connection_id"]) if row["seen_at"] >= given["started_at"]]
    return {order_id: [line for line in lines if line["order_id"] == order_id] for order_id in sorted({line["order_id"] for line in lines})}


@query
def orders_seen(rows: Rows, given: Row) -> Answer:
    """In order."""
    return [{"order_id": order_id} for order_id in _seen(rows, given)]


@query
def orders_to_request(rows: Rows, given: Row) -> Answer:
    """Not asked for in this run, and something may be missing."""
    asked = {row["order_id"] for row in rows.where("report", run_id=given["run_id"])}
    documents = {row["sha256"]: row for row in rows.where("document", connection_id=given["connection_id"])}
    wanted = [(order_id, lines) for order_id, lines in _seen(rows, given).items() if order_id not in asked]
    return [{"order_id": order_id} for order_id, lines in wanted if _may_lack(rows, given["connection_id"], lines, documents)]


def _may_lack(rows: Rows, connection_id: str, lines: list[Row], documents: dict[str, Row]) -> bool:
    """Something happened since the last report that brought a document, a number has no document, or money's direction has none."""
    about = {"connection_id": connection_id, "order_id": lines[0]["order_id"]}
    changed_at = max(line["changed_at"] for line in lines)
    if not any(report["asked_at"] >= changed_at for report in rows.where("report", **about, state="fetched")):
        return True
    numbers = {document["number"] for document in documents.values()}
    if any(row["number"] not in numbers for row in rows.where("line_number", **about)):
        return True
    notes = [documents[row["sha256"]]["type"] == "credit_note" for row in rows.where("document_order", **about)]
    charged, refunded = any(line["charged"] for line in lines), any(line["refunded"] for line in lines)
    return (charged and False not in notes) or (refunded and True not in notes)


@query
def put_report(rows: Rows, given: Row) -> Answer:
    """Whose run, whose order and when it was asked for stay."""
    new = {name: given[name] for name in (*REPORT, "run_id", "connection_id")}
    stands = {name: given[name] for name in ("state", "polls", "next_poll_at", "report_document_id")}
    return rows.add("report", given["report_id"], {**new, "payload_sha256": None}) or rows.change("report", given["report_id"], stands)


@query
def next_report(rows: Rows, given: Row) -> Answer:
    """The one that is due first."""
    found = rows.where("report", run_id=given["run_id"], state=given["state"])
    return picked(min(found, key=lambda row: (row["next_poll_at"], row["report_id"]), default=None), REPORT)


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
def put_document_order(rows: Rows, given: Row) -> Answer:
    """Once."""
    columns = {name: given[name] for name in ("connection_id", "sha256", "order_id")}
    return rows.add("document_order", tuple(columns.values()), columns)


@query
def lines_of_order(rows: Rows, given: Row) -> Answer:
    """By shipment."""
    found = rows.where("order_line", connection_id=given["connection_id"], order_id=given["order_id"])
    ordered = sorted(found, key=lambda row: (row["shipment_id"], row["order_line_item_id"]))
    return [one for row in ordered for one in picked(row, (*LINE, "charged", "refunded", "pending"))]


@query
def numbers_of_order(rows: Rows, given: Row) -> Answer:
    """By number."""
    found = rows.where("line_number", connection_id=given["connection_id"], order_id=given["order_id"])
    ordered = sorted(found, key=lambda row: (row["number"], row["kind"], row["shipment_id"], row["order_line_item_id"]))
    return [one for row in ordered for one in picked(row, NUMBER)]


@query
def papers_of_order(rows: Rows, given: Row) -> Answer:
    """Those that came for the order, and those that bear one of its numbers."""
    about = {"connection_id": given["connection_id"], "order_id": given["order_id"]}
    came = {row["sha256"] for row in rows.where("document_order", **about)}
    numbers = {row["number"] for row in rows.where("line_number", **about)}
    documents = rows.where("document", connection_id=given["connection_id"])
    found = [row for row in documents if row["sha256"] in came or row["number"] in numbers]
    return [one for row in sorted(found, key=lambda row: (row["received_at"], row["sha256"])) for one in picked(row, PAPER)]


@query
def last_report_state(rows: Rows, given: Row) -> Answer:
    """Of the report asked for last."""
    found = rows.where("report", connection_id=given["connection_id"], order_id=given["order_id"])
    return picked(max(found, key=lambda row: row["asked_at"], default=None), ("state",))

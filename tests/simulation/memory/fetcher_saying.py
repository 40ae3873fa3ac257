"""The queries of `collecting/`, by their names: what is said of an invoice, and as which event of the run."""

import json
from collections.abc import Callable
from datetime import UTC
from operator import itemgetter
from typing import Any

from tests.simulation.memory.rows import Answer, Row, Rows, picked

KEY = ("connection_id", "order_id", "order_line_item_id", "shipment_id", "kind")
STATED = ("order_id", "order_line_item_id", "shipment_id", "number", "kind", "issue_date", "origin")

BY_SHIPMENT = itemgetter("order_id", "shipment_id", "order_line_item_id")

SAYING: dict[str, Callable[[Rows, Row], Answer]] = {}


def query(statement: Callable[[Rows, Row], Answer]) -> Callable[[Rows, Row], Answer]:
    """The function answers the query of its name."""
    SAYING[statement.__name__] = statement
    return statement


@query
def orders_of_documents(rows: Rows, given: Row) -> Answer:
    """In order."""
    found = [row for row in rows.where("document_order", connection_id=given["connection_id"]) if row["sha256"] in given["documents"]]
    return [{name: row[name] for name in ("sha256", "order_id")} for row in sorted(found, key=itemgetter("order_id"))]


@query
def statements_of_numbers(rows: Rows, given: Row) -> Answer:
    """Lines that bear one; `shared` when the line bears another of the kind."""
    asked = set(zip(given["numbers"], given["kinds"], strict=True))
    all_numbers = rows.where("line_number", connection_id=given["connection_id"])
    found = sorted((row for row in all_numbers if (row["number"], row["kind"]) in asked), key=BY_SHIPMENT)
    return [{**{name: row[name] for name in STATED}, "shared": _is_shared(row, all_numbers)} for row in found]


def _is_shared(row: Row, numbers: list[Row]) -> bool:
    line = itemgetter(*KEY, "kind")
    return any(line(other) == line(row) and other["number"] != row["number"] for other in numbers)


@query
def transactions_of_orders(rows: Rows, given: Row) -> Answer:
    """By id; the current versions, under each of their orders."""
    current = sorted(rows.where("amazon_transaction", connection_id=given["connection_id"], current=True), key=itemgetter("transaction_id"))
    found = [(order, row) for row in current for order in given["orders"] if _has_line_of(row["raw"], [order])]
    return [{"order_id": order, "transaction_id": row["transaction_id"], "raw": row["raw"]} for order, row in found]


def _has_line_of(raw: dict[str, Any], orders: list[str]) -> bool:
    items: list[dict[str, Any]] = raw.get("transactionLineItems") or []
    return any(item.get("orderId") in orders for item in items)


@query
def number_document(rows: Rows, given: Row) -> Answer:
    """Unless it bears this number already."""
    key, number = (given["connection_id"], given["sha256"]), given["number"]
    there = rows.one("document", key)
    if there is None or there["number"] == number:
        return 0
    return rows.alter("document", key, lambda row: {"number": number} if row["number"] != number else None)


@query
def invoices_named(rows: Rows, given: Row) -> Answer:
    """The least of the ids under these keys."""
    asked = set(zip(given["orders"], given["numbers"], given["kinds"], strict=True))
    keys = rows.where("invoice_key", connection_id=given["connection_id"])
    found = [row for row in keys if (row["order_id"], row["number"], row["kind"]) in asked]
    named = {(row["number"], row["kind"]): row["invoice_id"] for row in sorted(found, key=itemgetter("invoice_id"), reverse=True)}
    return [{"number": number, "kind": kind, "invoice_id": invoice_id} for (number, kind), invoice_id in named.items()]


@query
def put_invoice(rows: Rows, given: Row) -> Answer:
    """Once."""
    named = {name: given[name] for name in ("invoice_id", "company_id", "connection_id", "number", "kind")}
    return rows.add("invoice", given["invoice_id"], {**named, "revision": 0, "said": 0, "collected": None})


@query
def put_invoice_key(rows: Rows, given: Row) -> Answer:
    """Once."""
    key = {name: given[name] for name in ("connection_id", "order_id", "number", "kind")}
    return rows.add("invoice_key", tuple(key.values()), {**key, "invoice_id": given["invoice_id"]})


@query
def invoices(rows: Rows, given: Row) -> Answer:
    """Each with the facts last said from its PDF, locked in the order of their ids; the event, if people's decisions were in it."""
    asked = sorted(zip(given["ids"], given["documents"], strict=True))
    return [{"decided": _decided(row.pop("collected")), **row} for one in asked for row in _with_facts(rows, *one)]


def _with_facts(rows: Rows, invoice_id: str, sha256: str) -> list[Row]:
    found = picked(rows.locked("invoice", invoice_id), ("invoice_id", "number", "kind", "revision", "said", "collected"))
    facts = rows.one("invoice_facts", (invoice_id, sha256))
    return [{**row, "facts_hash": facts and facts["facts_hash"]} for row in found]


def _decided(collected: str | None) -> str | None:
    return collected if collected and json.loads(collected)["lifted"] else None


@query
def last_said(rows: Rows, given: Row) -> Answer:
    """Nothing of another company's, or of one that was never said."""
    row = rows.locked("invoice", given["invoice_id"])
    if row is None or row["company_id"] != given["company_id"] or not row["collected"]:
        return []
    return _with_facts(rows, row["invoice_id"], json.loads(row["collected"])["document"]["sha256"])


@query
def say_invoice(rows: Rows, given: Row) -> Answer:
    """As it is said now."""
    return rows.change("invoice", given["invoice_id"], {name: given[name] for name in ("revision", "said", "collected")})


@query
def put_facts(rows: Rows, given: Row) -> Answer:
    """The last ones."""
    key, facts = (given["invoice_id"], given["sha256"]), {"facts_hash": given["facts_hash"]}
    return rows.add("invoice_facts", key, facts) or rows.change("invoice_facts", key, facts)


@query
def next_runseq(rows: Rows, given: Row) -> Answer:
    """A counter of the run."""
    rows.alter("run", given["run_id"], lambda row: {"emitted": row["emitted"] + given["count"]})
    return picked(rows.one("run", given["run_id"]), ("emitted",))


@query
def put_emission(rows: Rows, given: Row) -> Answer:
    """A number of a run is given once."""
    columns = {name: given[name] for name in ("run_id", "runseq", "invoice_id", "revision")}
    return rows.must_add("emission", (given["run_id"], given["runseq"]), {**columns, "said_at": given["now"]})


@query
def emissions_of_days(rows: Rows, given: Row) -> Answer:
    """By the days of this run."""
    runs = {row["run_id"] for row in rows.where("run", company_id=given["company_id"])}
    said = [{**row, "day": row["said_at"].astimezone(UTC).date()} for row in rows.where("emission") if row["run_id"] in runs]
    days = {row["day"] for row in said if row["run_id"] == given["run_id"]}
    columns = ("day", "run_id", "runseq", "invoice_id", "revision")
    return [{name: row[name] for name in columns} for row in said if row["day"] in days]


@query
def finish_run(rows: Rows, given: Row) -> Answer:
    """Once."""
    ended = {"state": "finished", "finished_at": given["now"]}
    return rows.alter("run", given["run_id"], lambda row: ended if row["state"] == "collecting" else None)

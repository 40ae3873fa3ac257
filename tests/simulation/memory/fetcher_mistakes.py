"""Mistakes in the fetcher's SQL, as the schema in memory makes them: `FetcherStore(statements={**STATEMENTS, **MISTAKES["…"]})`."""

from services.kernel.errors import Refused
from tests.simulation.memory.fetcher import STATEMENTS, Statement
from tests.simulation.memory.fetcher_companies import RUN, WELL
from tests.simulation.memory.fetcher_wanting import WANTED
from tests.simulation.memory.rows import Answer, Row, Rows, picked


def _scan_token_forgotten(rows: Rows, given: Row) -> Answer:
    """A page is kept without the place where the next one starts."""
    return STATEMENTS["advance_scan"](rows, {**given, "next_page_token": None})


def _scan_ends_early(rows: Rows, given: Row) -> Answer:
    """The first page that is kept is taken for the last."""
    seen = [line["seen_at"] for line in rows.where("order_line")]
    return STATEMENTS["advance_scan"](rows, {**given, "finished_at": max(seen)})


def _run_started_twice(rows: Rows, given: Row) -> Answer:
    """A run that exists is an error."""
    if not STATEMENTS["put_run"](rows, given):
        raise Refused('duplicate key value violates unique constraint "run_pkey"')
    return 1


def _run_not_locked(rows: Rows, given: Row) -> Answer:
    """Two write in one run at the same time."""
    return STATEMENTS["run"](rows, given)


def _connection_not_locked(rows: Rows, given: Row) -> Answer:
    """Two move one connection at the same time."""
    return STATEMENTS["connection"](rows, given)


def _asked_for_ever(rows: Rows, given: Row) -> Answer:
    """A line without a number has its next turn at once."""
    key = tuple(given[name] for name in ("connection_id", "order_id", "order_line_item_id", "shipment_id"))
    line = rows.one("order_line", key)
    return STATEMENTS["mark_asked"](rows, {**given, "ask_at": line and line["ask_at"]})


def _changes_not_counted(rows: Rows, given: Row) -> Answer:
    """Two events about a connection have one id."""
    return [{"changes": row["changes"] + 1} for row in picked(rows.one("connection", given["connection_id"]), ("changes",))]


def _order_requested_again(rows: Rows, given: Row) -> Answer:
    """An order whose report is under way is asked for again by the process that takes the run up."""
    wanted = rows.where("wanted", connection_id=given["connection_id"])
    due = [row for row in wanted if row["next_attempt_at"] is not None and row["next_attempt_at"] <= given["now"]]
    ordered = sorted(due, key=lambda row: (row["next_attempt_at"], row["order_id"], row["number"]))
    return [one for row in ordered[: given["limit"]] for one in picked(row, WANTED)]


def _ladder_moved_twice(rows: Rows, given: Row) -> Answer:
    """Whoever looked first moves it last."""
    there = rows.one("wanted", (given["connection_id"], given["order_id"], given["number"]))
    return STATEMENTS["put_wanted"](rows, {**given, "seen_at": there and there["next_attempt_at"]})


def _watermark_before_the_end(rows: Rows, given: Row) -> Answer:
    """A scan that began counts as read."""
    runs = rows.where("run", connection_id=given["connection_id"])
    return [{"max": max((row["window_to"] for row in runs if rows.one("scan", row["run_id"])), default=None)}]


def _flagged_at_once(rows: Rows, given: Row) -> Answer:
    """One weekly scan is enough."""
    for row in rows.where("amazon_transaction"):
        rows.change("amazon_transaction", (row["connection_id"], row["transaction_id"], row["version"]), {"missed": row["missed"] + 1})
    return STATEMENTS["miss_transactions"](rows, given)


def _facts_forgotten(rows: Rows, given: Row) -> Answer:
    """A second revision is said again in every run."""
    return rows.add("invoice_facts", (given["invoice_id"], given["sha256"]), {"facts_hash": given["facts_hash"]})


def _report_stands_still(rows: Rows, given: Row) -> Answer:
    """A report is asked after until the end of time."""
    there = rows.one("report", given["report_id"])
    return STATEMENTS["put_report"](rows, {**given, "state": there["state"] if there else given["state"]})


def _invoice_minted_again(rows: Rows, given: Row) -> Answer:
    """Amazon's keys do not find an invoice again."""
    return []


def _number_given_twice(rows: Rows, given: Row) -> Answer:
    """The numbers of a run begin at 1 each time."""
    rows.change("run", given["run_id"], {"emitted": given["count"]})
    return [{"emitted": given["count"]}]


def _run_never_finished(rows: Rows, given: Row) -> Answer:
    """The marker is said and the run goes on."""
    return 0


def _connected_twice(rows: Rows, given: Row) -> Answer:
    """A company has two connections to one marketplace."""
    named = {name: given[name] for name in ("connection_id", "company_id", "marketplace_id", "sealed_refresh_token")}
    dated = {"opened_at": given["now"], "since": given["now"]}
    begun = {**WELL, "state": "initialising", "changes": 0, "proven": True}
    return rows.add("connection", given["connection_id"], {**named, **dated, **begun})


def _said_invoice_not_locked(rows: Rows, given: Row) -> Answer:
    """A decision looks at an invoice that a run may say meanwhile."""
    row = rows.one("invoice", given["invoice_id"])
    facts = {"facts_hash": None, "collected": row["collected"]} if row else {}
    return [{**one, **facts} for one in picked(row, ("invoice_id", "number", "kind", "revision", "said"))]


def _invoices_not_locked(rows: Rows, given: Row) -> Answer:
    """A run looks at invoices that a decision may say meanwhile."""
    found = [picked(rows.one("invoice", name), ("invoice_id", "number", "kind", "revision", "said")) for name in given["ids"]]
    return [{**row, "facts_hash": None, "decided": None} for some in found for row in some]


def _invoice_of_another_company(rows: Rows, given: Row) -> Answer:
    """Whoever knows an id decides about it."""
    row = rows.one("invoice", given["invoice_id"])
    return STATEMENTS["last_said"](rows, {**given, "company_id": row["company_id"]} if row else given)


def _decisions_forgotten(rows: Rows, given: Row) -> Answer:
    """The next revision is held again, whatever people decided."""
    found = STATEMENTS["invoices"](rows, given)
    assert isinstance(found, list)
    return [{**row, "decided": None} for row in found]


def _decision_taken_for_an_import(rows: Rows, given: Row) -> Answer:
    """Pages show the run of a decision as the latest import."""
    ours = [row for row in rows.where("run", connection_id=given["connection_id"]) if row["kind"] != "history"]
    return picked(max(ours, key=lambda row: row["started_at"], default=None), RUN)


MISTAKES: dict[str, dict[str, Statement]] = {
    "scan_token_forgotten": {"advance_scan": _scan_token_forgotten},
    "scan_ends_early": {"advance_scan": _scan_ends_early},
    "run_started_twice": {"put_run": _run_started_twice},
    "run_not_locked": {"locked_run": _run_not_locked},
    "connection_not_locked": {"locked_connection": _connection_not_locked},
    "asked_for_ever": {"mark_asked": _asked_for_ever},
    "changes_not_counted": {"next_change": _changes_not_counted},
    "order_requested_again": {"next_wanted": _order_requested_again},
    "ladder_moved_twice": {"put_wanted": _ladder_moved_twice},
    "watermark_before_the_end": {"scanned_until": _watermark_before_the_end},
    "flagged_at_once": {"miss_transactions": _flagged_at_once},
    "facts_forgotten": {"put_facts": _facts_forgotten},
    "report_stands_still": {"put_report": _report_stands_still},
    "invoice_minted_again": {"invoices_named": _invoice_minted_again},
    "number_given_twice": {"next_runseq": _number_given_twice},
    "run_never_finished": {"finish_run": _run_never_finished},
    "said_invoice_not_locked": {"last_said": _said_invoice_not_locked},
    "invoices_not_locked": {"invoices": _invoices_not_locked},
    "invoice_of_another_company": {"last_said": _invoice_of_another_company},
    "decisions_forgotten": {"invoices": _decisions_forgotten},
    "decision_taken_for_an_import": {"last_run": _decision_taken_for_an_import},
    "connected_twice": {"put_connection": _connected_twice},
}

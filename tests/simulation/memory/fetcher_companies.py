"""The queries of companies.sql, by their names."""

from collections.abc import Callable

from services.kernel.errors import Refused
from tests.simulation.memory.rows import Answer, Row, Rows, picked

COMPANY = (
    "company_id",
    "name",
    "siren",
    "vat_id",
    "plan",
    "file_code",
    "test_environment",
    "sealed_address",
    "choices",
    "settings_revision",
)
CONNECTION = ("connection_id", "company_id", "marketplace_id", "state", "opened_at", "since", "trouble", "proven")
WELL = {"trouble": None}
RUN = ("run_id", "company_id", "connection_id", "kind", "state", "window_from", "window_to", "started_at", "emitted")
ENTERED = COMPANY[:-1]

COMPANIES: dict[str, Callable[[Rows, Row], Answer]] = {}


def query(statement: Callable[[Rows, Row], Answer]) -> Callable[[Rows, Row], Answer]:
    """The function answers the query of its name."""
    COMPANIES[statement.__name__] = statement
    return statement


@query
def put_company(rows: Rows, given: Row) -> Answer:
    """Names are unique whatever their case."""
    rows.hold("company_name", given["name"].lower())
    if any(row["name"].lower() == given["name"].lower() for row in _others(rows, given["company_id"])):
        raise Refused('duplicate key value violates unique constraint "company_name"')
    entered = {name: given[name] for name in ENTERED}
    if rows.add("company", given["company_id"], {**entered, "settings_revision": 1, "described": 0}):
        return 1
    return rows.alter("company", given["company_id"], lambda row: {**entered, "settings_revision": row["settings_revision"] + 1})


def _others(rows: Rows, company_id: str) -> list[Row]:
    return [row for row in rows.where("company") if row["company_id"] != company_id]


@query
def company(rows: Rows, given: Row) -> Answer:
    """One company, and from when on its history was migrated."""
    since = min((row["since"] for row in rows.where("migration", company_id=given["company_id"], state="done")), default=None)
    return [{**row, "migrated_since": since} for row in picked(rows.one("company", given["company_id"]), COMPANY)]


@query
def company_named(rows: Rows, given: Row) -> Answer:
    """By its name in lower case."""
    return [{"company_id": row["company_id"]} for row in rows.where("company") if row["name"].lower() == given["name"].lower()]


@query
def choose(rows: Rows, given: Row) -> Answer:
    """A new revision."""
    choices = given["choices"]
    return rows.alter("company", given["company_id"], lambda row: {"choices": choices, "settings_revision": row["settings_revision"] + 1})


@query
def next_description(rows: Rows, given: Row) -> Answer:
    """A counter of the company."""
    return _counted(rows, "company", given["company_id"], "described")


@query
def next_change(rows: Rows, given: Row) -> Answer:
    """A counter of the connection."""
    return _counted(rows, "connection", given["connection_id"], "changes")


def _counted(rows: Rows, table: str, key: str, counter: str) -> Answer:
    rows.alter(table, key, lambda row: {counter: row[counter] + 1})
    return picked(rows.one(table, key), (counter,))


@query
def connections(rows: Rows, given: Row) -> Answer:
    """Oldest first."""
    found = sorted(rows.where("connection", company_id=given["company_id"]), key=lambda row: (row["opened_at"], row["connection_id"]))
    return [one for row in found for one in picked(row, CONNECTION)]


@query
def connection(rows: Rows, given: Row) -> Answer:
    """One connection."""
    return picked(rows.one("connection", given["connection_id"]), CONNECTION)


@query
def locked_connection(rows: Rows, given: Row) -> Answer:
    """One connection that is ours until the commit."""
    return picked(rows.locked("connection", given["connection_id"]), CONNECTION)


@query
def sealed_refresh_token(rows: Rows, given: Row) -> Answer:
    """Unless it is closed."""
    row = rows.one("connection", given["connection_id"])
    return picked(row if row and row["state"] != "closed" else None, ("sealed_refresh_token",))


@query
def put_connection(rows: Rows, given: Row) -> Answer:
    """One connection of a company to a marketplace that is not closed."""
    rows.hold("connection_open", (given["company_id"], given["marketplace_id"]))
    there = rows.where("connection", company_id=given["company_id"], marketplace_id=given["marketplace_id"])
    if any(row["state"] != "closed" for row in there):
        return 0
    named = {name: given[name] for name in ("connection_id", "company_id", "marketplace_id", "sealed_refresh_token")}
    dated = {"opened_at": given["now"], "since": given["now"]}
    return rows.add("connection", given["connection_id"], {**named, **dated, **WELL, "state": "initialising", "changes": 0, "proven": True})


@query
def reopen_connection(rows: Rows, given: Row) -> Answer:
    """Initialising again under a new consent; none when it is not broken."""
    again = {"state": "initialising", "sealed_refresh_token": given["sealed_refresh_token"], "since": given["now"], **WELL, "proven": False}
    return rows.alter("connection", given["connection_id"], lambda row: again if row["state"] == "broken" else None)


@query
def move_connection(rows: Rows, given: Row) -> Answer:
    """To another state."""
    return rows.change("connection", given["connection_id"], {"state": given["state"], "since": given["now"], **WELL})


@query
def break_connection(rows: Rows, given: Row) -> Answer:
    """With the reason."""
    changed = {"state": "broken", "trouble": given["trouble"], "since": given["now"]}
    return rows.change("connection", given["connection_id"], changed)


@query
def close_connection(rows: Rows, given: Row) -> Answer:
    """Without its token."""
    return rows.change(
        "connection", given["connection_id"], {"state": "closed", "sealed_refresh_token": None, "since": given["now"], **WELL}
    )


@query
def prove_connection(rows: Rows, given: Row) -> Answer:
    """The account was compared."""
    return rows.change("connection", given["connection_id"], {"proven": True})


@query
def reseal_token(rows: Rows, given: Row) -> Answer:
    """Unless it is another one by now."""
    sealed = {"sealed_refresh_token": given["sealed"]}
    return rows.alter("connection", given["connection_id"], lambda row: sealed if row["sealed_refresh_token"] == given["before"] else None)


@query
def latest_transactions(rows: Rows, given: Row) -> Answer:
    """The latest first; those that Amazon names."""
    current = rows.where("amazon_transaction", connection_id=given["connection_id"], current=True)
    found = [
        {"transaction_id": row["transaction_id"], "fed_at": row["raw"]["feedDate"]}
        for row in current
        if row["raw"].get("transactionId") and row["raw"].get("feedDate")
    ]
    by_id = sorted(found, key=lambda row: row["transaction_id"])
    return sorted(by_id, key=lambda row: row["fed_at"], reverse=True)[: given["limit"]]


@query
def authorise(rows: Rows, given: Row) -> Answer:
    """The first step, again if need be; an earlier time limit stays."""
    key = (given["session_id"], given["company_id"])
    begun = {"step": "company", "state_hash": None, "refusal": None, "authorised_at": given["now"]}
    new = {"session_id": given["session_id"], "company_id": given["company_id"], "expires_at": None, **begun}
    return rows.add("consent", key, new) or rows.change("consent", key, begun)


@query
def send_to_amazon(rows: Rows, given: Row) -> Answer:
    """The second step."""
    key = (given["session_id"], given["company_id"])
    begun = {"step": "amazon", "state_hash": given["state_hash"], "expires_at": given["expires_at"], "refusal": None}
    return rows.change("consent", key, begun)


@query
def refuse_consent(rows: Rows, given: Row) -> Answer:
    """Why it led nowhere."""
    return rows.change("consent", (given["session_id"], given["company_id"]), {"refusal": given["refusal"]})


@query
def consent(rows: Rows, given: Row) -> Answer:
    """One session's way with one company."""
    return picked(rows.one("consent", (given["session_id"], given["company_id"])), ("step", "expires_at", "refusal"))


@query
def forget_consents(rows: Rows, given: Row) -> Answer:
    """All of the company."""
    keys = [(row["session_id"], row["company_id"]) for row in rows.where("consent", company_id=given["company_id"])]
    for key in keys:
        rows.remove("consent", key)
    return len(keys)


@query
def use_state(rows: Rows, given: Row) -> Answer:
    """Once."""
    used = {"step": "company", "state_hash": None}
    found = rows.where("consent", session_id=given["session_id"], state_hash=given["state_hash"], step="amazon")
    keys = [(row["session_id"], row["company_id"]) for row in found]
    taken = [key for key in keys if rows.alter("consent", key, lambda row: used if row["state_hash"] == given["state_hash"] else None)]
    return [one for key in taken for one in picked(rows.one("consent", key), ("company_id", "expires_at"))]


@query
def finish_consent(rows: Rows, given: Row) -> Answer:
    """The last step."""
    return rows.change("consent", (given["session_id"], given["company_id"]), {"step": "done"})


@query
def put_run(rows: Rows, given: Row) -> Answer:
    """Once."""
    named = {name: given[name] for name in ("run_id", "company_id", "connection_id", "kind", "window_from", "window_to")}
    begun = {"state": "collecting", "started_at": given["now"], "finished_at": None, "emitted": 0}
    return rows.add("run", given["run_id"], {**named, **begun})


@query
def scanned_until(rows: Rows, given: Row) -> Answer:
    """The last day of a scan that was read whole."""
    runs = rows.where("run", connection_id=given["connection_id"])
    scans = {row["run_id"]: rows.one("scan", row["run_id"]) for row in runs}
    ends = [row["window_to"] for row in runs if (scan := scans[row["run_id"]]) and scan["finished_at"]]
    return [{"max": max(ends, default=None)}]


@query
def unfinished_runs(rows: Rows, given: Row) -> Answer:
    """Oldest first."""
    found = rows.where("run", connection_id=given["connection_id"], state="collecting")
    asked_for = rows.where("migration", connection_id=given["connection_id"], state="requested")
    runs = [{"run_id": row["run_id"], "kind": row["kind"]} for row in sorted(found, key=lambda row: row["started_at"])]
    return [*runs, *({"run_id": row["run_id"], "kind": "history"} for row in asked_for)]


@query
def drop_runs(rows: Rows, given: Row) -> Answer:
    """Those that have not finished."""
    dropped = {"state": "dropped", "finished_at": given["now"]}
    open_runs = [row["run_id"] for row in rows.where("run", connection_id=given["connection_id"], state="collecting")]
    return sum(rows.alter("run", run_id, lambda row: dropped if row["state"] == "collecting" else None) for run_id in open_runs)


@query
def run(rows: Rows, given: Row) -> Answer:
    """One run."""
    return picked(rows.one("run", given["run_id"]), RUN)


@query
def last_run(rows: Rows, given: Row) -> Answer:
    """The one that started last and collects; migrations of history aside."""
    ours = [row for row in rows.where("run", connection_id=given["connection_id"]) if row["kind"] not in ("history", "lifted")]
    found = sorted(ours, key=lambda row: row["started_at"])
    return picked(found[-1] if found else None, RUN)

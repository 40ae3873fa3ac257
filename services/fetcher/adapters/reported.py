"""What reports leave in the tables: how they stand, what they brought, and the next rung of what they were for."""

from collections.abc import Sequence
from datetime import datetime

from psycopg import Connection as Session

from services.fetcher.adapters.queries import Queries
from services.fetcher.adapters.saying import keep_wanted, wanted_of
from services.fetcher.domain.records import Paper, Report, Run
from services.fetcher.domain.reports import Outcome
from services.fetcher.domain.wanting import Wanted, after_end

QUERIES = Queries("collecting")


def keep_outcomes(session: Session, run: Run, outcomes: Sequence[Outcome], now: datetime) -> None:
    """The reports as they stand, their documents, and what is wanted after those that have ended."""
    printed = {number for outcome in outcomes for paper in outcome.papers if (number := _printed(paper))}
    numbers = sorted(printed | {outcome.report.number for outcome in outcomes if outcome.report.number})
    orders = _orders_of_numbers(session, run.connection_id, numbers) if numbers else {}
    QUERIES.run_each(session, "put_report", [_report(run, outcome.report) for outcome in outcomes])
    _keep_papers(session, run, [outcome for outcome in outcomes if outcome.payload_sha256], orders, now)
    ended = [outcome for outcome in outcomes if outcome.report.ended]
    _move_ladders(session, run.connection_id, ended, now)
    if touched := {order for number in [*printed, *(outcome.report.number for outcome in ended)] for order in orders.get(number, ())}:
        QUERIES.run(session, "touch", connection_id=run.connection_id, orders=sorted(touched), now=now)


def _orders_of_numbers(session: Session, connection_id: str, numbers: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {number: [] for number in numbers}
    for row in QUERIES.rows(session, "orders_of_numbers", connection_id=connection_id, numbers=list(numbers)):
        found[row["number"]].append(row["order_id"])
    return found


def _report(run: Run, report: Report) -> dict[str, object]:
    return {"run_id": run.run_id, "connection_id": run.connection_id, **{name: getattr(report, name) for name in Report.__slots__}}


def _keep_papers(session: Session, run: Run, outcomes: Sequence[Outcome], orders: dict[str, list[str]], now: datetime) -> None:
    """The PDFs, each for the order it was asked for, or for those that bear its number."""
    papers = [(outcome, paper) for outcome in outcomes for paper in outcome.papers]
    documents = [{**_document(run.connection_id, paper), "payload_sha256": outcome.payload_sha256, "now": now} for outcome, paper in papers]
    came_for = [
        {"connection_id": run.connection_id, "sha256": paper.document.sha256, "order_id": order_id}
        for outcome, paper in papers
        for order_id in (orders[outcome.report.number] if outcome.report.number else [outcome.report.order_id])
    ]
    QUERIES.run_each(session, "put_document", documents)
    if claims := _claims(run, outcomes, orders):
        QUERIES.run_each(session, "claim_document", claims)
    QUERIES.run_each(session, "put_document_order", came_for)
    brought = [{"report_id": outcome.report.report_id, "payload_sha256": outcome.payload_sha256} for outcome in outcomes]
    QUERIES.run_each(session, "put_payload", brought)


def _claims(run: Run, outcomes: Sequence[Outcome], orders: dict[str, list[str]]) -> list[dict[str, object]]:
    """What came alone for a number has it, when it does not say one itself."""
    return [
        {"connection_id": run.connection_id, "number": one.report.number, "sha256": sha256, "orders": orders[one.report.number]}
        for one in outcomes
        if one.report.number and len({paper.document.sha256 for paper in one.papers}) == 1 and one.papers[0].evidence.number is None
        for sha256 in [one.papers[0].document.sha256]
    ]


def _move_ladders(session: Session, connection_id: str, ended: Sequence[Outcome], now: datetime) -> None:
    """What each was for takes its next rung; several that were for the same take one rung each."""
    keys = sorted({(outcome.report.order_id, outcome.report.number) for outcome in ended})
    if not keys:
        return
    asked = {"connection_id": connection_id, "orders": [order for order, _ in keys], "numbers": [number for _, number in keys]}
    before = {(row["order_id"], row["number"]): wanted_of(row) for row in QUERIES.rows(session, "wanted", **asked)}
    after = dict(before)
    for outcome in ended:
        key = outcome.report.order_id, outcome.report.number
        if key in after:
            after[key] = after_end(after[key], outcome.report.state, outcome.trouble, now)
    moved: list[tuple[Wanted, Wanted]] = [(before[key], after[key]) for key in sorted(after)]
    keep_wanted(session, connection_id, moved, now)


def _document(connection_id: str, paper: Paper) -> dict[str, object]:
    return {
        "connection_id": connection_id,
        "sha256": paper.document.sha256,
        "size_bytes": paper.document.size_bytes,
        "object_key": paper.document.object_key,
        "number": _printed(paper),
        "evidence": paper.evidence.model_dump_json(),
    }


def _printed(paper: Paper) -> str | None:
    """The number that the PDF says."""
    number = paper.evidence.number
    return number.value.strip() if number else None

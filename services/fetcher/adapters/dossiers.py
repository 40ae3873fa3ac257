"""Everything known of orders, put together from the tables: five queries, however many orders."""

from collections.abc import Callable, Sequence

from psycopg import Connection as Session

from schemas.invoice_collected.v1 import Evidence
from schemas.values import DocumentRef
from services.fetcher.adapters.queries import Queries, Row
from services.fetcher.adapters.saying import stated_number, wanted_of
from services.fetcher.domain.dossier import Dossier
from services.fetcher.domain.records import LineKey, OrderLine, Paper
from services.fetcher.domain.waiting import Wait, Waiting

QUERIES = Queries("collecting")
MEDIA_TYPE = "application/pdf"


def read_dossiers(session: Session, connection_id: str, orders: Sequence[str]) -> list[Dossier]:
    """One dossier for each of the orders, in their order."""

    def of_order[T](query: str, made: Callable[[Row], T], order_id: str = "order_id") -> dict[str, list[T]]:
        parts: dict[str, list[T]] = {order: [] for order in orders}
        for row in QUERIES.rows(session, query, connection_id=connection_id, orders=list(orders)):
            parts[row[order_id]].append(made(row))
        return parts

    lines, numbers = of_order("lines_of_orders", line_of), of_order("numbers_of_orders", stated_number)
    papers, waits = of_order("papers_of_orders", _paper), of_order("waits_of_orders", wait_of)
    wants = of_order("wants_of_orders", wanted_of, "of_order")
    return [
        Dossier(order, tuple(lines[order]), tuple(numbers[order]), tuple(papers[order]), tuple(wants[order]), tuple(waits[order]))
        for order in orders
    ]


def line_of(row: Row) -> OrderLine:
    """A line from its columns."""
    key = LineKey(row["order_id"], row["order_line_item_id"], row["shipment_id"])
    return OrderLine(key, row["charged"], row["refunded"], row["pending"], row["moved_at"], row["ask_at"])


def wait_of(row: Row) -> Wait:
    """What waits, from its columns."""
    return Wait(row["order_id"], row["number"], Waiting(row["reason"]), row["since"], row["next_attempt_at"])


def _paper(row: Row) -> Paper:
    document = DocumentRef(sha256=row["sha256"], size_bytes=row["size_bytes"], media_type=MEDIA_TYPE, object_key=row["object_key"])
    evidence = Evidence.model_validate_json(row["evidence"])
    return Paper(document, evidence, None if evidence.number else row["number"], row["of_another"])

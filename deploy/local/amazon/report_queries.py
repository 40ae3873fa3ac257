"""The filters of `getReports` (Document API 2021-09-30): every limit the model states."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, cast

from deploy.local.amazon.clock import iso
from deploy.local.amazon.refusals import bad_report_input
from deploy.local.amazon.signing import Content, Forged, Signer

STATUSES = frozenset({"IN_QUEUE", "IN_PROGRESS", "DONE", "CANCELLED", "FATAL"})
REPORT_TYPE = "GET_AB_INVOICE_PDF"
DEFAULT_AGE = timedelta(days=90)


class Reported(Protocol):
    """What a filter looks at."""

    @property
    def created_at(self) -> datetime: ...

    @property
    def marketplaces(self) -> tuple[str, ...]: ...

    def status(self, now: datetime) -> str: ...


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """One page of one search; instants as text, so that it fits into a page token."""

    types: list[str]
    statuses: list[str]
    marketplaces: list[str]
    created_since: str
    created_until: str
    page_size: int
    offset: int = 0

    @classmethod
    def of(cls, query: Mapping[str, str], signer: Signer, now: datetime) -> "ReportQuery":
        """Read the query: filters, or `nextToken` alone. Raises Refused (400)."""
        if "nextToken" in query:
            return _continued(query, signer)
        types, statuses = _list(query, "reportTypes"), _list(query, "processingStatuses")
        marketplaces, page_size = _list(query, "marketplaceIds"), query.get("pageSize", "10")
        if not 1 <= len(types) <= 10 or len(marketplaces) > 10:
            raise bad_report_input("Invalid input in report types or marketplaces")
        if not set(statuses) <= STATUSES:
            raise bad_report_input("Invalid input in processing status")
        if not page_size.isdigit() or not 1 <= int(page_size) <= 100:
            raise bad_report_input("Invalid input in page size")
        since, until = _instant(query, "createdSince", now - DEFAULT_AGE), _instant(query, "createdUntil", now)
        return cls(types, statuses, marketplaces, since, until, int(page_size))

    def matches(self, report: Reported, now: datetime) -> bool:
        """Whether a report belongs to the search."""
        return (
            REPORT_TYPE in self.types
            and (not self.statuses or report.status(now) in self.statuses)
            and (not self.marketplaces or not set(self.marketplaces).isdisjoint(report.marketplaces))
            and self.created_since <= iso(report.created_at) <= self.created_until
        )

    def next_token(self, signer: Signer) -> str:
        """The page after this one."""
        return signer.seal("reports", cast(Content, asdict(replace(self, offset=self.offset + self.page_size))))


def _continued(query: Mapping[str, str], signer: Signer) -> ReportQuery:
    if len(query) > 1:
        raise bad_report_input("nextToken must be the only parameter of the request.")
    try:
        return ReportQuery(**signer.open("reports", query["nextToken"]))  # pyright: ignore[reportArgumentType]  # sealed by `next_token`
    except Forged as forged:
        raise bad_report_input("Invalid input in next token") from forged


def _list(query: Mapping[str, str], name: str) -> list[str]:
    return [part for part in query.get(name, "").split(",") if part]


def _instant(query: Mapping[str, str], name: str, default: datetime) -> str:
    try:
        instant = datetime.fromisoformat(query[name]) if name in query else default
    except ValueError as malformed:
        raise bad_report_input(f"Invalid input in {name}") from malformed
    if instant.tzinfo is None:
        raise bad_report_input(f"Invalid input in {name}")
    return iso(instant)

"""How fast Amazon may be asked: a token bucket per connection and operation, and the ladder on which a report is polled."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SHARE = 0.8
HISTORY_PART = 1 / 3
"""Of our share: what a migration of history takes at most, so that a daily run always finds two thirds."""

TOGETHER = 5
"""Requests that go together once the allowance is used up, if as many are due: a round of the work takes longer than a request."""

SLOWED, SLOWED_FOR = 0.5, timedelta(minutes=10)
POLL_LADDER_SECONDS = (15, 30, 60, 120, 300)
POLL_FOR = timedelta(hours=24)


class Operation(StrEnum):
    """The operations of Amazon that the fetcher calls."""

    GET_TRANSACTIONS = "getTransactions"
    GET_INVOICE_DETAILS = "getInvoiceDetailsByOrderLineItems"
    CREATE_REPORT = "createReport"
    GET_REPORT = "getReport"
    GET_REPORTS = "getReports"
    GET_REPORT_DOCUMENT = "getReportDocument"


@dataclass(frozen=True, slots=True)
class Allowance:
    """Requests a second, and how many may come at once."""

    rate: float
    burst: int


PUBLISHED = {
    Operation.GET_TRANSACTIONS: Allowance(2.0, 10),
    Operation.GET_INVOICE_DETAILS: Allowance(2.0, 10),
    Operation.CREATE_REPORT: Allowance(0.1, 15),
    Operation.GET_REPORT: Allowance(2.0, 15),
    Operation.GET_REPORTS: Allowance(0.1, 10),
    Operation.GET_REPORT_DOCUMENT: Allowance(0.1, 15),
}
"""Rates of Amazon's release notes 2026; `getReport` is not listed there, its twin of the seller API is taken."""


class Bucket:
    """A token bucket kept at 80 % of an allowance, so that Amazon's own never runs dry, and at half of that after a refusal."""

    def __init__(self, allowance: Allowance, now: datetime, share: float = SHARE) -> None:
        self._share = share
        self._rate = allowance.rate * share
        self._burst = max(1.0, allowance.burst * share)
        self._tokens = self._burst
        self._at = self._slowed_until = now

    def wait_seconds(self, now: datetime, several: int = 1) -> float:
        """How long until the next request may go, or `several` at once; 0 = now."""
        self._fill(now)
        return max(0.0, (min(several, self._burst) - self._tokens) / (self._rate * (SLOWED if now < self._slowed_until else 1)))

    def allowed(self, now: datetime) -> int:
        """How many requests may go now, one after the other."""
        self._fill(now)
        return max(0, int(self._tokens))

    def take(self, now: datetime) -> None:
        """Count one request."""
        self._fill(now)
        self._tokens -= 1

    def adjust(self, published_rate: float) -> None:
        """Follow the rate that Amazon states in `x-amzn-RateLimit-Limit`; it stays known while answers come without."""
        if published_rate > 0:
            self._rate = published_rate * self._share

    def refused(self, now: datetime) -> None:
        """Amazon refused for going too fast: wait for a whole new token, at half the rate for ten minutes."""
        self._fill(now)
        self._tokens = min(self._tokens, 0.0)
        self._slowed_until = now + SLOWED_FOR

    def _fill(self, now: datetime) -> None:
        elapsed = max(0.0, (now - self._at).total_seconds())
        slowed = min(elapsed, max(0.0, (self._slowed_until - self._at).total_seconds()))
        self._tokens = min(self._burst, self._tokens + (elapsed - slowed * (1 - SLOWED)) * self._rate)
        self._at = max(self._at, now)


class PartOfBucket(Bucket):
    """What a migration of history may take of a bucket: a third, and nothing that the whole does not have."""

    def __init__(self, whole: Bucket, allowance: Allowance, now: datetime) -> None:
        super().__init__(allowance, now, SHARE * HISTORY_PART)
        self._whole = whole

    def wait_seconds(self, now: datetime, several: int = 1) -> float:
        """How long until both have a token, or as many of `several` as they can hold."""
        return max(super().wait_seconds(now, several), self._whole.wait_seconds(now, several))

    def allowed(self, now: datetime) -> int:
        """How many requests both allow."""
        return min(super().allowed(now), self._whole.allowed(now))

    def take(self, now: datetime) -> None:
        """Count one request in both."""
        super().take(now)
        self._whole.take(now)

    def refused(self, now: datetime) -> None:
        """Amazon refused for going too fast: both slow down."""
        super().refused(now)
        self._whole.refused(now)


def poll_again_after(polls: int) -> timedelta:
    """How long to wait before asking after a report again that was asked after `polls` times."""
    return timedelta(seconds=POLL_LADDER_SECONDS[min(polls, len(POLL_LADDER_SECONDS) - 1)])

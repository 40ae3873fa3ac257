"""Token buckets per (application, customer, operation), with the rates Amazon published in February 2026."""

from dataclasses import dataclass
from datetime import datetime

from deploy.local.amazon.clock import VirtualClock


@dataclass(frozen=True, slots=True)
class Plan:
    """A usage plan: requests per second once the burst is spent."""

    rate: float
    burst: int


PLANS = {
    "getTransactions": Plan(2, 10),
    "getInvoiceDetailsByOrderLineItems": Plan(2, 10),
    "createReport": Plan(0.1, 15),
    "getReports": Plan(0.1, 10),
    "getReport": Plan(2, 15),
    "cancelReport": Plan(0.1, 10),
    "getReportDocument": Plan(0.1, 15),
    "getBatchInvoicePaymentDetails": Plan(2, 10),
    "getOrderReports": Plan(0.5, 10),
    "getOrderLineItemReports": Plan(0.5, 10),
    "getOrderReportsByPurchaseOrderNumber": Plan(0.5, 10),
    "getShipmentReports": Plan(0.5, 10),
    "getShipmentLineItemReports": Plan(0.5, 10),
    "getOrdersByOrderDate": Plan(0.5, 10),
    "getOrdersByOrderId": Plan(0.5, 10),
}
STATED_EVERYWHERE = frozenset({"getTransactions", "getInvoiceDetailsByOrderLineItems", "getOrdersByOrderDate", "getOrdersByOrderId"})
ANALYTICS = frozenset({name for name in PLANS if name.startswith(("getOrder", "getShipment"))})
ALWAYS_LIMITED = frozenset({200, 202, 400, 404})


@dataclass(slots=True)
class Bucket:
    """Filled at the plan's rate on the virtual clock, never above the burst."""

    plan: Plan
    tokens: float
    filled_at: datetime

    def take(self, now: datetime) -> bool:
        """Take one token if there is one."""
        gained = max(0.0, (now - self.filled_at).total_seconds()) * self.plan.rate
        self.tokens, self.filled_at = min(self.plan.burst, self.tokens + gained), now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Throttle:
    """All the buckets; there is one application, so a bucket's key is customer and operation."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def allows(self, customer: str, operation: str) -> bool:
        """Count one call against the customer's bucket of this operation."""
        now, plan = self._clock.now(), PLANS[operation]
        bucket = self._buckets.setdefault((customer, operation), Bucket(plan, plan.burst, now))
        return bucket.take(now)


def role_of(operation: str) -> str:
    """The application's role that an operation needs."""
    return "analytics" if operation in ANALYTICS else "reconciliation"


def limit_header(operation: str, status: int) -> str | None:
    """`x-amzn-RateLimit-Limit` where Amazon sends it: everywhere for four operations, for the others on success, 400 and 404 only."""
    sent = operation in STATED_EVERYWHERE or status in ALWAYS_LIMITED
    return str(float(PLANS[operation].rate)) if sent and operation in PLANS else None

"""One company among several on a deployment: what its import came to."""

from typing import Any

import psycopg

from deploy.local.demo import Outcome, Summary
from deploy.local.deployment import Deployment
from deploy.local.watcher import Watcher
from schemas.connection_changed.v1 import ConnectionChanged
from schemas.notification_sent.v1 import NotificationSent
from schemas.values import RunCounts

TOTALS = """
select count(distinct entry_id), coalesce(sum(debit_cents), 0)::bigint, coalesce(sum(credit_cents), 0)::bigint
from ledger.line where company_id = %(company)s
"""


def is_told(watcher: Watcher, company_id: str) -> bool:
    """The connection turned active and the person was told."""
    seen = watcher.of_company[company_id]
    return bool(seen[ConnectionChanged] and seen[NotificationSent])


def outcome_of(deployment: Deployment, watcher: Watcher, company_id: str, mails: int) -> Outcome:
    """What stands in the book for this company alone, and what was said of it; `mails`: how many e-mails it got, as the caller counts."""
    with psycopg.connect(deployment.database_url("postgres"), connect_timeout=10) as administrator:
        [(entries, debit_cents, credit_cents)] = administrator.execute(TOTALS.encode(), {"company": company_id}).fetchall()
    finished = [one.counts for one in watcher.finished.values() if one.company_id == company_id]
    counts = {name: sum(getattr(one, name) for one in finished) for name in RunCounts.model_fields}
    figures = {"entries": entries, "debit_cents": debit_cents, "credit_cents": credit_cents, "mails": mails}
    untold: dict[str, Any] = {"documents": 0, "seconds_to_first_entry": None, "seconds_total": 0.0, "urls": {}}
    invoices = [one for one in watcher.invoices.values() if one.company_id == company_id]
    return Outcome(Summary(**counts, **figures, **untold), invoices, [])

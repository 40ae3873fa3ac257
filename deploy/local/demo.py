"""The main job as a scenario: connect a company, import its invoices, and hold what came out against what Amazon had."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from deploy.local.amazon.parties import BUYER
from deploy.local.deployment import Deployment
from deploy.local.walk import Person
from deploy.local.watcher import Watcher
from schemas.import_finished.v1 import ImportFinished
from schemas.invoice_described.v1 import InvoiceDescribed
from schemas.values import RunCounts

IMPORT_LIMIT_S = 600.0
COMPANY_ID = "cmp_atelier_lumiere"
EARLIEST_START = timedelta(days=30)


class ImportUnfinished(Exception):
    """The first import did not finish in time."""

    next_action = "Read the logs of the services in the data folder."


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail that arrived."""

    subject: str
    to: str
    text: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What the run came to; written by `--json`. Money in cents, times in seconds."""

    collected: int
    recorded: int
    no_entry: int
    archived: int
    held: int
    parked: int
    duplicates: int
    entries: int
    debit_cents: int
    credit_cents: int
    documents: int
    mails: int
    seconds_to_first_entry: float | None
    seconds_total: float
    urls: dict[str, str]

    def write(self, file: Path) -> None:
        """As JSON, with a final newline."""
        file.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything a person wants to see at the end."""

    summary: Summary
    invoices: list[InvoiceDescribed]
    mails: list[Mail]


def company(documents: Path | None = None) -> dict[str, Any]:
    """The company of the scenario, whose import starts as early as a person may choose: 30 days before the connection.

    For a folder of documents, made out to other buyers years ago, the check of the buyer is off and the import starts in 2000.
    """
    start = "2000-01-01" if documents else (datetime.now(UTC).date() - EARLIEST_START).isoformat()
    return {
        "company_id": COMPANY_ID,
        "name": BUYER.name,
        "siren": BUYER.siren,
        "vat_id": BUYER.vat_number,
        "plan": "essentiel",
        "email": "comptabilite@atelier-lumiere.example",
        "file_code": "ATLUM",
        "test_environment": documents is not None,
        "settings": {"automatic_import": True, "buyer_check": documents is None, "import_start": start, "cut_over": start},
    }


def connect(deployment: Deployment, described: dict[str, Any], administrator: str | None = None) -> None:
    """Register the company, then give both consents on the pages, as a person would. Raises WalkLost, ServerFailed.

    `administrator`: who signs in at Amazon, as its control plane names people; the one of the first account by default.
    """
    file = deployment.data / "company.json"
    file.write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")
    deployment.command("fetcher", "company", str(file))
    person = Person()
    try:
        person.open(f"{deployment.web}/connectivite/amazon-business")
        person.press("Connecter")
        person.press("Autoriser", name=described["name"])
        person.press("Connecter")
        person.press("Autoriser", **({"account": administrator} if administrator else {}))
    finally:
        person.close()


def follow(watcher: Watcher, each: Callable[[], None]) -> None:
    """Wait until the first import is through and the person was told. Raises ImportUnfinished."""
    if not watcher.wait(lambda: watcher.done, IMPORT_LIMIT_S, each):
        raise ImportUnfinished(f"{watcher.collected} collected, {watcher.classified} classified, {watcher.described} in Achats")


def outcome(deployment: Deployment, watcher: Watcher, started_at: float) -> Outcome:
    """What stands in the books, the object store and the mailbox now. `started_at` is on the monotonic clock."""
    counts = _counts(list(watcher.finished.values()))
    watcher.wait(lambda: watcher.described >= counts.collected - counts.parked - counts.duplicates, 30)
    books: dict[str, Any] = json.loads(deployment.command("ledger", "totals"))
    mails = mails_in(deployment)
    first = watcher.first_entry_at
    summary = Summary(
        **counts.model_dump(),
        entries=books["entries"],
        debit_cents=books["debit_cents"],
        credit_cents=books["credit_cents"],
        documents=sum(1 for _ in (deployment.data / "documents").rglob("*.pdf")),
        mails=len(mails),
        seconds_to_first_entry=round(first - started_at, 1) if first else None,
        seconds_total=round(time.monotonic() - started_at, 1),
        urls=deployment.urls,
    )
    return Outcome(summary, list(watcher.invoices.values()), mails)


def mails_in(deployment: Deployment) -> list[Mail]:
    """Every e-mail in the mailbox."""
    rows: list[dict[str, Any]] = httpx.get(f"{deployment.mailbox.http_url}messages").json()
    return [Mail(row["subject"], ", ".join(row["to"]), row["text"], row["message_id"]) for row in rows]


def _counts(finished: list[ImportFinished]) -> RunCounts:
    names = RunCounts.model_fields
    return RunCounts(**{name: sum(getattr(one.counts, name) for one in finished) for name in names})

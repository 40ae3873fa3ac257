"""A classifier's storage with what people decide in it: of memory, or of a real PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas.contract import EventData
from schemas.hold_lifted.v1 import HoldLifted
from schemas.line_recoded.v1 import LineRecoded
from schemas.supplier_merged.v1 import SupplierMerged
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.nature.company_rules import CompanyRules
from services.classifier.handler import DECISIONS, SOURCE, Decisions, Rulebooks
from services.kernel.envelope import Delivery, Event, Record, encode, event_id
from tests.adapters.schemas import Schema

COMPANY, BY, AT = "dupont", "Mme Lefèvre", "2026-03-12T08:15:02.000000Z"
SHIPPED = read_rulebook()


@dataclass(frozen=True, slots=True)
class School:
    """Two processes of a classifier over one schema."""

    schema: Schema
    decisions: Decisions
    rulebooks: Rulebooks
    elsewhere: Rulebooks

    def says(self, *data: EventData) -> Sequence[Delivery]:
        """These decisions come, one after the other, to the first process; what became of each."""
        return [self.rulebooks.learn(delivered(one)) for one in data]

    @property
    def rules(self) -> CompanyRules:
        """The company's rules as stored."""
        return self.decisions.rules(COMPANY)


def school(schema: Schema, decisions: Decisions) -> School:
    """Nobody remembers anything yet."""
    return School(schema, decisions, Rulebooks(SHIPPED, decisions), Rulebooks(SHIPPED, decisions))


def delivered(data: EventData) -> Delivery:
    """The decision as it comes from its topic."""
    event = said(data)
    sent = encode(event, DECISIONS)
    return Delivery(Record(DECISIONS, 0, 7, 0, sent.key, sent.value, sent.headers), event, None)


def said(data: EventData) -> Event[Any]:
    """The decision as its producer says it."""
    return Event(event_id(SOURCE, data.ce_type, data.subject, 1), SOURCE, AT, data)


def recoded(decision: str, nature: str = "resale", **changes: Any) -> LineRecoded:
    """A person gives the first line of another invoice each time this nature; it had been a binder."""
    usual: dict[str, Any] = {
        "company_id": COMPANY,
        "decision_id": decision,
        "invoice_id": f"inv-{decision}",
        "line": 1,
        "label": "Classeur à levier A4",
        "asin": None,
        "unspsc": None,
        "seller": None,
        "from_nature": "supplies",
        "from_account": "606400",
        "from_rule": "words-supplies",
        "matched": "classeur a levier",
        "nature": nature,
        "account": None,
        "always": False,
        "scope": "words",
        "by": BY,
        "decided_at": AT,
    }
    return LineRecoded(**{**usual, **changes})


def merged(decision: str, auxiliary: str, into: str) -> SupplierMerged:
    """A person says that two suppliers are one."""
    return SupplierMerged(
        company_id=COMPANY,
        decision_id=decision,
        auxiliary=auxiliary,
        into=into,
        legal_name=None,
        vat_id=None,
        siren=None,
        by=BY,
        decided_at=AT,
    )


def lifted(decision: str) -> HoldLifted:
    """A person answers a hold."""
    return HoldLifted(
        company_id=COMPANY,
        decision_id=decision,
        invoice_id="inv-1",
        revision=1,
        reason="totals_mismatch",
        account=None,
        because=None,
        by=BY,
        decided_at=AT,
    )

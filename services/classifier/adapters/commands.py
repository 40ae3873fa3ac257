"""What people ask and decide: why a document is what it is, a company's rules, a decision about a line, a supplier or a hold."""

import argparse
import sys
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from schemas.contract import EventData
from schemas.hold_lifted.v1 import HoldLifted
from schemas.invoice_classified.v1 import InvoiceClassified
from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.line_recoded.v1 import LineRecoded
from schemas.registry import topic_for
from schemas.supplier_merged.v1 import SupplierMerged
from services.classifier.adapters.collected_topic import read_collected
from services.classifier.adapters.decisions import PostgresDecisions
from services.classifier.adapters.lifting import given_in, refuse_unliftable, stage_of, try_out
from services.classifier.adapters.rule_commands import RuleDesk
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.config import PeoplesConfig
from services.classifier.domain.classification import classify
from services.classifier.domain.explanation import explain, item_of
from services.classifier.domain.nature.decision import matched_words
from services.classifier.handler import SERVICE, SOURCE, Rulebooks
from services.kernel.clock import instant
from services.kernel.envelope import Event, encode, event_id
from services.kernel.errors import KernelError
from services.kernel.postgres import PostgresStore


class Impossible(KernelError):
    """This cannot be done."""


class People:
    """What a person asks or decides, on the service's own schema and topics."""

    def __init__(self, config: PeoplesConfig, store: PostgresStore, said: argparse.Namespace) -> None:
        """`said` holds the words of the command."""
        self._config, self._store, self._said = config, store, said
        self._decisions = PostgresDecisions(store)
        self._rulebooks = Rulebooks(read_rulebook(), self._decisions)

    def explain(self) -> None:
        """Print the decision tree of a document."""
        collected = self._document()
        sys.stdout.writelines(f"{line}\n" for line in explain(collected, self._rulebooks.of(collected.company_id)))

    def rules(self) -> None:
        """List, compare, try, publish or withdraw rules of a company."""
        desk = RuleDesk(self._rulebooks, self._decisions, self._past)
        sys.stdout.writelines(f"{line}\n" for line in desk.run(self._said))

    def recode(self) -> None:
        """Decide the nature of a line."""
        collected, said = self._document(), self._said
        rulebook = self._rulebooks.of(collected.company_id)
        answer = classify(collected, rulebook)
        if not isinstance(answer, InvoiceClassified) or not 0 < said.line <= len(answer.lines):
            raise Impossible(f"{said.invoice_id} has no line {said.line}, or is held")
        if said.nature not in rulebook.natures:
            raise Impossible(f"no nature {said.nature}; there are {', '.join(rulebook.natures)}")
        place: int = said.line
        line = answer.lines[place - 1]
        item = item_of(line, collected)
        self._publish(
            LineRecoded(
                **self._signed(collected.company_id),
                invoice_id=collected.invoice_id,
                line=place,
                label=line.label,
                asin=item.asin,
                unspsc=item.unspsc,
                seller=next(iter(item.sellers), None),
                from_nature=line.nature,
                from_account=line.account,
                from_rule=line.rule,
                matched=matched_words(item, rulebook),
                nature=said.nature,
                account=said.account,
                always=said.always,
                scope=said.scope,
            )
        )

    def merge(self) -> None:
        """Decide that two suppliers are one."""
        said = self._said
        self._publish(
            SupplierMerged(
                **self._signed(said.company),
                auxiliary=said.auxiliary,
                into=said.into,
                legal_name=said.legal_name,
                vat_id=said.vat_id,
                siren=said.siren,
            )
        )

    def lift(self) -> None:
        """Lift the hold of a document. Raises NotLifted, in French, when this decision would not."""
        said = self._said
        refuse_unliftable(said.reason)
        collected = self._document()
        rulebook = self._rulebooks.of(collected.company_id)
        decision = HoldLifted(
            **self._signed(collected.company_id),
            invoice_id=collected.invoice_id,
            revision=collected.revision,
            reason=said.reason,
            account=said.account,
            because=said.because,
            stage=stage_of(said.reason, classify(collected, rulebook)),
            given=given_in(said),
        )
        try_out(decision, collected, rulebook)
        self._publish(decision)

    def _signed(self, company_id: str) -> dict[str, Any]:
        """What every decision says: about whom, which, by whom, when."""
        return {"company_id": company_id, "decision_id": uuid.uuid4().hex, "by": self._said.by, "decided_at": instant(datetime.now(UTC))}

    def _publish(self, data: LineRecoded | SupplierMerged | HoldLifted) -> None:
        """Into the outbox, in one transaction; the worker's relay announces it."""
        identity = event_id(SOURCE, data.ce_type, data.subject, 1)
        event = Event[EventData](identity, SOURCE, data.decided_at, data)
        with self._store.transaction() as transaction:
            transaction.send(encode(event, topic_for(SERVICE, type(data))))
        sys.stdout.write(f"{data.decision_id}\n")

    def _document(self) -> InvoiceCollected:
        found = read_collected(self._config.kafka, self._said.company, self._said.invoice_id)
        if len(found) != 1:
            raise Impossible(f"{self._said.invoice_id} stands {len(found)} times among the documents of the last 30 days; name its company")
        return found[0]

    def _past(self, company_id: str) -> Sequence[InvoiceCollected]:
        return read_collected(self._config.kafka, company_id)

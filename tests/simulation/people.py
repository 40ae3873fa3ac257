"""A person who answers what held documents ask, as the command does: by a decision in the classifier's outbox."""

from typing import Any

from schemas.hold_lifted.v1 import Given, HoldLifted
from schemas.registry import topic_for
from services.classifier.domain.holds import VatWronglyCharged
from services.classifier.handler import SERVICE, SOURCE
from services.fetcher.adapters.lifting import SaidInvoices
from services.fetcher.domain.identity import issuer_of, mint_invoice_id
from services.kernel.clock import instant
from services.kernel.envelope import Event, encode, event_id
from services.kernel.postgres import PostgresStore
from tests.simulation.memory.purchases import Purchase
from tests.simulation.world import World


class Accountant:
    """Takes the VAT that a foreign seller charged wrongly for part of the cost."""

    def __init__(self, world: World, fetched: PostgresStore, decisions: Any) -> None:
        """`fetched` = the fetcher's schema, `decisions` = the classifier's."""
        self._world, self._fetched, self._decisions = world, fetched, decisions

    def decide(self) -> None:
        """One decision for each such document that was said once; again, it is the same. Raises Unavailable."""
        for purchase in self._world.amazon.purchases:
            if purchase.sort == "wrongly_charged" and purchase.sha256 not in self._world.decided:
                self._decide(purchase)

    def _decide(self, purchase: Purchase) -> None:
        company_id, issuer = purchase.company_id, issuer_of(purchase.evidence, ())
        invoice_id = mint_invoice_id(company_id, issuer, purchase.number, purchase.kind)
        with self._fetched.transaction() as transaction:
            found = SaidInvoices(transaction).last_said(company_id, invoice_id)
        if found is None:
            return
        if found[0].revision == 1:
            with self._decisions.transaction() as transaction:
                transaction.send(self._message(company_id, invoice_id))
        self._world.decided.add(purchase.sha256)

    def _message(self, company_id: str, invoice_id: str) -> Any:
        decision = HoldLifted(
            company_id=company_id,
            decision_id=f"dec-{invoice_id}",
            invoice_id=invoice_id,
            revision=1,
            reason=VatWronglyCharged.code(),
            account=None,
            because="TVA allemande perdue",
            by="Mme Lefèvre",
            decided_at=instant(self._world.engine.now()),
            stage="classification",
            given=Given(regime="foreign"),
        )
        event = Event(event_id(SOURCE, decision.ce_type, decision.subject, 1), SOURCE, decision.decided_at, decision)
        return encode(event, topic_for(SERVICE, HoldLifted))

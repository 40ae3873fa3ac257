"""The classifier's schema in PostgreSQL: what people decided, and the rules of each company by edition."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosql

from schemas.contract import EventData
from schemas.line_recoded.v1 import LineRecoded
from services.classifier.domain.nature.company_rules import CompanyRule, CompanyRules, Merger
from services.classifier.handler import Past
from services.kernel.envelope import Event
from services.kernel.postgres import PostgresStore, Transaction

QUERIES: Any = aiosql.from_path(Path(__file__).with_name("decisions.sql"), "psycopg")


class PostgresDecisions:
    """Decisions of the handler."""

    def __init__(self, store: PostgresStore) -> None:
        """Works in the store's schema."""
        self._store = store

    def transaction(self) -> AbstractContextManager[Transaction]:
        """One transaction that claims and announces."""
        return self._store.transaction()

    def keep(self, event: Event[EventData], family: str | None, decided_at: str, transaction: Transaction) -> None:
        """Insert the decision."""
        row = {"event_id": event.id, "ce_type": event.data.ce_type, "company_id": event.data.company_id, "family": family}
        facts, moment = event.data.model_dump_json(), datetime.fromisoformat(decided_at)
        QUERIES.keep_decision(transaction.connection, **row, facts=facts, decided_at=moment)

    def alike(self, company_id: str, family: str, transaction: Transaction) -> Sequence[LineRecoded]:
        """The corrections of the family since its rule last began or ended."""
        rows = QUERIES.alike(transaction.connection, company_id=company_id, family=family)
        return [LineRecoded.model_validate_json(facts, extra="ignore") for (facts,) in rows]

    def next_edition(self, company_id: str, transaction: Transaction) -> int:
        """One more than the current one."""
        return QUERIES.next_edition(transaction.connection, company_id=company_id)

    def begin(self, company_id: str, rule: CompanyRule | Merger, edition: int, by: str, transaction: Transaction) -> None:
        """Insert the rule, after the end of the one that has its id."""
        self.end(company_id, rule.id, edition, by, transaction)
        kind = "line" if isinstance(rule, CompanyRule) else "supplier"
        row = {"rule_id": rule.id, "kind": kind, "edition": edition, "body": rule.model_dump_json(), "begun_by": by}
        QUERIES.begin_rule(transaction.connection, company_id=company_id, **row)

    def end(self, company_id: str, rule_id: str, edition: int, by: str, transaction: Transaction) -> bool:
        """Whether a rule of this id held."""
        return bool(QUERIES.end_rule(transaction.connection, company_id=company_id, rule_id=rule_id, edition=edition, ended_by=by))

    def rules(self, company_id: str, edition: int | None = None) -> CompanyRules:
        """The rules of one edition, read in one statement."""
        with self._store.connection() as connection:
            rows = list(QUERIES.rules(connection, company_id=company_id, edition=edition))
        lines = [CompanyRule.model_validate_json(body) for _, kind, body in rows if kind == "line"]
        mergers = [Merger.model_validate_json(body) for _, kind, body in rows if kind == "supplier"]
        return CompanyRules(edition=rows[0][0] if rows else 0, rules=tuple(lines), mergers=tuple(mergers))

    def editions(self, company_ids: Sequence[str]) -> Mapping[str, int]:
        """Those that are not 0."""
        with self._store.connection() as connection:
            return dict(QUERIES.editions(connection, company_ids=list(company_ids)))

    def history(self, company_id: str) -> Sequence[Past]:
        """Every rule there ever was."""
        with self._store.connection() as connection:
            return [Past(*row) for row in QUERIES.history(connection, company_id=company_id)]

"""The classifier's twin: what people decided and the rules of each company, in memory."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from schemas.line_recoded.v1 import LineRecoded
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.nature.company_rules import CompanyRule, CompanyRules, Merger
from services.classifier.handler import Past, Rulebooks
from services.kernel.envelope import Event
from services.kernel.errors import Refused
from services.kernel.postgres import Transaction
from tests.simulation.memory.notifier import session_of
from tests.simulation.memory.store import MemorySession, MemoryStore, MemoryTransaction


@dataclass(frozen=True, slots=True)
class Kept:
    """A row of the table `decision`."""

    company_id: str
    family: str | None
    facts: str


@dataclass(frozen=True, slots=True)
class Held:
    """A row of the table `company_rule`."""

    past: Past
    body: CompanyRule | Merger
    after_decision: int


class MemoryDecisions:
    """Decisions of the handler over a memory store; stands in for PostgresDecisions."""

    def __init__(self, store: MemoryStore) -> None:
        """Works in the store's schema."""
        self._store = store

    def transaction(self) -> AbstractContextManager[MemoryTransaction]:
        """One transaction that claims and announces."""
        return self._store.transaction()

    def keep(self, event: Event[Any], family: str | None, decided_at: str, transaction: Transaction) -> None:
        """Insert the decision. Raises Refused: it is there."""
        session = session_of(transaction)
        if not session.table("decision event").insert(event.id, decided_at):
            raise Refused("duplicate key value violates unique constraint")
        row = Kept(event.data.company_id, family, event.data.model_dump_json())
        session.table("decision")[session.next_value("decision")] = row

    def alike(self, company_id: str, family: str, transaction: Transaction) -> Sequence[LineRecoded]:
        """The corrections of the family since its rule last began or ended."""
        session = session_of(transaction)
        rules = [row for row in _rules(session, company_id) if row.past.rule_id == family]
        after = max((row.after_decision for row in rules), default=0)
        kept = sorted(session.table("decision").items())
        found = [row for seq, row in kept if seq > after and (row.company_id, row.family) == (company_id, family)]
        return [LineRecoded.model_validate_json(row.facts, extra="ignore") for row in found]

    def next_edition(self, company_id: str, transaction: Transaction) -> int:
        """One more than the current one."""
        session = session_of(transaction)
        session.lock(("company_edition", company_id))
        editions = session.table("company_edition")
        editions[company_id] = editions.get(company_id, 0) + 1
        return editions[company_id]

    def begin(self, company_id: str, rule: CompanyRule | Merger, edition: int, by: str, transaction: Transaction) -> None:
        """Insert the rule, after the end of the one that has its id. Raises Refused: the edition has one already."""
        self.end(company_id, rule.id, edition, by, transaction)
        session = session_of(transaction)
        kind = "line" if isinstance(rule, CompanyRule) else "supplier"
        row = Held(Past(rule.id, kind, edition, None, by, None), rule, _last(session, company_id))
        if not session.table("company_rule").insert((company_id, rule.id, edition), row):
            raise Refused("duplicate key value violates unique constraint")

    def end(self, company_id: str, rule_id: str, edition: int, by: str, transaction: Transaction) -> bool:
        """Whether a rule of this id held. Raises Refused: it began in this edition."""
        session = session_of(transaction)
        for row in _rules(session, company_id):
            if row.past.rule_id == rule_id and row.past.until_edition is None:
                if edition <= row.past.since_edition:
                    raise Refused("violates check constraint")
                ended = replace(row, past=replace(row.past, until_edition=edition, ended_by=by), after_decision=_last(session, company_id))
                session.table("company_rule")[company_id, rule_id, row.past.since_edition] = ended
                return True
        return False

    def rules(self, company_id: str, edition: int | None = None) -> CompanyRules:
        """The rules of one edition."""
        with self._store.connection() as session:
            current = session.table("company_edition").get(company_id)
            held = _rules(session, company_id)
        if current is None:
            return CompanyRules()
        wanted = current if edition is None else edition
        bodies = [row.body for row in held if _holds(row.past, wanted)]
        lines = tuple(body for body in bodies if isinstance(body, CompanyRule))
        return CompanyRules(edition=wanted, rules=lines, mergers=tuple(body for body in bodies if isinstance(body, Merger)))

    def editions(self, company_ids: Sequence[str]) -> Mapping[str, int]:
        """Those that are not 0."""
        with self._store.connection() as session:
            table = session.table("company_edition")
            return {company_id: table[company_id] for company_id in company_ids if company_id in table}

    def history(self, company_id: str) -> Sequence[Past]:
        """Every rule there ever was."""
        with self._store.connection() as session:
            return [row.past for row in _rules(session, company_id)]


def untaught() -> Rulebooks:
    """The shipped rulebook, and companies that have taught nothing yet."""
    return Rulebooks(read_rulebook(), MemoryDecisions(MemoryStore()))


def _rules(session: MemorySession, company_id: str) -> list[Held]:
    rows = {key: row for key, row in session.table("company_rule").items() if key[0] == company_id}
    return [rows[key] for key in sorted(rows, key=lambda key: (key[2], key[1]))]


def _last(session: MemorySession, company_id: str) -> int:
    return max((seq for seq, row in session.table("decision").items() if row.company_id == company_id), default=0)


def _holds(past: Past, edition: int) -> bool:
    return past.since_edition <= edition and (past.until_edition is None or past.until_edition > edition)

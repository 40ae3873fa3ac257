"""`achats-classifier rules …`: a company's rules on the desk of the person who writes them."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from schemas.invoice_collected.v1 import InvoiceCollected
from services.classifier.domain.dry_run import compare
from services.classifier.domain.explanation import euros
from services.classifier.domain.nature.company_rules import CompanyRule, CompanyRules
from services.classifier.handler import Decisions, Rulebooks
from services.kernel.errors import KernelError

WRITTEN = "written"


class RuleRefused(KernelError):
    """The rules of this file cannot be published."""


class RuleDesk:
    """What holds, what a file would change, and the change."""

    def __init__(self, rulebooks: Rulebooks, decisions: Decisions, past: Callable[[str], Sequence[InvoiceCollected]]) -> None:
        """`past` gives a company's documents of the last 30 days."""
        self._rulebooks, self._decisions, self._past = rulebooks, decisions, past

    def run(self, said: argparse.Namespace) -> Iterator[str]:
        """The lines to print. Raises RuleRefused, Unavailable."""
        deeds: dict[str, Callable[[argparse.Namespace], Iterator[str]]] = {
            "list": self._list,
            "diff": self._diff,
            "dry-run": self._dry_run,
            "publish": self._publish,
            "withdraw": self._withdraw,
        }
        return deeds[said.deed](said)

    def _list(self, said: argparse.Namespace) -> Iterator[str]:
        own = self._decisions.rules(said.company)
        yield f"{said.company}, rules {self._rulebooks.shipped.for_company(own).version}"
        for rule in own.in_order:
            yield f"{rule.tier}  {shown(rule)}"
        for merger in own.mergers:
            yield f"supplier  {merger.auxiliary} → {merger.into}"
        for past in self._decisions.history(said.company):
            if past.ended_by is not None:
                yield f"ended  {past.rule_id}  editions {past.since_edition} to {(past.until_edition or 0) - 1}, by {past.ended_by}"

    def _diff(self, said: argparse.Namespace) -> Iterator[str]:
        holding = {rule.id: rule for rule in self._written(said.company)}
        wanted = {rule.id: rule for rule in self._read(said.file, 1)}
        for name in sorted(holding.keys() | wanted.keys()):
            before, after = holding.get(name), wanted.get(name)
            if before is None or after is None or not same(before, after):
                yield from (f"{sign} {shown(rule)}" for sign, rule in (("-", before), ("+", after)) if rule)

    def _dry_run(self, said: argparse.Namespace) -> Iterator[str]:
        before = self._rulebooks.of(said.company)
        learned = [rule for rule in before.company.rules if rule.origin != WRITTEN]
        rules = (*learned, *self._read(said.file, before.company.edition + 1))
        own = CompanyRules(edition=before.company.edition + 1, rules=rules, mergers=before.company.mergers)
        after = before.for_company(own)
        effect = compare(self._past(said.company), before, after)
        for change in effect.lines:
            place = f"{change.invoice_id} line {change.line} « {change.after.label} » {euros(change.after.net_cents)}"
            yield f"{place}: {change.before.account} → {change.after.account} ({change.after.rule}: {change.after.because})"
        yield from (f"held or not otherwise: {invoice_id}" for invoice_id in effect.held)
        yield from (f"{account}  {'+' if cents > 0 else ''}{euros(cents)}" for account, cents in effect.cents.items())
        yield f"{len(effect.lines)} lines of {effect.documents} documents of the last 30 days would change"

    def _publish(self, said: argparse.Namespace) -> Iterator[str]:
        with self._decisions.transaction() as transaction:
            edition = self._decisions.next_edition(said.company, transaction)
            holding = {rule.id: rule for rule in self._written(said.company)}
            wanted = {rule.id: rule for rule in self._read(said.file, edition)}
            for name in holding.keys() - wanted.keys():
                self._decisions.end(said.company, name, edition, said.by, transaction)
            for name, rule in wanted.items():
                if name not in holding or not same(holding[name], rule):
                    self._decisions.begin(said.company, rule, edition, said.by, transaction)
        yield f"edition {edition}"

    def _withdraw(self, said: argparse.Namespace) -> Iterator[str]:
        with self._decisions.transaction() as transaction:
            edition = self._decisions.next_edition(said.company, transaction)
            if not self._decisions.end(said.company, said.rule_id, edition, said.by, transaction):
                raise RuleRefused(f"no rule {said.rule_id} holds")
        yield f"edition {edition}"

    def _written(self, company_id: str) -> Sequence[CompanyRule]:
        return [rule for rule in self._decisions.rules(company_id).rules if rule.origin == WRITTEN]

    def _read(self, file: Path, edition: int) -> Sequence[CompanyRule]:
        """The rules of a YAML list. Raises RuleRefused, and pydantic's ValidationError."""
        page: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        rules = [CompanyRule.model_validate({**row, "origin": WRITTEN, "edition": edition}, strict=False) for row in page or ()]
        if twice := {rule.id for rule in rules if [other.id for other in rules].count(rule.id) > 1}:
            raise RuleRefused(f"two rules have one id: {sorted(twice)}")
        if odd := [rule.id for rule in rules if ":" in rule.id]:
            raise RuleRefused(f"only rules that were learned have a colon in their id: {odd}")
        if unknown := {rule.nature for rule in rules} - set(self._rulebooks.shipped.natures):
            raise RuleRefused(f"natures that the rulebook does not have: {sorted(unknown)}")
        return rules


def same(one: CompanyRule, other: CompanyRule) -> bool:
    """Whether two rules differ in nothing but the edition that brought them."""
    return one.model_copy(update={"edition": 1}) == other.model_copy(update={"edition": 1})


def shown(rule: CompanyRule) -> str:
    """A rule on one line: id, nature and account, conditions, owner, origin, edition."""
    conditions = rule.model_dump(exclude={"id", "nature", "account", "owner", "origin", "edition"}, exclude_defaults=True, mode="json")
    account = f" on {rule.account}" if rule.account else ""
    return f"{rule.id}: {rule.nature}{account} where {conditions}; {rule.owner}, {rule.origin}, edition {rule.edition}"

"""Ten made-up accounts, each imported from nothing, all at once: every invariant against the simulator's truth of that account."""

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Self

import httpx
import pytest

from deploy.local.demo import company, connect, mails_in
from deploy.local.deployment import Account, Deployment
from deploy.local.folders import temporary_data_folder
from deploy.local.truth import truth
from deploy.local.watcher import Watcher
from schemas.invoice_described.v1 import InvoiceDescribed
from tests.e2e.companies import is_told, outcome_of
from tests.support import invariants

PATIENCE_SECONDS = 120.0
DOCUMENTS = 30
SEEDS = range(1, 11)


@dataclass(frozen=True, slots=True)
class Import:
    """A company, connected to an account of its own."""

    company_id: str
    address: str
    account: str

    @classmethod
    def begun(cls, deployment: Deployment, seed: int) -> Self:
        """Amazon has one more customer, made up from this seed, who gives both consents."""
        opened = httpx.post(f"{deployment.amazon.control_url}/accounts", json={"seed": seed}).raise_for_status().json()
        one = cls(f"cmp_seed_{seed}", f"seed-{seed}@atelier-lumiere.example", opened["account"])
        buyer: dict[str, Any] = {"name": opened["name"], "siren": opened["siren"], "vat_id": opened["vat_number"]}
        described = company() | buyer | {"company_id": one.company_id, "email": one.address}
        connect(deployment, described, opened["people"][0]["id"])
        return one


@dataclass(frozen=True, slots=True)
class Imports:
    """Ten imports under way on one deployment."""

    deployment: Deployment
    watcher: Watcher
    by_seed: dict[int, Import]

    def mails(self) -> Counter[str]:
        """How many e-mails each address got."""
        return Counter(mail.to for mail in mails_in(self.deployment))


@pytest.fixture(scope="module")
def imports() -> Generator[Imports]:
    """Every part, and a company for each seed; the deployment's own account is nobody's."""
    with temporary_data_folder("achats-seeds-") as data, Deployment(data, Account(invoices=DOCUMENTS)) as deployment:
        watcher = Watcher(deployment.kafka.bootstrap)
        yield Imports(deployment, watcher, {seed: Import.begun(deployment, seed) for seed in SEEDS})
        watcher.stop()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_import_adds_up(imports: Imports, seed: int):
    """30 documents of two sellers and Amazon's French branch, invoices and credit notes at 20 and 5.5 %."""
    one, watcher, expected = imports.by_seed[seed], imports.watcher, truth(imports.deployment, imports.by_seed[seed].account)
    assert DOCUMENTS == len(expected)
    assert watcher.wait(lambda: is_told(watcher, one.company_id), PATIENCE_SECONDS)
    assert watcher.wait(lambda: watcher.of_company[one.company_id][InvoiceDescribed] >= DOCUMENTS, PATIENCE_SECONDS)
    invariants.check(outcome_of(imports.deployment, watcher, one.company_id, imports.mails()[one.address]), expected)


def test_the_accounts_are_ten_different_ones(imports: Imports):
    """No document of one account is in another, and nobody but the ten is written to, once each."""
    of_all = [row["sha256"] for one in imports.by_seed.values() for row in truth(imports.deployment, one.account)]
    assert len(SEEDS) * DOCUMENTS == len(set(of_all))
    assert imports.watcher.wait(lambda: all(is_told(imports.watcher, one.company_id) for one in imports.by_seed.values()), PATIENCE_SECONDS)
    assert {one.address: 1 for one in imports.by_seed.values()} == imports.mails()

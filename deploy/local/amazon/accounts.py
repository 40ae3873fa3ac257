"""The accounts a person may choose on the consent page; what an account bought is planned when it is first asked for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from deploy.local.amazon.facts import FRANCE, Person, people_of
from deploy.local.amazon.parties import BUYER, Party, complete_siren, french_vat_number
from deploy.local.amazon.world import World

TRADES = ("Menuiserie", "Imprimerie", "Garage", "Boulangerie", "Verrerie", "Pépinière", "Fonderie", "Librairie", "Clinique", "Scierie")
PLACES = ("des Tilleuls", "du Vieux Port", "de la Combe", "des Arènes", "du Plateau", "des Deux Rives", "du Moulin", "des Glycines")
MARKETPLACES = {
    "fr": FRANCE,
    "de": "A1PA6795UKMFR9",
    "es": "A1RKKUPIHCS9HS",
    "it": "APJ6JRA9NG5V4",
    "uk": "A1F83G8C2ARO7P",
}


class AccountKind(StrEnum):
    """What the person finds behind name and password; only a business account can be connected."""

    BUSINESS = "business"
    SELLER = "seller"
    PERSONAL = "personal"
    SUSPENDED = "suspended"
    CLOSED = "closed"


@dataclass(slots=True)
class Account:
    """One customer of Amazon: who it is, whether it can be connected, how often its consent was withdrawn by marketplace."""

    buyer: Party
    plan: Callable[[], World]
    kind: AccountKind = AccountKind.BUSINESS
    withdrawn: dict[str, int] = field(default_factory=dict[str, int])
    _world: World | None = None

    @property
    def id(self) -> str:
        """The identifier a consent is bound to."""
        return account_id(self.buyer)

    @property
    def people(self) -> tuple[Person, Person]:
        """An administrator and a buyer."""
        return people_of(self.buyer)

    @property
    def world(self) -> World:
        """What it bought, planned now if nobody asked before."""
        if self._world is None:
            self._world = self.plan()
        return self._world

    def consent(self, marketplace: str) -> int:
        """Which consent is in force; tokens of an earlier one are dead."""
        return self.withdrawn.get(marketplace, 0)

    def withdraw(self, marketplace: str) -> None:
        """The person removes the application in Amazon's settings."""
        self.withdrawn[marketplace] = self.consent(marketplace) + 1


class UnknownAccount(Exception):
    """There is no such account."""

    next_action = "Ask the control plane for /accounts."


class Accounts:
    """Every account, the first one the default of the control plane."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._accounts = {account.id: account for account in accounts}

    @property
    def all(self) -> list[Account]:
        """In the order they were opened."""
        return list(self._accounts.values())

    @property
    def first(self) -> Account:
        """The default one."""
        return self.all[0]

    def open(self, account: Account) -> None:
        """One more account."""
        self._accounts[account.id] = account

    def find(self, id: str | None = None) -> Account:  # noqa: A002 - what it is
        """An account, the first one by default. Raises UnknownAccount."""
        found = self.first if id is None else self.known(id)
        if found is None:
            raise UnknownAccount(id)
        return found

    def known(self, id: str) -> Account | None:  # noqa: A002
        """An account, if there is such a one."""
        return self._accounts.get(id)

    def of(self, id: str) -> World:  # noqa: A002
        """What an account bought."""
        return self.find(id).world

    def of_person(self, person_id: str | None) -> tuple[Account, Person] | None:
        """Who signs in on the consent page."""
        found = ((account, person) for account in self.all for person in account.people if person.id == person_id)
        return next(found, None)


def account_id(buyer: Party) -> str:
    """The identifier of a company's account."""
    return f"account-{buyer.siren}"


def company(rank: int) -> Party:
    """The rank-th synthetic company, from 1; SIREN and VAT number have valid check digits."""
    name = f"{TRADES[rank % len(TRADES)]} {PLACES[rank // len(TRADES) % len(PLACES)]} {rank} SAS"
    siren = complete_siren(f"{90_700_000 + rank:08d}")
    return Party(name, BUYER.address, siren, french_vat_number(siren), BUYER.registry)

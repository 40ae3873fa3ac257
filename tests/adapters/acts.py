"""What a person may do to a book, done to the real one and to its model."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date
from typing import Literal, override

from services.ledger.adapters.books import PLACE_BITS
from services.ledger.adapters.deeds import Deeds
from tests.adapters.book_model import ACCOUNTS, Model

SEQ = "select seq from ledger.chain where batch_id = "


class Deed(ABC):
    """Something a person does, to the real book and to the model."""

    @abstractmethod
    def do(self, deeds: Deeds) -> int:
        """Act; the entry it made or numbered, 0 when it is about a period."""

    @abstractmethod
    def apply(self, model: Model, made: int) -> None:
        """Act alike; `made` = what the real one answered."""

    def seal(self, made: int) -> str:
        """The query for the places in the chain where it may stand."""
        return f"{SEQ}{made >> PLACE_BITS}"


@dataclass(frozen=True)
class Validate(Deed):
    """A selection of entries becomes final."""

    entries: tuple[int, ...]

    @override
    def do(self, deeds: Deeds) -> int:
        return deeds.validate("AC", self.entries)[0].entry_id

    @override
    def apply(self, model: Model, made: int) -> None:
        model.validate(self.entries)

    @override
    def seal(self, made: int) -> str:
        return f"{SEQ}(select batch_id from ledger.fate where entry_id = {made})"


@dataclass(frozen=True)
class Reverse(Deed):
    """A final entry is turned round."""

    entry: int

    @override
    def do(self, deeds: Deeds) -> int:
        return deeds.reverse(self.entry).entry_id

    @override
    def apply(self, model: Model, made: int) -> None:
        model.reverse(self.entry, made)


@dataclass(frozen=True)
class Correct(Deed):
    """An entry goes to another account than `account`."""

    entry: int
    account: str

    @override
    def do(self, deeds: Deeds) -> int:
        return deeds.recode(self.entry, {self.account: ACCOUNTS[self.account]})

    @override
    def apply(self, model: Model, made: int) -> None:
        model.correct(self.entry, made)


@dataclass(frozen=True)
class Period(Deed):
    """A month is locked or unlocked, or a year closed up to a day, `waiting` entries acknowledged."""

    company: str
    word: Literal["lock", "unlock", "close"]
    day: date
    waiting: int = 0

    @override
    def do(self, deeds: Deeds) -> int:
        if self.word == "close":
            deeds.close(self.day.year, self.day, self.waiting)
        else:
            deeds.lock(self.day, self.word, "TVA déposée")
        return 0

    @override
    def apply(self, model: Model, made: int) -> None:
        if self.word == "close":
            model.close(self.day.year, self.day, self.waiting)
        else:
            model.lock(self.day, self.word)

    @override
    def seal(self, made: int) -> str:
        day = f"through = '{self.day}'" if self.word == "close" else f"from_day = '{self.day.replace(day=1)}'"
        return f"{SEQ}any(select batch_id from ledger.period_event where company_id = '{self.company}' and deed = '{self.word}' and {day})"

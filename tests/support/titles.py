"""The labelled titles of `tests/cases/titles/`, in two halves: one that may be read when words are written, and one kept aside."""

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from services.classifier.domain.items import Item
from services.classifier.domain.lines.asset import Limit
from services.classifier.domain.lines.laying_out import lay_out
from services.classifier.domain.lines.steps import Terms
from services.classifier.domain.nature.decision import UNKNOWN
from services.classifier.domain.nature.rulebook import Rulebook
from services.classifier.domain.vat.regime import DOMESTIC
from services.classifier.domain.vat.ruling import Ruling
from tests.support.collected import settings

FILE = Path(__file__).parents[1] / "cases" / "titles" / "titles.csv"
EQUIPMENT = frozenset({"it_equipment", "furniture", "small_equipment"})
CHEAP_CENTS, DEAR_CENTS = 40_00, 900_00


@dataclass(frozen=True, slots=True)
class Title:
    """One title with the nature an accountant would give it."""

    nature: str
    language: str
    title: str

    @property
    def is_open(self) -> bool:
        """Whether it may be read when words are written."""
        return hashlib.sha256(self.title.encode()).digest()[-1] % 2 == 0


@dataclass(frozen=True, slots=True)
class Miss:
    """A title whose nature is another than it should be."""

    labelled: Title
    answered: str


def titles() -> Sequence[Title]:
    """All of them, in the order of the file."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return [Title(**row) for row in csv.DictReader(file)]


def misses(labelled: Sequence[Title], rulebook: Rulebook, cents: int = CHEAP_CENTS) -> Sequence[Miss]:
    """The titles that do not get the nature of their label, at a price that no asset has unless another is given."""
    answers = [(one, answered(one.title, cents, rulebook)) for one in labelled]
    return [Miss(one, nature) for one, (nature, _) in answers if nature != one.nature]


def answered(title: str, net_cents: int, rulebook: Rulebook) -> tuple[str, str]:
    """The nature and the account of one line of this title."""
    terms = Terms(
        settings=settings(),
        answers=None,
        limit=Limit(Decimal(500_00), "net"),
        gift_limit_cents=73_00,
        is_credit_note=False,
        ruling=_domestic,
    )
    (line,) = lay_out([Item(title, net_cents, "20")], rulebook, terms).lines
    return line.nature, line.account


def _domestic(_rate: str, _lines: str) -> Ruling:
    return Ruling(DOMESTIC, "CGI 271")


def hidden_assets(labelled: Sequence[Title], rulebook: Rulebook) -> Sequence[Miss]:
    """Equipment that is booked as an expense though its price is that of an asset."""
    dear = [(one, *answered(one.title, DEAR_CENTS, rulebook)) for one in labelled if one.nature in EQUIPMENT]
    return [Miss(one, nature) for one, nature, account in dear if nature != UNKNOWN and account.startswith("6")]

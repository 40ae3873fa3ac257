"""What the rulebook's words find in a title. A title is read once: of the last few thousand the readings are remembered."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Literal

from services.classifier.domain.nature.wording import (
    UNDECIDED,
    Found,
    Phrases,
    Remembered,
    Vocabulary,
    decisive,
    found_in,
    head_of,
    text_of,
    tokens_of,
)

REMEMBERED = 4_096  # titles: people buy the same again, and one document asks several times

type WordTier = Literal["purpose", "article", "hint"]


class Titles:
    """The vocabularies of the tiers, and for rules that ask for company the words that must stand beside theirs."""

    def __init__(self, tiers: Mapping[WordTier, Vocabulary], companions: Mapping[int, Vocabulary], equipment: frozenset[int]) -> None:
        """Rules are named by their place; `equipment` are those whose nature is."""
        self.tiers, self.companions, self.equipment = tiers, companions, equipment
        self.begun = Remembered(self._beginning_with)
        self.read = lru_cache(REMEMBERED)(self._read)

    def _read(self, title: str) -> "Reading":
        return Reading(self, tokens_of(title))

    def _beginning_with(self, token: str) -> Mapping[WordTier, Phrases]:
        """The phrases that can begin with this token, of the tiers that have any; most tokens begin none."""
        return {tier: phrases for tier, words in self.tiers.items() if (phrases := words.beginning_with(token))}


class Reading:
    """One title, cut into tokens; each token is looked up once for all tiers, each tier is asked once."""

    def __init__(self, titles: Titles, tokens: Sequence[str]) -> None:
        self._titles, self._tokens = titles, tokens
        self._begun = [(place, tiers) for place, tiers in enumerate(map(titles.begun.__getitem__, tokens)) if tiers]

    @cached_property
    def purpose(self) -> tuple[int, str] | None:
        """The rule of tier purpose, and what of the whole title it matched."""
        return self._head("purpose", self._tokens)

    @cached_property
    def article(self) -> tuple[int, str] | None:
        """The rule of tier article, and what it matched before the title's first word of purpose."""
        return self._head("article", self._named)

    @cached_property
    def hint(self) -> tuple[int, str] | None:
        """The rule of tier hint, and what it matched."""
        return self._head("hint", self._named)

    @cached_property
    def names_equipment(self) -> bool:
        """Whether the title names equipment anywhere before its purpose."""
        return any(found.rule in self._titles.equipment for found in self._found("article", self._named))

    @cached_property
    def _named(self) -> Sequence[str]:
        return decisive(self._tokens)

    def _head(self, tier: WordTier, tokens: Sequence[str]) -> tuple[int, str] | None:
        found = head_of(self._standing(self._found(tier, tokens)))
        return (found.rule, text_of(tokens, found)) if found else None

    def _found(self, tier: WordTier, tokens: Sequence[str]) -> Iterator[Found]:
        """The phrases of the tier among these tokens, with which the title begins."""
        return found_in(tokens, [(place, tiers[tier]) for place, tiers in self._begun if tier in tiers and place < len(tokens)])

    def _standing(self, founds: Iterator[Found]) -> Iterator[Found]:
        """The phrases whose rule finds beside them what it asks for."""
        for found in founds:
            companions = self._titles.companions.get(found.rule)
            if found.rule == UNDECIDED or companions is None or any(companions.find(self._tokens)):
                yield found

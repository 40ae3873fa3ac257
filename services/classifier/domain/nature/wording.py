"""Words in product titles: folded, cut into tokens, and found by an index, so that a title costs a look-up per token and no pattern."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import contains
from typing import NamedTuple

TOKENS = re.compile(r"\w+|[,;:|/()\[\]+\u2013\u2014]")  # a separator is a token, so that no phrase and no chain goes across it
ENDINGS = {"fr": ("", "s", "x", "es"), "en": ("", "s", "es"), "de": ("", "e", "n", "en", "s", "es", "er", "ern")}
HEAD_LAST = frozenset({"en", "de"})  # « label printer » is a printer, « imprimante étiquettes » too
SHORTEST_PART = 4  # letters of a word that may be part of another
FOLDINGS = 8_192  # texts whose folding is remembered: one document asks for its titles again and again
VOCABULARY = 65_536  # tokens whose entries are remembered

PURPOSE = frozenset(("pour", "avec", "for", "with", "fur", "mit", "inkl", "incl", "including", "inklusive"))
ASIDE = frozenset(("a", "en", "au", "aux", "sans", "anti", "sous", "without", "ohne", "non", "dont"))  # the word behind names nothing

type Forms = frozenset[str]


@lru_cache(FOLDINGS)
def fold(text: str) -> str:
    """The text without case, accents and ligatures: `Œillets À Clé` → `oeillets a cle`."""
    lowered = text.casefold()
    return lowered if lowered.isascii() else lowered.translate(FOLDED)


class _Folded(dict[int, str]):
    """What each letter becomes, found out at its first use; there are no more of them than Unicode has."""

    def __missing__(self, code: int) -> str:
        letters = unicodedata.normalize("NFKD", LIGATURES.get(chr(code), chr(code)))
        self[code] = "".join(letter for letter in letters if not unicodedata.combining(letter))
        return self[code]


LIGATURES = {"œ": "oe", "æ": "ae", "\u2019": "'"}
FOLDED = _Folded()


def tokens_of(text: str) -> Sequence[str]:
    """The words and separators of a title, folded."""
    return TOKENS.findall(fold(text))


def decisive(tokens: Sequence[str]) -> Sequence[str]:
    """What stands before the first word of purpose: « toner noir » of « Toner noir pour imprimante »."""
    if PURPOSE.isdisjoint(tokens):
        return tokens
    return tokens[: next(place for place, token in enumerate(tokens) if token in PURPOSE)]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row that mean a rule. `head_last`: a phrase right behind it names the article instead."""

    rule: int
    tokens: tuple[Forms, ...]
    head_last: bool
    at_start: bool


class Found(NamedTuple):
    """A phrase in a title: its rule, and the tokens it covers."""

    rule: int
    start: int
    end: int
    head_last: bool


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one rule in one language. SILENT ones hide what they contain; behind an UNDECIDED one nothing names the article."""

    rule: int
    language: str
    words: tuple[str, ...]
    at_start: bool = False


SILENT, UNDECIDED = -1, -2  # instead of a rule


type Phrases = tuple[Phrase, ...]

type Begun = Iterable[tuple[int, Phrases]]
"""Places in a title, from left to right, and the phrases that may begin there."""


class Remembered[Value](dict[str, Value]):
    """What is known of each word, found out at its first use. Numbers and models are not kept: they would fill the memory, each once."""

    def __init__(self, find_out: Callable[[str], Value]) -> None:
        """`find_out` says what there is to know of a token."""
        super().__init__()
        self._find_out = find_out

    def __missing__(self, token: str) -> Value:
        found = self._find_out(token)
        if token.isalpha():
            if len(self) >= VOCABULARY:
                self.clear()
            self[token] = found
        return found


class Vocabulary:
    """All words of some rules. A word may begin or end with `*`: then it is part of a longer one, such as `*drucker`, `reinigungs*`."""

    def __init__(self, listed: Iterable[Words]) -> None:
        """Of two rules with the same word the first has it."""
        self._whole, self._ends, self._begins = dict[str, list[Phrase]](), dict[str, list[Phrase]](), dict[str, list[Phrase]]()
        for words in listed:
            for word in words.words:
                self._enter(word, words)
        for index in (self._whole, self._ends, self._begins):
            for phrases in index.values():
                phrases.sort(key=lambda phrase: -len(phrase.tokens))
        self._begun = Remembered(self.beginning_with)

    def find(self, tokens: Sequence[str]) -> Iterator[Found]:
        """The phrases in a title."""
        return found_in(tokens, enumerate(map(self._begun.__getitem__, tokens)))

    def head(self, tokens: Sequence[str]) -> Found | None:
        """What the title names."""
        return head_of(self.find(tokens))

    def beginning_with(self, token: str) -> Phrases:
        """The phrases that can begin with this token: the whole of it, then its longest part, its beginning before its end."""
        phrases = [*self._whole.get(token, ())]
        if token.isalpha():
            for length in range(len(token), SHORTEST_PART - 1, -1):
                phrases += [*self._begins.get(token[:length], ()), *self._ends.get(token[-length:], ())]
        return tuple(phrases)

    def _enter(self, word: str, words: Words) -> None:
        first, *rest = (_forms(token, words.language) for token in fold(word.strip("*")).replace("'", " ").replace("-", " ").split())
        phrase = Phrase(words.rule, (first, *rest), words.language in HEAD_LAST, words.at_start)
        index = self._ends if word.startswith("*") else self._begins if word.endswith("*") else self._whole
        for form in first:
            index.setdefault(form, []).append(phrase)


def found_in(tokens: Sequence[str], begun: Begun) -> Iterator[Found]:
    """The phrases from left to right, the longest at each place; none of them overlaps the one before."""
    behind = 0
    for place, phrases in begun:
        if phrases and place >= behind and (found := _at(phrases, tokens, place)):
            behind = found.end
            if found.rule != SILENT and not (place and tokens[place - 1] in ASIDE):
                yield found


def _at(phrases: Iterable[Phrase], tokens: Sequence[str], place: int) -> Found | None:
    """The first of the phrases that stands there."""
    for phrase in phrases:
        if phrase.at_start and place:
            continue
        end = place + len(phrase.tokens)
        if end == place + 1 or (end <= len(tokens) and all(map(contains, phrase.tokens[1:], tokens[place + 1 : end]))):
            return Found(phrase.rule, place, end, phrase.head_last)
    return None


def head_of(founds: Iterable[Found]) -> Found | None:
    """What names the article: the first phrase; while another stands right behind it in a language that has the head last, that one."""
    head: Found | None = None
    for found in founds:
        if head and not (found.start == head.end and found.head_last):
            break
        head = found
    return None if head is None or head.rule == UNDECIDED else head


def _forms(token: str, language: str) -> Forms:
    """Singular and plural; what is no word has one form."""
    return frozenset(token + ending for ending in (ENDINGS[language] if token.isalpha() and len(token) > 2 else ("",)))


def text_of(tokens: Sequence[str], found: Found) -> str:
    """What was found, as the title has it but for case and accents."""
    return " ".join(tokens[found.start : found.end])


def listed(rule: int, words: Mapping[str, tuple[str, ...]], at_start: bool = False) -> Iterator[Words]:
    """The words of a rule by language, as a vocabulary takes them."""
    return (Words(rule, language, named, at_start) for language, named in words.items())

"""What holds between the lines of a FEC: entries that balance, numbers without hole, one label per account, lettering that adds up.

Memory grows with accounts, suppliers, journals and open lettering, never with lines, and each of these has an end (`MOST_KEPT`)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from services.ledger.domain.fec.findings import WHOLE_FILE, Finding, Rule
from services.ledger.domain.fec.layout import amount_text
from services.ledger.domain.fec.postings import Posting, Year

MOST_KEPT = 200_000
NUMBERED = re.compile(r"(.*?)([0-9]{1,15})", re.DOTALL)
LABELS = (("JournalCode", "JournalLib"), ("CompteNum", "CompteLib"), ("CompAuxNum", "CompAuxLib"))


def shown_cents(cents: int) -> str:
    """Signed cents as the file writes amounts."""
    return f"{'-' if cents < 0 else ''}{amount_text(abs(cents))}"


@dataclass(slots=True)
class Labels:
    """The first label of each journal, account and auxiliary."""

    _first: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    def see(self, posting: Posting) -> Iterator[Finding]:
        """A label that is not the first one."""
        for code, label in LABELS:
            key = (code, posting[code])
            if not posting[code] or not posting[label]:
                continue
            if key not in self._first and len(self._first) < MOST_KEPT:
                self._first[key] = posting[label]
            if self._first.get(key, posting[label]) != posting[label]:
                yield Finding(posting.n, label, Rule.LABEL_CHANGED, (posting[code],))


@dataclass(slots=True)
class Sequence:
    """A continuous sequence of numbers: the last one."""

    last: int


@dataclass(slots=True)
class Numbers:
    """Per journal and beginning of the number; journals may share a sequence: one that begins where another stands goes on with it."""

    _of: dict[tuple[str, str], Sequence] = field(default_factory=dict[tuple[str, str], Sequence])
    _latest: dict[str, Sequence] = field(default_factory=dict[str, Sequence])

    def see(self, posting: Posting) -> Finding | None:
        """The number of the next entry, if it does not follow."""
        found = NUMBERED.fullmatch(posting["EcritureNum"])
        if found is None:
            return Finding(posting.n, "EcritureNum", Rule.NO_NUMBER, (posting["EcritureNum"],)) if posting["EcritureNum"].strip() else None
        prefix, number = found[1], int(found[2])
        sequence = self._of.get((posting["JournalCode"], prefix))
        if sequence is None:
            return self._begin(posting, prefix, number)
        last, sequence.last = sequence.last, number
        self._latest[prefix] = sequence
        if number == last + 1:
            return None
        rule = Rule.NUMBER_GAP if number > last else Rule.NUMBER_BACK
        return Finding(posting.n, "EcritureNum", rule, (posting["EcritureNum"], f"{prefix}{last}"))

    def _begin(self, posting: Posting, prefix: str, number: int) -> Finding | None:
        shared = self._latest.get(prefix)
        follows = shared is not None and number == shared.last + 1 and number != 1
        if len(self._of) < MOST_KEPT:
            sequence = shared if shared is not None and follows else Sequence(number)
            sequence.last = number
            self._of[posting["JournalCode"], prefix] = self._latest[prefix] = sequence
        if follows or number == 1:
            return None
        return Finding(posting.n, "EcritureNum", Rule.NUMBER_START, (posting["JournalCode"], posting["EcritureNum"]))


@dataclass(slots=True)
class Lettering:
    """What is open under each letter of each third party, and where it began."""

    _open: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict[tuple[str, str, str], tuple[int, int]])

    def see(self, posting: Posting) -> None:
        """Add the line to its letter; a letter that is settled is forgotten."""
        letter = posting["EcritureLet"].strip()
        key = (posting["CompteNum"], posting["CompAuxNum"], letter)
        if not letter or (key not in self._open and len(self._open) >= MOST_KEPT):
            return
        cents, began = self._open.pop(key, (0, posting.n))
        if cents := cents + posting.debit_cents - posting.credit_cents:
            self._open[key] = (cents, began)

    def end(self) -> Iterator[Finding]:
        """The letters that are not settled."""
        for (_, _, letter), (cents, began) in self._open.items():
            yield Finding(began, "EcritureLet", Rule.LETTER_UNBALANCED, (letter, shown_cents(cents)))


@dataclass(slots=True)
class OpenEntry:
    """The entry whose lines are being read: sums, and a digest of what each line says beside number and dates."""

    first: Posting
    debit_cents: int = 0
    credit_cents: int = 0
    lines: list[int] = field(default_factory=list[int])
    classes: set[str] = field(default_factory=set[str])
    twelve: bool = False

    def belongs(self, posting: Posting) -> bool:
        """Whether the line is of this entry."""
        return all(posting[name] == self.first[name] for name in ("JournalCode", "EcritureNum"))

    def add(self, posting: Posting) -> None:
        """Count the line."""
        said = (posting["CompteNum"], posting["CompAuxNum"], posting["PieceRef"], posting["PieceDate"])
        self.debit_cents += posting.debit_cents
        self.credit_cents += posting.credit_cents
        if len(self.lines) < MOST_KEPT:
            self.lines.append(hash((said, posting.debit_cents, posting.credit_cents)))
        self.classes.add(posting["CompteNum"][:1])
        self.twelve = self.twelve or posting["CompteNum"].startswith("12")

    def end(self, year: Year | None) -> Iterator[Finding]:
        """What is wrong with the whole entry."""
        n, number = self.first.n, self.first["EcritureNum"]
        if self.debit_cents != self.credit_cents:
            yield Finding(n, "Debit", Rule.UNBALANCED, (number, shown_cents(self.debit_cents), shown_cents(self.credit_cents)))
        half = len(self.lines) // 2
        if half > 1 and self.lines[:half] == self.lines[half:]:
            yield Finding(n, "EcritureNum", Rule.LINES_TWICE, (number,))
        if year and self.twelve and self.classes & {"6", "7"} and self.first.days.get("EcritureDate") == year.closes:
            yield Finding(n, "CompteNum", Rule.CLASSES_CLOSED, (number,))


@dataclass(slots=True)
class Entries:
    """Entry after entry, as their lines come; totals of the file."""

    year: Year | None
    count: int = 0
    debit_cents: int = 0
    credit_cents: int = 0
    _entry: OpenEntry | None = None
    _previous: list[int] = field(default_factory=list[int])
    _numbers: Numbers = field(default_factory=Numbers)
    _validated: dict[str, date] = field(default_factory=dict[str, date])

    def see(self, posting: Posting) -> Iterator[Finding]:
        """The line, and the end of the entry before it."""
        if self._entry is None or not self._entry.belongs(posting):
            yield from self._close()
            yield from self._open(posting)
        entry = self._entry
        assert entry is not None
        for name, rule in (("EcritureDate", Rule.TWO_DATES), ("ValidDate", Rule.TWO_VALIDATIONS)):
            if posting[name] and entry.first[name] and posting[name] != entry.first[name]:
                yield Finding(posting.n, name, rule, (posting["EcritureNum"],))
        entry.add(posting)
        self.debit_cents += posting.debit_cents
        self.credit_cents += posting.credit_cents

    def end(self) -> Iterator[Finding]:
        """The last entry, and the whole."""
        yield from self._close()
        if self.debit_cents != self.credit_cents:
            sums = (shown_cents(self.debit_cents), shown_cents(self.credit_cents))
            yield Finding(WHOLE_FILE, "Debit", Rule.TOTAL_UNBALANCED, sums)

    def _open(self, posting: Posting) -> Iterator[Finding]:
        self._entry = OpenEntry(posting)
        self.count += 1
        if finding := self._numbers.see(posting):
            yield finding
        journal, day = posting["JournalCode"], posting.days.get("ValidDate")
        if day and day < self._validated.get(journal, day):
            yield Finding(posting.n, "ValidDate", Rule.VALIDATED_BACKWARDS)
        if day and (journal in self._validated or len(self._validated) < MOST_KEPT):
            self._validated[journal] = day

    def _close(self) -> Iterator[Finding]:
        if self._entry is None:
            return
        yield from self._entry.end(self.year)
        if self._entry.lines == self._previous:
            yield Finding(self._entry.first.n, "EcritureNum", Rule.SAME_ENTRY, (self._entry.first["EcritureNum"],))
        self._previous = self._entry.lines

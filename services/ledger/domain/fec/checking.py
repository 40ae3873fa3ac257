"""A file that says it is a FEC → everything that is wrong with it, line by line, whatever it contains."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from stdnum.fr import siren as siren_number

from services.ledger.domain.fec.findings import WHOLE_FILE, Finding, Rule
from services.ledger.domain.fec.header import Header, read_header
from services.ledger.domain.fec.layout import read_name
from services.ledger.domain.fec.postings import Posting, Year, faults, read_posting
from services.ledger.domain.fec.records import BOM, Decoder, Record, records
from services.ledger.domain.fec.threads import Entries, Labels, Lettering

SIREN = re.compile("[0-9]{9}")


class Check:
    """One file, read once from its beginning; counts and sums stand in `entries` and `lines` when it is done."""

    def __init__(self, name: str, opens: date | None = None) -> None:
        """`opens` = the first day of the fiscal year, by default a year before the day after the closing that the name says."""
        self._name, self._opens = name, opens
        self._year = self._fiscal_year()
        self._decoder, self._labels, self._lettering = Decoder(), Labels(), Lettering()
        self._header: Header | None = None
        self._ending = b""
        self.entries = Entries(self._year)
        self.lines = 0

    def findings(self, chunks: Iterable[bytes]) -> Iterator[Finding]:
        """What is wrong, as it is met. Any bytes are taken; nothing is raised."""
        yield from self._named()
        for record in records(chunks):
            yield from self._ended(record)
            if record.n == 1:
                yield from self._begin(record)
                if self._header is None:
                    return
            else:
                yield from self._line(record)
        yield from self._end()

    def _named(self) -> Iterator[Finding]:
        name = read_name(self._name)
        if name is None or not SIREN.fullmatch(name.siren):
            yield Finding(WHOLE_FILE, "", Rule.NAME, (self._name,))
            return
        if not siren_number.is_valid(name.siren):
            yield Finding(WHOLE_FILE, "", Rule.NAME_SIREN, (name.siren,))
        if name.closing is None:
            yield Finding(WHOLE_FILE, "", Rule.NAME_DAY)
        if name.extension != ".txt":
            yield Finding(WHOLE_FILE, "", Rule.NAME_EXTENSION, (name.extension,))

    def _fiscal_year(self) -> Year | None:
        name = read_name(self._name)
        if name is None or name.closing is None:
            return None
        return Year(self._opens or _a_year_before(name.closing), name.closing)

    def _ended(self, record: Record) -> Iterator[Finding]:
        self._ending = self._ending or record.ending
        if record.cut:
            yield Finding(record.n, "", Rule.LONG_LINE)
        if not record.ending:
            yield Finding(record.n, "", Rule.LAST_LINE)
        elif record.ending != self._ending:
            yield Finding(record.n, "", Rule.LINE_ENDS)

    def _begin(self, record: Record) -> Iterator[Finding]:
        if record.content.startswith(BOM):
            yield Finding(record.n, "", Rule.BOM)
            record = record._replace(content=record.content.removeprefix(BOM))
        text, wrong = self._decoder.text(record)
        yield from wrong
        self._header, wrong = read_header(text)
        yield from wrong

    def _line(self, record: Record) -> Iterator[Finding]:
        if record.cut:
            return
        text, wrong = self._decoder.text(record)
        yield from wrong
        assert self._header is not None
        fields = self._header.fields(text)
        if not text.strip():
            yield Finding(record.n, "", Rule.BLANK_LINE)
        elif fields is None:
            counts = (str(text.count(self._header.separator) + 1), str(len(self._header.columns)))
            yield Finding(record.n, "", Rule.FIELD_COUNT, counts)
        else:
            posting, wrong = read_posting(record.n, fields, self._header)
            yield from wrong
            yield from self._posting(posting, self._header)

    def _posting(self, posting: Posting, header: Header) -> Iterator[Finding]:
        self.lines += 1
        yield from faults(posting, header, self._year)
        yield from self._labels.see(posting)
        self._lettering.see(posting)
        yield from self.entries.see(posting)

    def _end(self) -> Iterator[Finding]:
        if not self.lines:
            yield Finding(WHOLE_FILE, "", Rule.EMPTY)
        yield from self.entries.end()
        yield from self._lettering.end()


def _a_year_before(closing: date) -> date:
    """The first day of the twelve months that end on this one (a day early after the 28th of February before a leap year)."""
    return closing.replace(year=closing.year - 1, day=28 if (closing.month, closing.day) == (2, 29) else closing.day) + timedelta(days=1)

"""Bytes → the lines of a FEC, in memory that no input can make grow; and their text, in one encoding for the whole file."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from services.ledger.domain.fec.findings import Finding, Rule

LONGEST_LINE = 65_536
ENDS = re.compile(rb"(\r\n|\r(?!\Z)|\n)")  # a CR at the end of a chunk waits: the next one may begin with its LF
UTF8, LATIN = "utf-8", "iso8859-15"
BOM = b"\xef\xbb\xbf"
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")
LATIN_CONTROL = re.compile("[\x80-\x9f]")  # no characters in ISO 8859-15: another encoding's quotes and dashes


class Record(NamedTuple):
    """A line as it stands: its number from 1, its bytes, how it ends (nothing = it does not), whether it was cut for its length."""

    n: int
    content: bytes
    ending: bytes
    cut: bool


def records(chunks: Iterable[bytes]) -> Iterator[Record]:
    """The lines of a file that is read in chunks of any size; CR, LF and CR LF end one."""
    n, rest = 0, b""
    for chunk in chunks:
        *whole, rest = ENDS.split(rest + chunk)
        for content, ending in zip(whole[::2], whole[1::2], strict=True):
            n += 1
            yield Record(n, content[:LONGEST_LINE], ending, len(content) > LONGEST_LINE)
        if len(rest) > LONGEST_LINE + 1:
            rest = rest[: LONGEST_LINE + 1] + (b"\r" if rest.endswith(b"\r") else b"")
    if rest:
        content, ending = (rest[:-1], b"\r") if rest.endswith(b"\r") else (rest, b"")
        yield Record(n + 1, content[:LONGEST_LINE], ending, len(content) > LONGEST_LINE)


class Decoder:
    """UTF-8 or ISO 8859-15: the first line that is not plain ASCII decides, every other must agree."""

    def __init__(self) -> None:
        self.encoding: str | None = None

    def text(self, record: Record) -> tuple[str, list[Finding]]:
        """The line's text, and what is wrong with its bytes."""
        if record.content.isascii():
            text, wrong = record.content.decode("ascii"), []
        else:
            text, wrong = self._decoded(record.n, record.content)
        if CONTROL.search(text):
            wrong.append(Finding(record.n, "", Rule.CONTROL))
        return text, wrong

    def _decoded(self, n: int, content: bytes) -> tuple[str, list[Finding]]:
        is_utf8 = _is_utf8(content)
        self.encoding = self.encoding or (UTF8 if is_utf8 else LATIN)
        if is_utf8 != (self.encoding == UTF8):
            return content.decode(UTF8 if is_utf8 else LATIN), [Finding(n, "", Rule.MIXED_ENCODINGS, (self.encoding,))]
        text = content.decode(self.encoding)
        lost = "\ufffd" in text or (self.encoding == LATIN and LATIN_CONTROL.search(text))
        return text, [Finding(n, "", Rule.ENCODING)] if lost else []


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode(UTF8)
    except UnicodeDecodeError:
        return False
    return True

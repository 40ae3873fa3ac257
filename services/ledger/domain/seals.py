"""What a seal is: the digest of a batch over the bytes of its rows, and the link that chains it to the batch before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import zip_longest
from typing import NamedTuple

NOTHING_BEFORE = b"\x00"
MARK_BYTES, HEAD_BYTES = 4, 6


@dataclass(frozen=True, slots=True)
class Link:
    """A sealed batch at its place in the chain of its book. `marks` = a few bytes of each row, to name the one that differs."""

    seq: int
    batch_id: int
    digest: bytes
    marks: bytes
    prev: bytes
    hash: bytes


class Part(NamedTuple):
    """What a batch has in one line of the list `sealed`: so many rows, their bytes one behind the other, and their marks."""

    place: int
    rows: int
    said: bytes
    marks: bytes

    @property
    def head(self) -> bytes:
        """Which line, how many rows."""
        return self.place.to_bytes(2) + self.rows.to_bytes(4)


class Difference(NamedTuple):
    """Where rows are not what was sealed: the line of the list, the first row by its place there, and how many rows there are too many."""

    place: int
    row: int
    surplus: int


def digest_of(parts: Iterable[Part]) -> bytes:
    """The digest of a batch, as the database's `seal_of` makes it (migrations/0007_seals.sql)."""
    return sha256(b"".join(part.head + sha256(part.said).digest() for part in sorted(parts))).digest()


def hash_of(link: Link) -> bytes:
    """What the link's hash must be."""
    return sha256(link.prev + link.seq.to_bytes(8) + link.batch_id.to_bytes(8) + link.digest + link.marks).digest()


def first_difference(sealed: bytes, parts: Iterable[Part]) -> Difference | None:
    """The first row whose mark is not the sealed one; None when marks show none."""
    before, now = _marks(sealed), {part.place: part.marks for part in parts}
    for place in sorted(before.keys() | now.keys()):
        ours, theirs = _split(before.get(place, b"")), _split(now.get(place, b""))
        if ours != theirs:
            row = next(n for n, (one, other) in enumerate(zip_longest(ours, theirs)) if one != other)
            return Difference(place, row, len(theirs) - len(ours))
    return None


def _marks(sealed: bytes) -> Mapping[int, bytes]:
    """The marks of each line of the list."""
    found, at = dict[int, bytes](), 0
    while at < len(sealed):
        start = at + HEAD_BYTES
        end = start + MARK_BYTES * int.from_bytes(sealed[at + 2 : start])
        found[int.from_bytes(sealed[at : at + 2])] = sealed[start:end]
        at = end
    return found


def _split(marks: bytes) -> list[bytes]:
    return [marks[at : at + MARK_BYTES] for at in range(0, len(marks), MARK_BYTES)]

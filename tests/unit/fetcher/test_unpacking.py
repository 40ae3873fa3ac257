"""A payload is unpacked by its magic bytes, within bounds, or refused by name."""

import gzip
import struct
import zipfile
import zlib
from collections.abc import Sequence
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.fetcher.domain import unpacking
from services.fetcher.domain.unpacking import UnreadablePayload, unpack

A, B = b"%PDF-1.7 a", b"%PDF-1.4 b"


def gzipped(data: bytes) -> bytes:
    """Gzip without the time: the cases have the same name in every process that collects them."""
    return gzip.compress(data, mtime=0)


def zipped(*entries: bytes, names: Sequence[str] | None = None, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of files."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for number, entry in enumerate(entries):
            archive.writestr(zipfile.ZipInfo(names[number] if names else f"{number}.pdf"), entry, method)
    return buffer.getvalue()


def unpacked(payload: bytes) -> list[bytes]:
    """The PDFs, or none when the payload is refused."""
    try:
        return unpack(payload)
    except UnreadablePayload:
        return []


@pytest.mark.parametrize(
    ("expected", "payload"),
    [
        ([A], A),
        ([b"\n\n" + A], b"\n\n" + A),
        ([A], gzipped(A)),
        ([A], gzipped(A) + b"\0\0"),
        ([A], zipped(A)),
        ([A, B], zipped(A, B, method=zipfile.ZIP_STORED)),
        ([A, B], gzipped(zipped(A, B))),
        ([A, B], zipped(gzipped(A), zipped(B))),
        ([A + B], gzipped(A) + gzipped(B)),
        ([A], zipped(A, zipped(), gzipped(zipped()))),
    ],
    ids=lambda given: "payload" if isinstance(given, bytes) else "documents",
)
def test_each_layer_is_told_by_its_magic_bytes(expected: list[bytes], payload: bytes):
    """Bare PDF, gzip, zip, gzip of zip, archives in archives, gzip of two members, an empty archive beside a PDF."""
    assert expected == unpack(payload)


def test_names_in_an_archive_are_never_paths():
    """Path traversal, absolute and empty folders: the bytes come out, nothing else happens."""
    assert [A, B] == unpack(zipped(A, b"", B, names=["../../etc/passwd", "folder/", "/absolute"]))


@pytest.mark.parametrize(
    ("error", "payload"),
    [
        (unpacking.EmptyPayload, b""),
        (unpacking.EmptyPayload, zipped(b"")),
        (unpacking.EmptyPayload, zipped(A, b"")),
        (unpacking.EmptyPayload, gzipped(b"")),
        (unpacking.EmptyArchive, zipped()),
        (unpacking.EmptyArchive, gzipped(zipped(zipped(), zipped()))),
        (unpacking.EmptyArchive, zipped(b"", names=["folder/"])),
        (unpacking.NotADocument, b"<?xml version='1.0'?><Error/>"),
        (unpacking.NotADocument, gzipped(b"hello")),
        (unpacking.NotADocument, zipped(A, b"hello")),
        (unpacking.Truncated, gzipped(A)[:-6]),
        (unpacking.Truncated, zipped(A)[:-10]),
        (unpacking.Damaged, gzipped(A)[:12] + b"\xff\xff\xff\xff" + gzipped(A)[16:]),
        (unpacking.Damaged, gzipped(A) + b"rest"),
        (unpacking.Damaged, zipped(A, method=zipfile.ZIP_LZMA)),
        (unpacking.Damaged, zipped(A, method=zipfile.ZIP_STORED).replace(A, A[:-1] + b"!")),
        (unpacking.TooDeep, gzipped(gzipped(gzipped(gzipped(gzipped(A)))))),
    ],
    ids=lambda given: given.__name__ if isinstance(given, type) else "payload",
)
def test_a_bad_payload_is_refused_by_name(error: type[UnreadablePayload], payload: bytes):
    """Empty, foreign, cut, altered, of an unknown method, too deep."""
    with pytest.raises(error):
        unpack(payload)


def test_an_archive_with_a_password_is_refused_by_name():
    """The flag of the entry says so (APPNOTE.TXT 4.4.4)."""
    payload = bytearray(zipped(A))
    central = payload.find(b"PK\x01\x02")
    payload[central + 8] |= 1
    with pytest.raises(unpacking.EncryptedArchive):
        unpack(bytes(payload))


def test_a_bomb_stops_at_the_bound(monkeypatch: pytest.MonkeyPatch):
    """A megabyte of zeros under a bound of ten kilobytes, by gzip and by a zip that lies about its size."""
    monkeypatch.setattr(unpacking, "MAX_UNPACKED_BYTES", 10_000)
    bomb = zipped(A + bytes(1_000_000))
    central = bomb.find(b"PK\x01\x02")
    liar = bomb[: central + 24] + struct.pack("<I", 10) + bomb[central + 28 :]
    for payload in (gzipped(A + bytes(1_000_000)), bomb, liar):
        with pytest.raises(unpacking.TooLarge):
            unpack(payload)


def test_all_layers_share_one_bound(monkeypatch: pytest.MonkeyPatch):
    """Three files of 4,000 bytes each fit one by one, not together."""
    monkeypatch.setattr(unpacking, "MAX_UNPACKED_BYTES", 10_000)
    with pytest.raises(unpacking.TooLarge):
        unpack(zipped(*[A + bytes(4_000)] * 3))


def test_too_many_files_are_refused_by_name(monkeypatch: pytest.MonkeyPatch):
    """Four files under a bound of three, in one archive or in two."""
    monkeypatch.setattr(unpacking, "MAX_ENTRIES", 3)
    for payload in (zipped(A, A, A, A), zipped(zipped(A, A), A)):
        with pytest.raises(unpacking.TooManyEntries):
            unpack(payload)


@given(st.binary(), st.sampled_from([b"", b"\x1f\x8b", b"\x1f\x8b\x08\x00", b"PK\x03\x04", b"PK\x05\x06"]))
def test_any_bytes_are_unpacked_or_refused(data: bytes, magic: bytes):
    """Nothing but UnreadablePayload comes out."""
    assert all(b"%PDF" in pdf[:1024] for pdf in unpacked(magic + data))


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_archive_gives_its_file_or_is_refused(place: int, value: int):
    """One byte of a good payload is altered: never another error, never other bytes."""
    payload = bytearray(zipped(A, B))
    payload[place % len(payload)] = value
    assert {*unpacked(bytes(payload))} <= {A, B}


def archives(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Layers around layers: whole, cut, with something behind."""
    whole = inner.map(gzip.compress) | st.lists(inner, max_size=4).map(lambda entries: zipped(*entries))
    cut = st.tuples(whole, st.integers(0, 10_000)).map(lambda part: part[0][: part[1] % (len(part[0]) + 1)])
    return whole | cut | st.tuples(whole, st.binary(max_size=8)).map(b"".join)


LAYERS = st.recursive(st.sampled_from([A, B, b"", b"<html>", A + bytes(2_000)]), archives, max_leaves=8)
PATCHES = st.lists(st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=8)), max_size=3)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LAYERS, PATCHES)
def test_unpacking_is_total_and_within_its_bounds(monkeypatch: pytest.MonkeyPatch, payload: bytes, patches: list[tuple[int, bytes]]):
    """Any nesting, cut anywhere, any fields overwritten: PDFs within the bounds or UnreadablePayload, and no other error."""
    monkeypatch.setattr(unpacking, "MAX_UNPACKED_BYTES", 5_000)
    monkeypatch.setattr(unpacking, "MAX_ENTRIES", 6)
    damaged = bytearray(payload)
    for place, junk in patches:
        start = place % (len(damaged) + 1)
        damaged[start : start + len(junk)] = junk
    pdfs = unpacked(bytes(damaged))
    assert len(pdfs) <= 6
    assert all(b"%PDF" in pdf[:1024] for pdf in pdfs)
    assert sum(map(len, pdfs)) <= max(5_000, len(damaged)), "what was packed is within the bound; a bare PDF is as long as it came"


def test_ten_thousand_files_are_refused_before_they_are_listed(monkeypatch: pytest.MonkeyPatch):
    """The directory is not built: it could have millions of entries on 256 MB."""
    payload = zipped(*[A] * 10_000)
    monkeypatch.setattr(unpacking, "ZipFile", None)
    with pytest.raises(unpacking.TooManyEntries):
        unpack(payload)


def test_the_checksum_is_that_of_the_content():
    """A deflated entry whose recorded checksum is another one."""
    payload = zipped(A)
    wrong = payload.replace(struct.pack("<I", zlib.crc32(A)), struct.pack("<I", zlib.crc32(B)))
    with pytest.raises(unpacking.Damaged):
        unpack(wrong)

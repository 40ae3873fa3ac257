"""The bytes Amazon sends → the PDFs inside (Document API 2021-09-30: usually gzip around a zip of PDFs, but any layer may be missing).

Each layer is told by its magic bytes, never by a name. Names inside an archive are not even read, so none can become a path.
"""

import struct
import zlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from services.fetcher.domain.waiting import Waiting

MAX_UNPACKED_BYTES = 256 * 1024 * 1024
"""Of all layers together: a consolidated invoice is a few megabytes."""

MAX_ENTRIES = 500
"""PDFs and archives in all layers together."""

MAX_DEPTH = 4
"""Layers of gzip and zip around a PDF; two are usual."""

GZIP = b"\x1f\x8b"
ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"
ZIP_DIRECTORY_ENTRY = b"PK\x01\x02"
PDF = b"%PDF"
PDF_WITHIN = 1024
"""The header of a PDF may follow other bytes, but starts among the first 1,024 (ISO 32000-1, annex H)."""

_ENCRYPTED_FLAG = 0x1
_LOCAL_HEADER_BYTES = 30
_LOCAL_NAME_LENGTHS = struct.Struct("<HH")


class UnreadablePayload(Exception):
    """The downloaded bytes are not documents."""

    reason = Waiting.PAYLOAD_DAMAGED


class EmptyPayload(UnreadablePayload):
    """The payload, or a layer of it, has no bytes: something that was there got lost on the way."""

    reason = Waiting.PAYLOAD_EMPTY


class EmptyArchive(UnreadablePayload):
    """The archives are whole and hold no file: there is no document yet."""

    reason = Waiting.ARCHIVE_EMPTY


class NotADocument(UnreadablePayload):
    """A layer is neither gzip, nor zip, nor PDF. Nothing beside it is kept: dropping one file in silence could drop an invoice."""

    reason = Waiting.PAYLOAD_NO_DOCUMENT


class Truncated(UnreadablePayload):
    """The compressed bytes end too early."""

    reason = Waiting.PAYLOAD_TRUNCATED


class Damaged(UnreadablePayload):
    """The compressed bytes are not what their format demands, or their checksum differs."""


class EncryptedArchive(UnreadablePayload):
    """The zip archive asks for a password."""

    reason = Waiting.PAYLOAD_ENCRYPTED


class TooLarge(UnreadablePayload):
    """The layers hold more than `MAX_UNPACKED_BYTES`: a decompression bomb."""

    reason = Waiting.PAYLOAD_TOO_LARGE


class TooManyEntries(UnreadablePayload):
    """The layers hold more than `MAX_ENTRIES` files."""

    reason = Waiting.PAYLOAD_TOO_LARGE


class TooDeep(UnreadablePayload):
    """The layers are nested deeper than `MAX_DEPTH`."""

    reason = Waiting.PAYLOAD_TOO_LARGE


def unpack(payload: bytes) -> list[bytes]:
    """The PDFs of a payload in the order they are stored, at least one. Raises UnreadablePayload."""
    pdfs = _Unpacking().layer(payload, depth=0)
    if not pdfs:
        raise EmptyArchive
    return pdfs


class _Unpacking:
    """What is still allowed while one payload is unpacked."""

    def __init__(self) -> None:
        self._bytes_left = MAX_UNPACKED_BYTES
        self._entries_left = MAX_ENTRIES

    def layer(self, data: bytes, depth: int) -> list[bytes]:
        """The PDFs of one layer."""
        if not data:
            raise EmptyPayload
        if data.startswith((GZIP, ZIP, EMPTY_ZIP)):
            return self._inner(data, depth + 1)
        if PDF in data[:PDF_WITHIN]:
            return [data]
        raise NotADocument

    def _inner(self, data: bytes, depth: int) -> list[bytes]:
        if depth > MAX_DEPTH:
            raise TooDeep
        if data.startswith(GZIP):
            return self.layer(self._gunzip(data), depth)
        return [pdf for entry in self._entries(data) for pdf in self.layer(self._extract(data, entry), depth)]

    def _entries(self, data: bytes) -> list[ZipInfo]:
        if data.count(ZIP_DIRECTORY_ENTRY) > MAX_ENTRIES:  # before a directory of millions is built
            raise TooManyEntries
        try:
            with ZipFile(BytesIO(data)) as archive:
                entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        except (BadZipFile, NotImplementedError, ValueError, struct.error) as error:
            raise Truncated from error  # the directory of a zip is at its end
        self._entries_left -= len(entries)
        if self._entries_left < 0:
            raise TooManyEntries
        return entries

    def _extract(self, data: bytes, entry: ZipInfo) -> bytes:
        if entry.flag_bits & _ENCRYPTED_FLAG:
            raise EncryptedArchive
        stored = _stored_bytes(data, entry)
        if entry.compress_type == ZIP_STORED:
            content = self._counted(stored)
        elif entry.compress_type == ZIP_DEFLATED:
            content, _ = self._inflate(stored, -zlib.MAX_WBITS)
        else:
            raise Damaged
        if zlib.crc32(content) != entry.CRC:
            raise Damaged
        return content

    def _gunzip(self, data: bytes) -> bytes:
        """All members of a gzip file; zero bytes after the last one are padding."""
        members: list[bytes] = []
        while data.startswith(GZIP):
            member, data = self._inflate(data, zlib.MAX_WBITS | 16)
            members.append(member)
            self._entries_left -= 1
            if self._entries_left < 0:
                raise TooManyEntries
        if data.strip(b"\0"):
            raise Damaged
        return b"".join(members)

    def _inflate(self, data: bytes, window: int) -> tuple[bytes, bytes]:
        """The content of one compressed stream, and the bytes behind it."""
        stream = zlib.decompressobj(window)
        try:
            content = self._counted(stream.decompress(data, self._bytes_left + 1))
        except zlib.error as error:
            raise Damaged from error
        if not stream.eof:
            raise Truncated
        return content, stream.unused_data

    def _counted(self, content: bytes) -> bytes:
        self._bytes_left -= len(content)
        if self._bytes_left < 0:
            raise TooLarge
        return content


def _stored_bytes(data: bytes, entry: ZipInfo) -> bytes:
    """The entry as it lies in the archive, behind its local header (APPNOTE.TXT 4.3.7)."""
    header = data[entry.header_offset : entry.header_offset + _LOCAL_HEADER_BYTES]
    if len(header) < _LOCAL_HEADER_BYTES or not header.startswith(ZIP):
        raise Damaged
    name_length, extra_length = _LOCAL_NAME_LENGTHS.unpack(header[26:])
    start = entry.header_offset + _LOCAL_HEADER_BYTES + name_length + extra_length
    stored = data[start : start + entry.compress_size]
    if len(stored) < entry.compress_size:
        raise Truncated
    return stored

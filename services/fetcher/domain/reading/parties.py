"""Seller and buyer of a printed document: names, VAT numbers, SIREN, countries; what cannot be told apart is left out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from stdnum.eu import vat as eu_vat

from services.fetcher.domain.reading import party_labels
from services.fetcher.domain.reading.blocks import Block, block_above, headed_blocks, is_sender_line
from services.fetcher.domain.reading.identifiers import PrintedId, sirens_in, vat_ids_in
from services.fetcher.domain.reading.layout import Cell, plain
from services.fetcher.domain.reading.printed import Document

LABELLED, PLACED, NOTICED = 1, 2, 3
"""How surely an identifier is someone's: a label says so, it stands in his block, or among the legal notices of the issuer."""

MAX_NAME = 200
_MOST_WORDS = 8
"""Of a line that is a name without a heading; more is a sentence."""

_SEGMENTS = re.compile(r"\s[-–—•·|]\s")
_LABEL_GAP = re.compile(r"\s*\t\s*:")
_NOTICE_REACH = 2
_WITH_CAPITAL = re.compile(rf"(?:^|[-–—•|.]\s)([A-ZÀ-Ý][^\t–—•|:]{{1,60}}?\s{party_labels.LEGAL_FORM})\s+au\s+capital", re.MULTILINE)
_COUNTRY_CODE = re.compile(rf"(?:^|\d, )({'|'.join(sorted(set(party_labels.COUNTRIES.values())))})(?:[- ]\d{{4,5}}\b|$)")


@dataclass(frozen=True, slots=True)
class PrintedParty:
    """A party as printed."""

    name: str | None
    vat_id: str | None
    siren: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class _Found:
    """An identifier, where it stands, and whose it is."""

    value: str
    line: int
    cell: Cell
    role: str | None
    tier: int


def parties_of(document: Document) -> tuple[PrintedParty, PrintedParty]:
    """Seller and buyer."""
    blocks = headed_blocks(document)
    vat_ids = [_owned(document, blocks, *found) for found in _vat_ids(document)]
    sirens = [_owned(document, blocks, *found) for found in _sirens(document)]
    return _apart(_seller(document, blocks, vat_ids, sirens), _buyer(blocks, vat_ids, sirens))


def _apart(seller: PrintedParty, buyer: PrintedParty) -> tuple[PrintedParty, PrintedParty]:
    """A French VAT number ends with its owner's SIREN: what the seller seems to have and the buyer's other number says is his, is his."""
    if seller.siren and seller.siren == _siren_within(buyer.vat_id) != _siren_within(seller.vat_id):
        return replace(seller, siren=None), replace(buyer, siren=buyer.siren or seller.siren)
    if buyer.siren and buyer.siren == _siren_within(seller.vat_id) != seller.siren:
        return replace(seller, vat_id=None), replace(buyer, vat_id=buyer.vat_id or seller.vat_id)
    return seller, buyer


def _siren_within(vat_id: str | None) -> str | None:
    return vat_id[4:] if vat_id and vat_id.startswith("FR") else None


def _seller(document: Document, blocks: Sequence[Block], vat_ids: Sequence[_Found], sirens: Sequence[_Found]) -> PrintedParty:
    vat_id = _only(vat_ids, "seller") or _left_over(blocks, vat_ids) or _only_one(document, vat_ids, sirens)
    siren = _only(sirens, "seller") or _of_owner(vat_id, _left_over(blocks, sirens) or _only_one(document, sirens, vat_ids))
    own = [block for block in blocks if block.role == "seller"]
    mark = vat_id or siren
    beside = [cell.text for cell in block_above(document, mark.line, mark.cell)] if mark and not own else []
    name = _name_in(own) or _sentence_name(document) or _notice_name(document) or _sender_name(document) or _top_name(beside)
    return _party(name, vat_id, siren, _country_in(own) or _country(beside))


def _buyer(blocks: Sequence[Block], vat_ids: Sequence[_Found], sirens: Sequence[_Found]) -> PrintedParty:
    own = [block for block in blocks if block.role == "buyer"]
    return _party(_name_in(own), _only(vat_ids, "buyer"), _only(sirens, "buyer"), _country_in(own))


def _party(name: str | None, vat_id: _Found | None, siren: _Found | None, country: str | None) -> PrintedParty:
    return PrintedParty(name, vat_id.value if vat_id else None, siren.value if siren else None, country)


def _name_in(blocks: Sequence[Block]) -> str | None:
    return next((name for block in blocks if (name := _block_name(block))), None)


def _country_in(blocks: Sequence[Block]) -> str | None:
    return next((country for block in blocks if (country := _country(block.lines))), None)


def _vat_ids(document: Document) -> Iterator[tuple[int, PrintedId]]:
    """What is called a VAT number, or has the check digits of one."""
    for index, line in enumerate(document.lines):
        for found in vat_ids_in(line.row.text):
            labelled = party_labels.VAT_ID_LABEL.search(line.plain[: found.start]) or _is_under_label(document, index, found)
            if labelled or eu_vat.is_valid(found.value):
                yield index, found


def _is_under_label(document: Document, index: int, found: PrintedId) -> bool:
    if index == 0:
        return False
    cell = document.lines[index].cell_at(found.start)
    above = (other for other in document.lines[index - 1].row.cells if other.overlaps(cell))
    return any(party_labels.VAT_ID_LABEL.search(other.plain) for other in above)


def _sirens(document: Document) -> Iterator[tuple[int, PrintedId]]:
    for index, line in enumerate(document.lines):
        for found in sirens_in(line.row.text):
            yield index, found


def _owned(document: Document, blocks: Sequence[Block], index: int, found: PrintedId) -> _Found:
    line = document.lines[index]
    cell = line.cell_at(found.start)
    role, tier = _owner(document, blocks, index, cell, found.start)
    return _Found(found.value, index, cell, role, tier)


def _owner(document: Document, blocks: Sequence[Block], index: int, cell: Cell, start: int) -> tuple[str | None, int]:
    before = _label_before(document, index, start)
    if party_labels.BUYER_ID.search(before):
        return "buyer", LABELLED
    if party_labels.SELLER_ID.search(before):
        return "seller", LABELLED
    if block := next((block for block in reversed(blocks) if block.holds(index, cell)), None):
        return block.role, PLACED
    return ("seller" if _is_near(document, index, cell, party_labels.ISSUERS_NOTICE) else None), NOTICED


def _is_near(document: Document, index: int, cell: Cell, words: re.Pattern[str]) -> bool:
    """Whether the column around a cell has such words within a few lines."""
    near = document.lines[max(0, index - _NOTICE_REACH) : index + _NOTICE_REACH + 1]
    same_page = (line for line in near if line.page == document.lines[index].page)
    return any(words.search(other.plain) for line in same_page for other in line.row.cells if other.overlaps(cell))


def _label_before(document: Document, index: int, start: int) -> str:
    """The words before an identifier: of its cell, else of the cell to the left, else of the cell above."""
    line = document.lines[index]
    positions = [position for position, _ in line.row.positions() if position <= start]
    own = line.plain[positions[-1] : start]
    if own.strip() or len(positions) < 2:
        return own
    return line.plain[positions[-2] : positions[-1]]


def _only(found: Sequence[_Found], role: str) -> _Found | None:
    """The one value of the surest tier."""
    own = [each for each in found if each.role == role]
    surest = [each for each in own if each.tier == min(other.tier for other in own)]
    return surest[0] if len({each.value for each in surest}) == 1 else None


def _left_over(blocks: Sequence[Block], found: Sequence[_Found]) -> _Found | None:
    """The one nobody is named for, when the buyer has a block of his own: then it is the issuer's."""
    taken = {each.value for each in found if each.role}
    free = [each for each in found if each.role is None and each.value not in taken]
    sure = any(block.role == "buyer" for block in blocks) or any(each.role == "buyer" for each in found)
    return free[0] if sure and len({each.value for each in free}) == 1 and not any(each.role == "seller" for each in found) else None


def _only_one(document: Document, found: Sequence[_Found], others: Sequence[_Found]) -> _Found | None:
    """The one of a document, nobody's yet, beside words of a register; with no other number that may be another party's."""
    alone = found[0] if len({each.value for each in found}) == 1 and found[0].role is None else None
    if alone is None or any(alone.value not in other.value and other.value not in alone.value for other in others):
        return None
    return alone if _is_near(document, alone.line, alone.cell, party_labels.LEGAL_NOTICE) else None


def _of_owner(vat_id: _Found | None, siren: _Found | None) -> _Found | None:
    """A SIREN that no label gives to the seller is his only if his VAT number, when known, ends with it."""
    return siren if siren and (vat_id is None or _siren_within(vat_id.value) == siren.value) else None


def _block_name(block: Block) -> str | None:
    if name := _as_name(block.inline):
        return name
    for text in block.texts:
        if field := party_labels.NAME_FIELD.match(plain(text)):
            return _as_name(text[field.end() :])
    return next((name for text in block.texts if (name := _as_name(_LABEL_GAP.sub(":", text)))), None)


def _as_name(text: str) -> str | None:
    text = text.strip(" \t:,").split("\t")[0]
    if attention := party_labels.ATTENTION.match(plain(text)):
        text = text[attention.end() :]
    text = _without_address(text)
    if (
        not re.search(r"[^\W\d_]{2}", text)
        or party_labels.NOT_A_NAME.match(plain(text))
        or plain(text).casefold() in party_labels.COUNTRIES
    ):
        return None
    return text.strip()[:MAX_NAME] or None


def _without_address(text: str) -> str:
    """« Hartwell Ltd, 8 Placeholder Road, Leeds LS1 4AX » → its name: what a comma parts from the first words with a digit on."""
    parts = text.split(", ")
    address = next((place for place, part in enumerate(parts) if place and re.search(r"\d", part)), len(parts))
    return ", ".join(parts[:address])


def _sentence_name(document: Document) -> str | None:
    for line in document.lines:
        if found := party_labels.SOLD_BY_SENTENCE.search(line.plain):
            group = next(index for index, value in enumerate(found.groups(), 1) if value)
            return _as_name(line.row.text[found.start(group) : found.end(group)])
    return None


def _notice_name(document: Document) -> str | None:
    """« Free SAS au capital de … », or the line above « Siège social : … »."""
    for line in document.lines:
        if found := _WITH_CAPITAL.search(line.row.text):
            return _as_name(found.group(1))
    for above, line in pairwise(document.lines):
        if party_labels.HEAD_OFFICE.match(line.plain) and len(above.plain.split()) <= 6 and not re.search(r"\d", above.plain):
            return _as_name(above.row.text)
    return None


def _sender_name(document: Document) -> str | None:
    """The name before the address in the window of an envelope."""
    senders = (cell for index, line in enumerate(document.lines) for cell in line.row.cells if is_sender_line(document, index, cell))
    return next((name for cell in senders if (name := _as_name(_SEGMENTS.split(cell.text)[0]))), None)


def _top_name(texts: Sequence[str]) -> str | None:
    """The first line over the issuer's numbers, without the address that may follow on it."""
    names = (_as_name(_SEGMENTS.split(text)[0]) for text in texts[:-1] if len(text.split()) <= _MOST_WORDS)
    return next(filter(None, names), None)


def _country(texts: Sequence[str]) -> str | None:
    """The one country an address ends with, or whose letters stand before its post code."""
    found: set[str] = set()
    for text in texts:
        last = re.split(r"\s[-–]\s|,\s|\t", plain(text).strip(" .,"))[-1].casefold()
        code = _COUNTRY_CODE.search(text)
        found |= {party_labels.COUNTRIES[last]} if last in party_labels.COUNTRIES else {code.group(1)} if code else set()
    return found.pop() if len(found) == 1 else None

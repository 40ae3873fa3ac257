"""What a credit note takes from the invoice it names: accounts, VAT regime and deducted share of the entry that stands (PCG 1214-40)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from schemas.invoice_classified.v1 import ClassifiedLine, ClassifiedVat, InvoiceClassified
from schemas.values import LONGEST_TEXT, Supplier, Totals
from services.ledger.domain.posting import (
    BOOK_CURRENCY,
    FIXED_ASSETS,
    ROUNDING_GAIN,
    ROUNDING_LOSS,
    VAT_ACCOUNTS,
    WAITING_VAT,
    Entry,
    Line,
    NoEntry,
    post,
)

ORIGINAL_TYPES = ("invoice", "receipt")
REMARK = "credited_unknown"
RULE = "original"
OWED, VAT = ("401", "404"), "445"
REBATE = ("609", "619", "629")
REBATES = {"606": "609600", "607": "609700"}  # the account of a later rebate follows that of the purchase (accounting rule A10.8)


@dataclass(frozen=True, slots=True)
class Original:
    """An invoice in the book: what its document says, and the lines of the entry that stands for it now."""

    invoice_id: str
    supplier: Supplier
    currency: str | None
    totals: Totals | None
    lines: tuple[ClassifiedLine, ...]
    vat: tuple[ClassifiedVat, ...]
    entry: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit note as the book takes it; `mirror` = the lines of its entry where everything comes back."""

    document: InvoiceClassified
    mirror: tuple[Line, ...] | None = None


class Share(NamedTuple):
    """How the VAT of one rate of an original is treated, in the words of `row`: of `vat_cents` so much was deducted."""

    row: ClassifiedVat
    deducted_cents: int
    vat_cents: int

    def of(self, vat_cents: int) -> int:
        """The deducted part of other VAT of that rate, in cents."""
        return _part(self.deducted_cents, vat_cents, self.vat_cents)


def original_of(document: InvoiceClassified, entry: tuple[Line, ...]) -> Original:
    """The document as an original; `entry` = the lines that stand for it."""
    return Original(document.invoice_id, document.supplier, document.currency, document.totals, document.lines, document.vat, entry)


def names_original(document: InvoiceClassified) -> bool:
    """Whether it is a credit note that says of which invoice."""
    return document.type == "credit_note" and document.credited_number is not None


def credit_of(document: InvoiceClassified, named: Sequence[Original]) -> Credit:
    """A credit note with the accounts, regime and deducted share of its original (CGI 272-1, accounting rule A10.8).

    `named` = the booked invoices of the company that bear the number it names. What the book does not tell stays as the classifier said,
    with the remark `credited_unknown`.
    """
    own = [one for one in named if _is_same_seller(one.supplier, document.supplier)]
    if len(own) != 1 or not document.currency == own[0].currency == BOOK_CURRENCY:
        return Credit(_remarked(document))
    lines, is_placed = _placed(document, own[0])
    if _gives_back_all(document, own[0]):
        mirror = tuple(_mirrored(line, document.supplier) for line in own[0].entry)
        vat = tuple(row.model_copy(update={"deductible_cents": _deducted(row)}) for row in own[0].vat)
        return Credit(document.model_copy(update={"lines": lines, "vat": vat}), mirror)
    lines, vat, is_taxed = _taxed(document, lines, own[0])
    taken = document.model_copy(update={"lines": lines, "vat": vat})
    return Credit(taken if is_placed and is_taxed else _remarked(taken))


def post_credit(document: InvoiceClassified, credit: Credit, closed_through: date | None = None) -> Entry | NoEntry:
    """The entry of a credit note as the book takes it. Raises Hold, as `post` does of the document alone.

    Its digest is that of the document alone: a correction of the original in between makes no other document of a repeat.
    """
    said, entry = post(document, closed_through), post(credit.document, closed_through)
    if isinstance(entry, NoEntry):
        return entry
    return replace(entry, lines=credit.mirror or entry.lines, said=None if isinstance(said, NoEntry) else said)


def _is_same_seller(one: Supplier, other: Supplier) -> bool:
    """By the numbers that both bear, else by their names where both have one (accounting rule A10.1)."""
    numbers = [a == b for a, b in ((one.vat_id, other.vat_id), (one.siren, other.siren)) if a and b]
    names = [a.casefold() == b.casefold() for a, b in ((one.legal_name, other.legal_name),) if a and b]
    return any(numbers) if numbers else all(names)


def _remarked(document: InvoiceClassified) -> InvoiceClassified:
    return document.model_copy(update={"flags": tuple(sorted({*document.flags, REMARK}))})


def _gives_back_all(document: InvoiceClassified, original: Original) -> bool:
    """Whether every amount of the original comes back: its entry is turned round as it stands, whatever a person made of it."""
    return (
        document.totals == original.totals
        and _printed(document.vat) == _printed(original.vat)
        and -document.totals.gross_cents == sum(line.cents for line in original.entry if line.account.startswith(OWED))
        and not any(line.account.startswith(REBATE) for line in document.lines)
        and not any(row.waits_for == "delivery" for row in original.vat)
    )


def _mirrored(line: Line, supplier: Supplier) -> Line:
    return line._replace(auxiliary=line.auxiliary and supplier.auxiliary, cents=-line.cents)


def _printed(rows: Sequence[ClassifiedVat]) -> Counter[Decimal]:
    """VAT by rate, in cents."""
    cents = Counter[Decimal]()
    for row in rows:
        cents[Decimal(row.rate)] += row.vat_cents
    return cents


def _placed(document: InvoiceClassified, original: Original) -> tuple[tuple[ClassifiedLine, ...], bool]:
    """The lines of the credit note on the accounts of the original, and whether the book tells the account of each."""
    booked = _costs(original.entry)
    homes = _homes(original.lines, booked)
    accounts = [_account(line, original.lines, homes, booked) for line in document.lines]
    because = f"écriture de la facture {document.credited_number}"[:LONGEST_TEXT]
    lines = (
        line.model_copy(update={"account": account, "rule": RULE, "because": because}) if account else line
        for line, account in zip(document.lines, accounts, strict=True)
    )
    return tuple(lines), None not in accounts


def _costs(entry: Sequence[Line]) -> Counter[str]:
    """What an entry has neither on suppliers nor on VAT nor on rounding, by account."""
    cents = Counter[str]()
    for line in entry:
        if not line.account.startswith((*OWED, VAT)) and line.account not in (ROUNDING_LOSS, ROUNDING_GAIN):
            cents[line.account] += line.cents
    return cents


def _homes(lines: Sequence[ClassifiedLine], booked: Mapping[str, int]) -> list[str | None]:
    """The account on which each line of an original is now; None where a person parted what amounts do not tell apart.

    An account whose sum is as classified was left alone; what was on others went to the one that is left, or to the one of the same amount.
    """
    sums = Counter[str]()
    for line in lines:
        sums[line.account] += _cost(line)
    left = {account: cents for account, cents in booked.items() if sums.get(account) != cents}
    moved = {account: cents for account, cents in sums.items() if booked.get(account) != cents}
    if len(booked) == 1 or len(left) == 1:
        only = next(iter(left or booked))
        return [only if len(booked) == 1 or line.account in moved else line.account for line in lines]
    whole = _by_amount(moved, left)
    rest = {place: _cost(line) for place, line in enumerate(lines) if line.account in moved and line.account not in whole}
    single = _by_amount(rest, {account: cents for account, cents in left.items() if account not in whole.values()})
    return [single.get(place) if place in rest else whole.get(line.account, line.account) for place, line in enumerate(lines)]


def _by_amount[T](amounts: Mapping[T, int], booked: Mapping[str, int]) -> dict[T, str]:
    """The account of the same amount, where the amount is the only one of its size on both sides."""
    wanted, there = Counter(amounts.values()), Counter(booked.values())
    accounts = {cents: account for account, cents in booked.items()}
    return {key: accounts[cents] for key, cents in amounts.items() if wanted[cents] == there[cents] == 1}


def _account(line: ClassifiedLine, lines: Sequence[ClassifiedLine], homes: Sequence[str | None], booked: Mapping[str, int]) -> str | None:
    """Where the line of a credit note goes: with the line of the original it gives back, or where all of that is; None = not told."""
    if line.account.startswith(REBATE):
        return _only(REBATES.get(account[:3]) for account in booked)
    if len(booked) == 1:
        return next(iter(booked))
    placed = list(zip(lines, homes, strict=True))
    titled = [(one, home) for one, home in placed if _title(one) == _title(line)]
    same = [(one, home) for one, home in titled if one.net_cents == line.net_cents]
    alike = [(one, home) for one, home in placed if (one.net_cents, one.vat_rate) == (line.net_cents, line.vat_rate)]
    return _only(home for _, home in same or titled or alike)


def _only(found: Iterator[str | None]) -> str | None:
    """The one there is, if there is only one."""
    different = set(found)
    return different.pop() if len(different) == 1 else None


def _title(line: ClassifiedLine) -> str:
    return " ".join(line.label.split()).casefold()


def _cost(line: ClassifiedLine) -> int:
    return line.net_cents if line.cost_cents is None else line.cost_cents


def _taxed(
    document: InvoiceClassified, lines: tuple[ClassifiedLine, ...], original: Original
) -> tuple[tuple[ClassifiedLine, ...], tuple[ClassifiedVat, ...], bool]:
    """Lines and VAT rows as the original's VAT was treated, rate by rate, and whether the book tells that of each rate."""
    taken, rows, is_told = list(lines), list[ClassifiedVat](), bool(document.vat) or not any(row.vat_cents for row in original.vat)
    for rate in sorted(_printed(document.vat)):
        said = [row for row in document.vat if Decimal(row.rate) == rate]
        places = [place for place, line in enumerate(lines) if line.vat_rate is not None and Decimal(line.vat_rate) == rate]
        share = _share(rate, original)
        if share is None or not _fits(share, said, [lines[place] for place in places]):
            rows += said
            is_told = False
            continue
        own = _rows(share, said, [lines[place] for place in places])
        rows += own
        kept = _spread(_kept(own), [lines[place].net_cents for place in places])
        for place, cents in zip(places, kept, strict=True):
            taken[place] = lines[place].model_copy(update={"cost_cents": lines[place].net_cents + cents if cents else None})
    return tuple(taken), tuple(rows), is_told


def _share(rate: Decimal, original: Original) -> Share | None:
    """How the entry that stands treats the VAT of a rate; None where it treats it in several ways, or in none that is known.

    VAT that waited for delivery has moved since, or not: that is not told either.
    """
    rows = [row for row in original.vat if Decimal(row.rate) == rate]
    if len({(row.regime, row.opinion, row.waits_for) for row in rows}) != 1 or rows[0].waits_for == "delivery":
        return None
    of_vat = [line for line in original.entry if line.account.startswith(VAT)]
    booked = Counter[str]()
    for line in of_vat:
        if line.vat_rate is not None and Decimal(line.vat_rate) == rate:
            booked[line.account] += line.cents
    regime = _regime(rows[0], booked)
    if regime is None or any(line.vat_rate is None for line in of_vat):
        return None
    due = VAT_ACCOUNTS[regime].due if regime in VAT_ACCOUNTS else None
    vat = -booked.pop(due) if due else sum(row.vat_cents for row in rows)
    row = rows[0].model_copy(update={"regime": regime, "waits_for": rows[0].waits_for if WAITING_VAT in booked else None})
    return Share(row, booked.total(), vat) if 0 <= booked.total() <= vat else None


def _regime(row: ClassifiedVat, booked: Mapping[str, int]) -> str | None:
    """The regime that the VAT accounts of the entry say, the classifier's first; without any, nothing was deducted and none is due."""
    if not booked:
        return None if _is_due(row.regime) else row.regime
    for regime in (row.regime, *VAT_ACCOUNTS):
        if regime in VAT_ACCOUNTS:
            deductible, of_assets, due = VAT_ACCOUNTS[regime]
            waiting = WAITING_VAT if row.waits_for else None
            if booked.keys() <= {deductible, of_assets, due, waiting} and (due is None or due in booked):
                return regime
    return None


def _is_due(regime: str) -> bool:
    """Whether the buyer owes the VAT, so that it is not in the gross (CGI 283-2)."""
    return regime in VAT_ACCOUNTS and VAT_ACCOUNTS[regime].due is not None


def _fits(share: Share, said: Sequence[ClassifiedVat], lines: Sequence[ClassifiedLine]) -> bool:
    """Whether the credit note gives back such VAT: in the gross or not as there, some only where there was some, in lines of its own."""
    vat = sum(row.vat_cents for row in said)
    if not lines or (vat and not share.vat_cents) or sum(_cost(line) - line.net_cents for line in lines) != _kept(said):
        return False
    return all(_is_due(row.regime) == _is_due(share.row.regime) for row in said)


def _kept(rows: Sequence[ClassifiedVat]) -> int:
    """What of the VAT is not deducted and belongs to the costs."""
    return sum(row.vat_cents - _deducted(row) for row in rows)


def _deducted(row: ClassifiedVat) -> int:
    if row.regime not in VAT_ACCOUNTS:
        return 0
    return row.vat_cents if row.deductible_cents is None else row.deductible_cents


def _rows(share: Share, said: Sequence[ClassifiedVat], lines: Sequence[ClassifiedLine]) -> list[ClassifiedVat]:
    """The VAT of a rate under the original's treatment: a row for what is on accounts of assets, and one for the rest."""
    nets = {False: 0, True: 0}
    for line in lines:
        nets[line.account.startswith(FIXED_ASSETS)] += line.net_cents
    base, vat = sum(row.base_cents for row in said), sum(row.vat_cents for row in said)
    of_assets = _part(vat, nets[True], nets[True] + nets[False])
    parts = {True: (nets[True], of_assets), False: (base - nets[True], vat - of_assets)}
    there = {line.account.startswith(FIXED_ASSETS) for line in lines}
    if len(there) == 1:
        parts = {there.pop(): (base, vat)}
    return [_row(share, said[0].rate, is_asset, amounts) for is_asset, amounts in sorted(parts.items())]


def _row(share: Share, rate: str, is_asset: bool, amounts: tuple[int, int]) -> ClassifiedVat:
    base, vat = amounts
    said = {"rate": rate, "base_cents": base, "vat_cents": vat, "asset": is_asset, "deductible_cents": share.of(vat)}
    return share.row.model_copy(update=said)


def _spread(cents: int, nets: Sequence[int]) -> list[int]:
    """The cents in proportion to the nets; the largest takes what rounding leaves."""
    shares = [_part(cents, net, sum(nets)) for net in nets]
    shares[max(range(len(nets)), key=lambda place: abs(nets[place]))] += cents - sum(shares)
    return shares


def _part(cents: int, numerator: int, denominator: int) -> int:
    """`cents` × numerator ÷ denominator to the nearest cent, halves away from zero; 0 of nothing."""
    return int((Decimal(cents) * numerator / denominator).to_integral_value(ROUND_HALF_UP)) if denominator else 0

"""The first line of a FEC: which separator, which of the two variants of amounts, and where each field stands."""

from typing import NamedTuple

from services.ledger.domain.fec.findings import Finding, Rule
from services.ledger.domain.fec.layout import CASH_FIELDS, FIELDS, SIDED_FIELDS

TAB, PIPE = "\t", "|"
LINE = 1


class Header(NamedTuple):
    """How to read the lines: the separator, the name of each column (empty = not a field), and whether amounts are Montant and Sens."""

    separator: str
    columns: tuple[str, ...]
    sided: bool

    def fields(self, text: str) -> dict[str, str] | None:
        """The line's values by field, without the columns that are none; None when it has another number of them."""
        values = text.split(self.separator)
        return dict(zip(self.columns, values, strict=True)) if len(values) == len(self.columns) else None


def read_header(text: str) -> tuple[Header | None, list[Finding]]:
    """What the line says and what is wrong with it; no header when nothing separates its names."""
    separator = TAB if TAB in text else PIPE
    if separator not in text:
        return None, [Finding(LINE, "", Rule.SEPARATOR)]
    names = text.split(separator)
    lowered = {name.strip().lower() for name in names}
    sided = {"montant", "sens"} <= lowered and not {"debit", "credit"} & lowered
    wanted = SIDED_FIELDS if sided else FIELDS
    known = {name.lower(): name for name in (*wanted, *CASH_FIELDS)}
    if not lowered & known.keys():
        return Header(separator, wanted, sided), [Finding(LINE, "", Rule.NO_HEADER)]
    columns = [known.get(name.strip().lower(), "") for name in names]
    return Header(separator, tuple(columns), sided), [*_names(names, columns), *_order(columns, wanted)]


def _names(names: list[str], columns: list[str]) -> list[Finding]:
    wrong = list[Finding]()
    for place, (name, field) in enumerate(zip(names, columns, strict=True)):
        if not field:
            wrong.append(Finding(LINE, "", Rule.UNKNOWN_FIELD, (name,)))
        elif name != field:
            wrong.append(Finding(LINE, field, Rule.FIELD_CASE, (name,)))
        if field and field in columns[:place]:
            wrong.append(Finding(LINE, field, Rule.FIELD_TWICE))
    return wrong


def _order(columns: list[str], wanted: tuple[str, ...]) -> list[Finding]:
    wrong = [Finding(LINE, field, Rule.MISSING_FIELD) for field in wanted if field not in columns]
    present = [field for field in columns if field in wanted]
    if not wrong and len(present) == len(wanted) and present != list(wanted):
        first = next(field for field, other in zip(present, wanted, strict=True) if field != other)
        wrong.append(Finding(LINE, first, Rule.FIELD_ORDER))
    return wrong

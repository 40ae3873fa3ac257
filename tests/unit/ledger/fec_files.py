"""A FEC without fault, and the words to break it in one place."""

from collections.abc import Sequence

from services.ledger.domain.fec.checking import Check
from services.ledger.domain.fec.findings import Finding
from services.ledger.domain.fec.layout import FIELDS

NAME = "732829320FEC20261231.txt"

type Rows = list[list[str]]

# Lines 2 to 4: a purchase. 5 to 7: the next one, in dollars. 8 and 9: its payment, lettered with line 7. 10 and 11: the last purchase.
GOOD: Sequence[str] = (
    "AC;Achats;AC-1;20260310;606400;Fournitures administratives;;;FR-1;20260310;Ramettes;100,00;0,00;;;20260401;;",
    "AC;Achats;AC-1;20260310;445660;TVA déductible;;;FR-1;20260310;Ramettes;20,00;0,00;;;20260401;;",
    "AC;Achats;AC-1;20260310;401000;Fournisseurs;AMAZON;Amazon Business;FR-1;20260310;Ramettes;0,00;120,00;;;20260401;;",
    "AC;Achats;AC-2;20260311;606300;Petit équipement;;;FR-2;20260309;Clés;90,00;0,00;;;20260402;100,00;USD",
    "AC;Achats;AC-2;20260311;445660;TVA déductible;;;FR-2;20260309;Clés;18,00;0,00;;;20260402;20,00;USD",
    "AC;Achats;AC-2;20260311;401000;Fournisseurs;AMAZON;Amazon Business;FR-2;20260309;Clés;0,00;108,00;A;20260420;20260402;120,00;USD",
    "BQ;Banque;BQ-1;20260420;401000;Fournisseurs;AMAZON;Amazon Business;RELEVE-4;20260420;Virement;108,00;0,00;A;20260420;20260430;;",
    "BQ;Banque;BQ-1;20260420;512000;Banque;;;RELEVE-4;20260420;Virement;0,00;108,00;;;20260430;;",
    "AC;Achats;AC-3;20261231;606400;Fournitures administratives;;;FR-3;20261231;Papier;10,00;0,00;;;20270115;;",
    "AC;Achats;AC-3;20261231;401000;Fournisseurs;AMAZON;Amazon Business;FR-3;20261231;Papier;0,00;10,00;;;20270115;;",
)


def good() -> Rows:
    """The header and the ten lines, as fields."""
    return [list(FIELDS), *(line.split(";") for line in GOOD)]


def joined(rows: Rows, separator: str = "\t", end: str = "\r\n", encoding: str = "utf-8") -> bytes:
    """The file of these rows."""
    return "".join(separator.join(row) + end for row in rows).encode(encoding)


def changed(line: int, **fields: str) -> bytes:
    """The good file with other fields on one line."""
    rows = good()
    for field, text in fields.items():
        rows[line - 1][FIELDS.index(field)] = text
    return joined(rows)


def found(content: bytes, name: str = NAME) -> list[Finding]:
    """What a check finds, the file being read in small pieces."""
    return list(Check(name).findings(content[at : at + 7] for at in range(0, len(content), 7)))


def said(content: bytes, name: str = NAME) -> list[tuple[int, str, str]]:
    """Line, field and rule of what a check finds."""
    return [(finding.line, finding.field, finding.rule.name) for finding in found(content, name)]

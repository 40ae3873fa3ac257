"""The kinds of papers by the name they have in a file."""

from collections.abc import Mapping
from typing import NamedTuple

from services.ledger.domain.papers.accrual import Accrual
from services.ledger.domain.papers.advance import Advance, AdvanceUse
from services.ledger.domain.papers.bill import Bill
from services.ledger.domain.papers.book import Paper
from services.ledger.domain.papers.fields import KIND, Fields
from services.ledger.domain.papers.import_vat import ImportVat
from services.ledger.domain.papers.payment import Payment
from services.ledger.domain.papers.prepaid import Prepaid
from services.ledger.domain.papers.refusals import FieldMissing, KindUnknown
from services.ledger.domain.papers.supplier_debit import SupplierDebit
from services.ledger.domain.papers.transfer import Transfer


class Kind(NamedTuple):
    """How a kind of paper is read, and the names of its fields."""

    paper: type[Paper]
    fields: frozenset[str]


KINDS: Mapping[str, Kind] = {
    "payment": Kind(Payment, frozenset({"number", "date", "supplier", "paid", "settles", "currency", "bank"})),
    "advance": Kind(Advance, frozenset({"number", "date", "supplier", "paid", "bank"})),
    "advance_use": Kind(AdvanceUse, frozenset({"number", "date", "supplier", "advance", "invoice", "amount"})),
    "bill": Kind(Bill, frozenset({"number", "date", "supplier", "lines", "currency", "exchange_rate"})),
    "accrual": Kind(Accrual, frozenset({"number", "date", "supplier", "lines"})),
    "prepaid": Kind(Prepaid, frozenset({"number", "date", "account", "cost", "from", "to", "every"})),
    "import_vat": Kind(ImportVat, frozenset({"number", "date", "base", "rate", "vat", "deducted", "account"})),
    "transfer": Kind(Transfer, frozenset({"number", "date", "supplier", "settles"})),
    "supplier_debit": Kind(SupplierDebit, frozenset({"number", "date", "supplier", "amount"})),
}


def read_paper(said: Mapping[str, str]) -> tuple[str, Paper]:
    """A paper and its kind from the fields of a file. Raises PaperRefused."""
    name = said.get(KIND, "").strip()
    if not name:
        raise FieldMissing(KIND)
    if name not in KINDS:
        raise KindUnknown(name)
    kind = KINDS[name]
    return name, kind.paper.read(Fields(said, kind.fields))

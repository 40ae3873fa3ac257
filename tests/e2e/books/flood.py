"""A flood of classified documents for the ledger alone, and what must stand in the book when it is through."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from services.kernel.envelope import Outgoing, encode
from tests.integration.ledger.shelf import TOPIC, event
from tests.integration.ledger.test_runs import marker
from tests.unit.ledger.documents import held, invoice

VAT_20 = 5  # net = five times the VAT
PATTERN = 100  # what each of a hundred consecutive documents is
UNREADABLE, OTHERWISE, SAME_AGAIN, UNDATED = {13}, {31, 61}, {42, 72, 92}, {7, 27, 47, 67, 87}
ONE_BEFORE = 1  # a revision, and what is said again, are about the document just before


@dataclass(frozen=True, slots=True)
class Run:
    """One company's run of `documents` (whole hundreds): its company, and the messages in order, its marker last."""

    number: int
    documents: int

    @property
    def company(self) -> str:
        """The company's id."""
        return f"C-{self.number:03}"

    def messages(self) -> Iterator[Outgoing]:
        """What the classifier says of the run."""
        for seq in range(1, self.documents + 1):
            yield self._message(seq)
        yield encode(marker(self.documents, self._run_id, self.company), TOPIC)

    def gross_cents(self) -> dict[str, int]:
        """What is owed for each invoice that must stand in the book with an entry."""
        return {f"I-{seq}": _vat_cents(seq) * (VAT_20 + 1) for seq in range(1, self.documents + 1) if seq % PATTERN not in _NO_ENTRY}

    def counts(self) -> Counter[str]:
        """How many documents end in which outcome."""
        hundreds = self.documents // PATTERN
        held_, parked, again = len(UNDATED | OTHERWISE), len(UNREADABLE), len(SAME_AGAIN)
        recorded = PATTERN - held_ - parked - again
        return Counter(recorded=recorded * hundreds, held=held_ * hundreds, parked=parked * hundreds, duplicates=again * hundreds)

    def _message(self, seq: int) -> Outgoing:
        """The document at this place: an invoice, one without a date, one read otherwise or said again, or bytes nobody can read."""
        place, run = seq % PATTERN, (self._run_id, seq)
        if place in UNDATED:
            return encode(event(held(company_id=self.company, invoice_id=f"I-{seq}"), run=run), TOPIC)
        about = seq - ONE_BEFORE if place in OTHERWISE | SAME_AGAIN else seq
        changes = {"company_id": self.company, "invoice_id": f"I-{about}", "number": f"FR-{about}"}
        if place in OTHERWISE:
            changes |= {"revision": 2}
        account = "606300" if place in OTHERWISE else "606400"
        said = invoice([(account, _vat_cents(about) * VAT_20, "20")], **changes)
        message = encode(event(said, n=seq, run=run), TOPIC)
        return replace(message, value=b"{") if place in UNREADABLE else message

    @property
    def _run_id(self) -> str:
        return f"R-{self.number:03}"


_NO_ENTRY = UNDATED | UNREADABLE | OTHERWISE | SAME_AGAIN


def _vat_cents(seq: int) -> int:
    """Another amount for each document."""
    return 20_00 + seq

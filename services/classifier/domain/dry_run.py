"""What a change of the rules would have done to past documents: which lines change, and by how many euros per account."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.invoice_classified.v1 import ClassifiedLine, InvoiceClassified
from schemas.invoice_collected.v1 import InvoiceCollected
from services.classifier.domain.classification import classify
from services.classifier.domain.nature.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class Change:
    """One line that would be booked elsewhere."""

    invoice_id: str
    line: int
    before: ClassifiedLine
    after: ClassifiedLine


@dataclass(slots=True)
class Effect:
    """What changes: the lines, and the net by account, in cents; the documents looked at; those that come to be held, or no longer are."""

    documents: int = 0
    lines: list[Change] = field(default_factory=list[Change])
    cents: dict[str, int] = field(default_factory=dict[str, int])
    held: list[str] = field(default_factory=list[str])


def compare(documents: Iterable[InvoiceCollected], before: Rulebook, after: Rulebook) -> Effect:
    """The effect of `after` on documents that were classified by `before`."""
    effect = Effect()
    for collected in documents:
        effect.documents += 1
        old, new = classify(collected, before), classify(collected, after)
        if isinstance(old, InvoiceClassified) and isinstance(new, InvoiceClassified):
            _note(effect, collected.invoice_id, old, new)
        elif type(old) is not type(new):
            effect.held.append(collected.invoice_id)
    effect.cents = {account: cents for account, cents in sorted(effect.cents.items()) if cents}
    return effect


def _note(effect: Effect, invoice_id: str, old: InvoiceClassified, new: InvoiceClassified) -> None:
    for sign, answer in ((-1, old), (1, new)):
        side = sign if answer.type == "invoice" else -sign
        for line in answer.lines:
            effect.cents[line.account] = effect.cents.get(line.account, 0) + side * line.net_cents
    pairs = zip(old.lines, new.lines, strict=False)
    effect.lines += [
        Change(invoice_id, number, was, now)
        for number, (was, now) in enumerate(pairs, start=1)
        if (was.nature, was.account) != (now.nature, now.account)
    ]

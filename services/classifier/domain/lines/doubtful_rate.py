"""Whether a printed rate fits what was bought."""

from collections.abc import Iterable

from schemas.invoice_classified.v1 import ClassifiedLine, ClassifiedVat
from services.classifier.domain.nature.rulebook import Rulebook
from services.classifier.domain.vat.regime import DOMESTIC

OVERSEAS = {"20": "8.5", "10": "2.1", "5.5": "2.1", "2.1": "1.05"}  # CGI 296: Guadeloupe, Martinique, La Réunion


def is_rate_doubtful(lines: Iterable[ClassifiedLine], rows: Iterable[ClassifiedVat], rulebook: Rulebook) -> bool:
    """Whether a French rate is printed on goods that have another one: VAT above the legal rate is not deductible (CGI 271 II-1-a)."""
    charged = {row.rate for row in rows if row.regime == DOMESTIC}
    return any(_is_odd(line, rulebook) for line in lines if line.vat_rate in charged)


def _is_odd(line: ClassifiedLine, rulebook: Rulebook) -> bool:
    nature = rulebook.natures.get(line.nature)
    if nature is None or nature.french_rate is None:
        return False
    usual = {nature.french_rate, *nature.other_rates}
    return line.vat_rate not in usual | {OVERSEAS.get(rate, rate) for rate in usual}

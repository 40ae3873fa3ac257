"""What happens in a simulated world apart from faults: two companies connect, import, and a day later import what came late."""

from datetime import timedelta
from random import Random
from unittest.mock import patch

from services.fetcher.domain.company import Choices, CompanyFile
from tests.simulation.engine import EPOCH

COMPANIES = tuple(
    CompanyFile(
        company_id=f"cmp_{name}",
        name=f"Atelier {name}",
        siren=siren,
        plan="essentiel",
        email=f"{name}@atelier.example",
        file_code=name.upper(),
        settings=Choices(
            automatic_import=True,
            import_start=(EPOCH - timedelta(days=30)).date(),
            cut_over=(EPOCH - timedelta(days=60)).date(),
            buyer_check=False,
        ),
    )
    for name, siren in (("ada", "732829320"), ("eva", "902100478"))
)
DOCUMENTS = 4
A_DAY_LATER_SECONDS = 30 * 3600.0

"""The words contracts share: money, rates, days, identifiers, and facts that say where they come from."""

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from schemas.contract import Contract

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(given: object) -> object:
    """Read a day as the schema writes it; pydantic alone would also take a number of seconds as text."""
    if not isinstance(given, str):
        return given
    if not DAY.fullmatch(given):
        raise ValueError("a day is written YYYY-MM-DD")
    return date.fromisoformat(given)


def _real_instant(text: str) -> str:
    """Refuse the thirteenth month."""
    datetime.fromisoformat(text)
    return text


Cents = Annotated[int, Field(ge=-(10**15), le=10**15, description="hundredths of the document's currency")]
Rate = Annotated[str, Field(pattern=r"^[0-9]{1,2}(\.[0-9]{1,3})?$", description="a percentage as decimal text, such as 5.5")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")]
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema(
        {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": "a calendar day in the document's own place"}
    ),
]
Instant = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$", description="UTC"),
    AfterValidator(_real_instant),
]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Code = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$", description="one of a list that may grow: treat an unknown one as other")]
Origin = Annotated[
    str,
    Field(
        pattern=r"^(api|document|person):[a-z0-9-]{1,40}$",
        description="known: api:transactions, api:invoices, document:text, document:factur-x",
    ),
]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Account = Annotated[str, Field(pattern=r"^[0-9]{6,12}$", description="account number, PCG root padded to six digits")]


class Fact[T](Contract):
    """A value and where it was read."""

    value: T
    origin: Origin


class DocumentRef(Contract):
    """A claim check: the document is in the object store under `object_key`, its bytes are those of `sha256`."""

    sha256: Sha256
    size_bytes: Annotated[int, Field(ge=0)]
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$")]
    object_key: Text


class ReasonCount(Contract):
    """How many documents share one reason."""

    reason: Code
    count: Annotated[int, Field(ge=1)]


class CompanySettings(Contract):
    """The settings a document was collected under; they travel with it, so no event of another topic can arrive too late."""

    revision: Annotated[int, Field(ge=1)]
    company_name: Text
    siren: Annotated[str, Field(pattern=r"^[0-9]{9}$")]
    vat_id: Annotated[str, Field(pattern=r"^[A-Z]{2}[0-9A-Z]{2,13}$")] | None
    vat_regime: Code = Field(description="known: normal, franchise")
    deduction_coefficient: Annotated[str, Field(pattern=r"^(0(\.[0-9]{1,4})?|1)$")]
    supplier_mode: Code = Field(description="known: amazon_business (one supplier), legal_seller (an auxiliary per seller)")
    automatic_import: bool
    import_start: Day = Field(description="documents issued before this day are not imported")
    cut_over: Day = Field(description="documents issued before this day are archived, not booked")
    buyer_check: bool = Field(description="false: the document's buyer is not compared with the company (said wherever it matters)")
    test_environment: bool


class Totals(Contract):
    """Net, VAT and gross of a document; never negative in a whole document, whose type gives the side."""

    net_cents: Cents
    vat_cents: Cents
    gross_cents: Cents


class Supplier(Contract):
    """The supplier shown, and the legal seller beside it."""

    name: Text
    auxiliary: Annotated[str, Field(pattern=r"^[A-Z0-9_-]{1,17}$")]
    legal_name: Text | None
    vat_id: str | None
    siren: str | None


class RunCounts(Contract):
    """How an import run adds up: collected = recorded + no_entry + archived + held + parked + duplicates."""

    collected: Annotated[int, Field(ge=0)]
    recorded: Annotated[int, Field(ge=0)]
    no_entry: Annotated[int, Field(ge=0)]
    archived: Annotated[int, Field(ge=0)]
    held: Annotated[int, Field(ge=0)]
    parked: Annotated[int, Field(ge=0)]
    duplicates: Annotated[int, Field(ge=0)]

"""The words contracts share: money, rates, days, identifiers, and facts that say where they come from."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from schemas.contract import Contract

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
DAY = r"^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$"
NO_NUL = r"^[^\x00]*$"
"""Days and texts that every reader can keep: PostgreSQL takes no NUL, and nobody's books are older or younger."""

LONGEST_TEXT, LONGEST_REFERENCE = 500, 100
"""Characters of a text people read, and of an identifier that somebody else gave."""

MOST_LINES, MOST_ORDERS, MOST_ROWS, MOST_LIFTS = 2_000, 500, 50, 20
"""Elements of a list: lines and charges; orders and connections; VAT rows, mentions, flags, reasons, checkout fields; decisions."""

LARGEST_CENTS, LARGEST_NUMBER, MOST_EVENTS = 10**15, 2**31 - 1, 1_000_000
"""An amount; a count, version or revision; the events of one run."""


def _day(given: object) -> object:
    """Read a day as the schema writes it; pydantic alone would also take a number of seconds as text."""
    if not isinstance(given, str):
        return given
    if not re.fullmatch(DAY, given):
        raise ValueError("a day is written YYYY-MM-DD, from 1900 to 2999")
    return date.fromisoformat(given)


def _real_instant(text: str) -> str:
    """Refuse the thirteenth month."""
    datetime.fromisoformat(text)
    return text


def known(codes: str, says: str = "", **more: Any) -> Any:
    """Describe a field of `Code`: `known("charge, refund")`; `says` comes before, for what the name does not tell; `more` as in `Field`."""
    return Field(**more, description=f"{says and says + '; '}known: {codes}; treat an unknown one as other")


Cents = Annotated[int, Field(ge=-LARGEST_CENTS, le=LARGEST_CENTS, description="hundredths of the document's currency")]
Rate = Annotated[str, Field(pattern=r"^[0-9]{1,2}(\.[0-9]{1,3})?$", description="a percentage as decimal text, such as 5.5")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")]
Day = Annotated[
    date,
    Field(ge=FIRST_DAY, le=LAST_DAY),
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "pattern": DAY, "description": "a calendar day in the document's own place"}),
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
        description="known: api:transactions, api:invoices, document:text, document:factur-x; treat an unknown one as other",
    ),
]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT, pattern=NO_NUL)]
Reference = Annotated[
    str, Field(min_length=1, max_length=LONGEST_REFERENCE, pattern=NO_NUL, description="an identifier as its giver writes it")
]
Ordinal = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
Count = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]
Decimals = Annotated[str, Field(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$", description="decimal text")]
Account = Annotated[str, Field(pattern=r"^[0-9]{6,12}$", description="account number, PCG root padded to six digits")]
Auxiliary = Annotated[str, Field(pattern=r"^[A-Z0-9_-]{1,17}$", description="the supplier's account beside 401 or 404")]
Siren = Annotated[str, Field(pattern=r"^[0-9]{9}$")]
VatId = Annotated[str, Field(pattern=r"^[A-Z]{2}[0-9A-Z+*]{2,14}$", description="country, then number, without spaces")]
PrintedId = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z .+*-]{0,39}$", description="an identity number as printed")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")]
Orders = Annotated[tuple[Id, ...], Field(max_length=MOST_ORDERS)]
Codes = Annotated[tuple[Code, ...], Field(max_length=MOST_ROWS)]


class Fact[T](Contract):
    """A value and where it was read."""

    value: T
    origin: Origin


class DocumentRef(Contract):
    """A claim check: the document is in the object store under `object_key`, its bytes are those of `sha256`."""

    sha256: Sha256
    size_bytes: Count
    media_type: Annotated[str, Field(pattern=r"^[a-z]{1,20}/[a-z0-9.+-]{1,80}$")]
    object_key: Text


class ReasonCount(Contract):
    """How many documents share one reason."""

    reason: Code
    count: Ordinal


Reasons = Annotated[tuple[ReasonCount, ...], Field(max_length=MOST_ROWS)]


class CompanySettings(Contract):
    """The settings a document was collected under; they travel with it, so no event of another topic can arrive too late."""

    revision: Ordinal
    company_name: Text
    siren: Siren
    vat_id: VatId | None
    vat_regime: Code = known("normal, franchise (CGI 293 B: nothing is deducted)")
    deduction_coefficient: Annotated[str, Field(pattern=r"^(0(\.[0-9]{1,4})?|1)$")]
    supplier_mode: Code = known("amazon_business (one supplier), legal_seller (an auxiliary per seller)")
    automatic_import: bool
    import_start: Day = Field(description="documents issued before this day are not imported")
    cut_over: Day = Field(description="documents issued before this day are archived, not booked")
    buyer_check: bool = Field(description="false: the document's buyer is not compared with the company (said wherever it matters)")
    test_environment: bool
    asset_limit_cents: Annotated[Cents, Field(ge=0)] = Field(
        default=500_00, description="a unit that costs more is a fixed asset (BOI-BIC-CHG-20-30-10)"
    )
    asset_limit_basis: Code = known("net (of the VAT that is deducted), gross", says="what of a unit is compared", default="net")
    freight_policy: Code = known("goods (on their account), 608", says="shipping of goods for resale", default="goods")
    vat_timing: Code = known("invoice (at once), strict (waits for delivery, CGI 269-2-a)", says="VAT on goods", default="invoice")


class Totals(Contract):
    """Net, VAT and gross of a document; never negative in a whole document, whose type gives the side."""

    net_cents: Cents
    vat_cents: Cents
    gross_cents: Cents


class Supplier(Contract):
    """The supplier shown, and the legal seller beside it."""

    name: Text
    auxiliary: Auxiliary
    legal_name: Text | None
    vat_id: VatId | None
    siren: Siren | None


class RunCounts(Contract):
    """How an import run adds up: collected = recorded + no_entry + archived + held + parked + duplicates."""

    collected: Count
    recorded: Count
    no_entry: Count
    archived: Count
    held: Count
    parked: Count
    duplicates: Count

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.collected != self.recorded + self.no_entry + self.archived + self.held + self.parked + self.duplicates:
            raise ValueError("the counts of the run do not add up")
        return self

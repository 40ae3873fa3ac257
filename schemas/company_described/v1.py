"""company.described: the whole current state of a company, its settings and its connections."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import Contract, EventData
from schemas.values import Code, CompanySettings, Id, Instant, Text


class ConnectionState(Contract):
    """One connection of the company and where it stands."""

    connection_id: Id
    connector: Code = Field(description="known: amazon_business")
    state: Code = Field(description="known: initialising, active, broken, closed")
    marketplace_id: Id
    since: Instant


class CompanyDescribed(EventData):
    """The company as it is now; a later version replaces an earlier one."""

    ce_type: ClassVar[str] = "achats.company.described.v1"

    company_id: Id
    version: Annotated[int, Field(ge=1)]
    name: Text
    siren: Annotated[str, Field(pattern=r"^[0-9]{9}$")]
    plan: Code = Field(description="known: essentiel, premium, or a plan below them")
    settings: CompanySettings
    connections: tuple[ConnectionState, ...]

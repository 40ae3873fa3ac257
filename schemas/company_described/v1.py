"""company.described: the whole current state of a company, its settings and its connections."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import Contract, EventData
from schemas.values import MOST_ORDERS, Code, CompanySettings, Id, Instant, Ordinal, Siren, Text, known


class ConnectionState(Contract):
    """One connection of the company and where it stands."""

    connection_id: Id
    connector: Code = known("amazon_business")
    state: Code = known("initialising, active, broken, closed")
    marketplace_id: Id
    since: Instant


class CompanyDescribed(EventData):
    """The company as it is now; a later version replaces an earlier one."""

    ce_type: ClassVar[str] = "achats.company.described.v1"

    company_id: Id
    version: Ordinal
    name: Text
    siren: Siren
    plan: Code = known("essentiel, premium, or a plan below them")
    settings: CompanySettings
    connections: Annotated[tuple[ConnectionState, ...], Field(max_length=MOST_ORDERS)]

"""contact.described: where to write to the person who answers for a company, sealed for the notifier."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import EventData
from schemas.values import Code, Id, Ordinal, Text, known


class ContactDescribed(EventData):
    """The account's address as it is now, encrypted (AES-256-GCM, associated data = company); a tombstone ends it."""

    ce_type: ClassVar[str] = "achats.contact.described.v1"

    company_id: Id
    version: Ordinal
    company_name: Text
    file_code: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,20}$", description="the accountant's code of the company's file")]
    language: Code = known("fr")
    sealed_address: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/=:._-]{1,1000}$", description="key id, colon, base64")]

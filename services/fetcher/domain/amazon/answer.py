"""What all answers of Amazon have in common: how they are read and kept, money, people, refusals."""

import re
from decimal import Decimal
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, RootModel
from pydantic.alias_generators import to_camel

PLAIN_AMOUNT = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{0,10})?")
"""Decimal text whose hundredths are exact: no exponent, no `Infinity`, no more digits than a `Decimal` keeps."""


class Published(BaseModel):
    """An answer as Amazon published it. What cannot be read is never shown: it may hold a token or a person's name."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    @classmethod
    def read(cls, content: str | bytes) -> Self:
        """The answer in a body. Raises ValueError when it is not JSON, or not of this shape."""
        return cls.model_validate_json(content)

    def as_published(self) -> Any:
        """The answer with Amazon's names, only with the fields that were there."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class Answer(Published):
    """An object of an answer; fields have Amazon's names in snake case. Any may be missing or null, and unknown ones are kept."""

    model_config = ConfigDict(extra="allow", alias_generator=to_camel, populate_by_name=True)


class Nothing(Published, RootModel[None]):
    """The answer of an operation that has nothing to say, as `cancelReport`."""


class Money(Answer):
    """An amount as decimal text."""

    currency_code: str | None = None
    amount: str | None = None

    @property
    def cents(self) -> int | None:
        """Hundredths without sign (the transaction's type gives it); None when absent, no plain number, or finer than a hundredth."""
        amount = (self.amount or "").strip()
        if not PLAIN_AMOUNT.fullmatch(amount):
            return None
        hundredths = abs(Decimal(amount)) * 100
        return int(hundredths) if hundredths == hundredths.to_integral_value() else None


class Customer(Answer):
    """A person of the buying company: stays in the fetcher's tables."""

    id: str | None = None
    name: str | None = None
    email: str | None = None


class Refusal(Answer):
    """One thing that Amazon refuses, and why."""

    code: str | None = None
    message: str | None = None
    details: str | None = None


class Refusals(Answer):
    """The body of every API's 4xx and 5xx."""

    errors: list[Refusal] | None = None


class TokenRefusal(Answer):
    """Login with Amazon's own form of a refusal: `invalid_grant`, `invalid_client`, …"""

    model_config = ConfigDict(alias_generator=None)

    error: str | None = None
    error_description: str | None = None

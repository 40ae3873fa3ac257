"""What Amazon does not publish, or contradicts itself about: each assumption can be set, also while the simulator runs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Literal, cast, get_args


class UnknownAssumption(Exception):
    """There is no such assumption, or it cannot have this value."""

    next_action = "The assumptions and what they mean stand in deploy/local/amazon/assumptions.py."


@dataclass(slots=True)
class Assumptions:
    """One run's reading of the published pages; durations in virtual seconds or days as the name says."""

    page_size: int = 100  # transactions per page
    reading: Literal["feed", "order"] = "feed"  # what the dates of getTransactions filter
    transaction_order: Literal["by_date", "mixed"] = "by_date"  # of the rows within an answer
    page_token_seconds: float = 86_400  # how long a nextPageToken can be used
    strict_tokens: bool = True  # nextPageToken beside another parameter is refused
    refund_sign: Literal["seed", "positive", "negative"] = "seed"  # seed: negative for even ones
    queued_seconds: float = 15  # a report waits at least so long
    processing_seconds: float = 30  # and then takes so long
    reports_at_once: int = 0  # reports of one account at work together, the others queue behind them; 0: any number
    kept_days: float = 30  # a report's document
    link_seconds: float = 300  # a download link
    payload: Literal["gzip_zip", "gzip_pdf", "zip", "pdf", "empty_zip", "foreign", "several"] = "gzip_zip"  # payloads.py
    consolidated_by_order: bool = False  # an orderId returns consolidated invoices too
    wrong_marketplace: Literal["cancelled", "denied"] = "cancelled"  # a report for a marketplace the token is not for
    headers: Literal["refuse", "ignore"] = "refuse"  # x-amz-date or user-agent missing
    other_accounts: Literal["page", "redirect", "api"] = "page"  # where an account that is no business account is refused
    revocation: Literal["at_once", "with_the_access_token"] = "at_once"  # when calls fail after a consent was withdrawn
    secret_days: float = 180  # life of a client secret
    overlap_days: float = 7  # how long the old secret lives beside the new one
    refresh_repeats: bool = True  # a refresh answers with the same refresh token
    dates: Literal["object", "text", "mixed"] = "mixed"  # the two shapes of DateTime in Reporting 2025-06-09
    strict_time: bool = True  # Reporting 2025-06-09 refuses an end in the future

    def set(self, changes: Mapping[str, object]) -> None:
        """Change some. Raises UnknownAssumption, and then changes none."""
        kinds = {field.name: field.type for field in fields(self)}
        checked = {name: _checked(name, value, kinds.get(name)) for name, value in changes.items()}
        for name, value in checked.items():
            setattr(self, name, value)

    def stated(self) -> dict[str, object]:
        """All of them."""
        return asdict(self)


def _checked(name: str, value: object, kind: object) -> object:
    """The value as the field holds it; text (from a command line) is read. Raises UnknownAssumption."""
    if kind is bool and str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    if kind in (int, float) and not isinstance(value, bool):
        return _number(name, value, cast(type[int] | type[float], kind))
    if value in cast(tuple[object, ...], get_args(kind)):
        return value
    raise UnknownAssumption(f"{name}={value}")


def _number(name: str, value: object, kind: type[int] | type[float]) -> int | float:
    try:
        number = kind(str(value))
    except ValueError as malformed:
        raise UnknownAssumption(f"{name}={value}") from malformed
    if number < 0:
        raise UnknownAssumption(f"{name}={value}")
    return number

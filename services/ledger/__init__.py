"""The ledger reads what the classifier says, writes the books in double entry, announces them, and owns the schema `ledger`."""

from enum import StrEnum


class Logged(StrEnum):
    """What this service writes to its log beside what the kernel writes: a closed list."""

    NO_NEWS = "event_without_news"
    PUT_OFF = "automatic_validation_put_off"

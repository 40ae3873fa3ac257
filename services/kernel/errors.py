"""What can go wrong, sorted by what to do: park the record, or wait and try again. Anything else is a bug and ends the process."""

import re


class KernelError(Exception):
    """An error whose message is its docstring, with the particulars behind it."""

    def __str__(self) -> str:
        sentence = (self.__doc__ or type(self).__name__).splitlines()[0].rstrip(".")
        return ": ".join([sentence, *(str(part) for part in self.args)])


class Poison(KernelError):
    """The record cannot be handled, now or later: park it."""

    reason = "refused"

    def __init_subclass__(cls) -> None:
        """A subclass's reason is its name: HeaderMissing is `header_missing`."""
        cls.reason = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()


class HeaderMissing(Poison):
    """A CloudEvents header is missing or unreadable."""


class Unreadable(Poison):
    """The value is missing or is not JSON text."""


class UnknownVersion(Poison):
    """The event is of a major version this service does not know."""


class ContractBroken(Poison):
    """The value breaks its event's contract."""


class KeyMismatch(Poison):
    """The record key, the headers and the value name different companies."""


class TooLarge(Poison):
    """The event is larger than its topic takes."""


class SealBroken(Poison):
    """A sealed value cannot be opened: unknown key, or bytes changed."""


class Refused(Poison):
    """The database refuses what this record says."""


class Skipped(Poison):
    """An operator asked to skip this record."""


class MarkerRefused(KernelError):
    """The marker that ends a run cannot be read; without it the run never adds up, so the service stops here."""


class Unavailable(KernelError):
    """An outside part does not answer: wait and try again, within a bound."""


class BrokerSilent(Unavailable):
    """The broker gives no sign of life."""

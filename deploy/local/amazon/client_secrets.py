"""The application's client secrets: each lives 180 days, and two are valid while one takes the other's place."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.local.amazon.assumptions import Assumptions
from deploy.local.amazon.clock import VirtualClock, iso
from deploy.local.amazon.signing import Signer


@dataclass(slots=True)
class Secret:
    """One secret; `ends_at` is set when another takes its place or an operator ends it."""

    text: str
    made_at: datetime
    ends_at: datetime | None = None

    def dies_at(self, days: float) -> datetime:
        """When it stops working."""
        oldest = self.made_at + timedelta(days=days)
        return oldest if self.ends_at is None else min(oldest, self.ends_at)


class ClientSecrets:
    """All that were given out; after a restart only the first one is known."""

    def __init__(self, first: str, clock: VirtualClock, signer: Signer, assumed: Assumptions) -> None:
        self._secrets = [Secret(first, clock.origin)]
        self._clock, self._signer, self._assumed = clock, signer, assumed

    def valid(self) -> list[str]:
        """The secrets that work now."""
        now = self._clock.now()
        return [secret.text for secret in self._secrets if now < secret.dies_at(self._assumed.secret_days)]

    def rotate(self) -> str:
        """A new secret; the older ones work for the days of overlap. Amazon sends it to a queue, we answer with it."""
        now = self._clock.now()
        self._end(now + timedelta(days=self._assumed.overlap_days))
        text = f"amzn1.oa2-cs.v1.{self._signer.sign('secret', str(len(self._secrets)))}"
        self._secrets.append(Secret(text, now))
        return text

    def expire(self) -> None:
        """Every secret stops working now, as when nobody rotated in time."""
        self._end(self._clock.now())

    def stated(self) -> list[dict[str, str]]:
        """Each with its dates, oldest first."""
        days = self._assumed.secret_days
        return [{"secret": one.text, "made_at": iso(one.made_at), "dies_at": iso(one.dies_at(days))} for one in self._secrets]

    def _end(self, at: datetime) -> None:
        for secret in self._secrets:
            secret.ends_at = at if secret.ends_at is None else min(secret.ends_at, at)

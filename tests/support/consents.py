"""A consent that a test holds in its hand."""

from dataclasses import dataclass, field

from services.fetcher.stages.ports import NotCollecting


@dataclass
class HeldConsent:
    """Stands until `ended`; keeps every token it is renewed with."""

    token: str
    ended: bool = False
    renewals: list[str] = field(default_factory=list[str])

    @property
    def fingerprint(self) -> str:
        """The token itself."""
        return self.token

    def refresh_token(self) -> str:
        """The token, while the consent stands."""
        if self.ended:
            raise NotCollecting("ended")
        return self.token

    def renew(self, token: str) -> None:
        """Another token from now on."""
        self.token = token
        self.renewals.append(token)

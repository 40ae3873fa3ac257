"""Access control on the local Kafka: an administrator with a password; everybody else may do only what an ACL allows."""

from dataclasses import dataclass, field
from pathlib import Path
from string import Template

MECHANISM = "SCRAM-SHA-512"
TEMPLATE = Template(Path(__file__).with_name("server-secured.properties").read_text())


@dataclass(frozen=True, slots=True)
class Account:
    """A name and a password, both of letters, digits, `-` and `_`; the password shows in no repr."""

    name: str
    password: str = field(repr=False)

    @property
    def client_settings(self) -> dict[str, str]:
        """How a librdkafka client logs in."""
        login = {"sasl.username": self.name, "sasl.password": self.password}
        return {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanisms": MECHANISM, **login}

    @property
    def server_settings(self) -> str:
        """What a node's settings say beside the usual: this account may do everything, others what ACLs allow."""
        return TEMPLATE.substitute(name=self.name, password=self.password)

    @property
    def formatting(self) -> list[str]:
        """How the storage tool learns the account, which must exist before the first client can log in."""
        return ["--add-scram", f"{MECHANISM}=[name={self.name},password={self.password}]"]

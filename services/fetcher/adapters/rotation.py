"""A change of keys: every sealed token and address under the current one. Each row is a transaction: it may be killed and called again."""

from dataclasses import dataclass

from services.fetcher import Logged
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.queries import Queries
from services.fetcher.adapters.tokens import KeyService, open_token, seal_token
from services.kernel.clock import Clock
from services.kernel.log import log
from services.kernel.postgres import PostgresStore
from services.kernel.sealing import Sealer

QUERIES = Queries("rotation.sql")


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many rows are under the current key since now."""

    tokens: int
    addresses: int


@dataclass(frozen=True)
class Rotation:
    """Seals everything again under the first key of each list; the others may be taken out of the configuration afterwards."""

    store: PostgresStore
    token_keys: KeyService
    contact_keys: Sealer
    clock: Clock

    def __call__(self) -> Rotated:
        """All that is under another key. Raises SealBroken when a key is missing: nothing of that row has changed."""
        rotated = Rotated(self._tokens(), self._addresses())
        log.info(Logged.KEYS_ROTATED, tokens=rotated.tokens, addresses=rotated.addresses)
        return rotated

    def _tokens(self) -> int:
        with self.store.connection() as session:
            rows = QUERIES.rows(session, "tokens_elsewhere", key_id=self.token_keys.current)
        return sum(self._reseal(row["company_id"], row["connection_id"], row["sealed_refresh_token"]) for row in rows)

    def _reseal(self, company_id: str, connection_id: str, before: str) -> bool:
        token = open_token(self.token_keys, before, company_id, connection_id)
        with self.store.transaction() as transaction:
            return Companies(transaction).reseal(connection_id, before, seal_token(self.token_keys, token, company_id, connection_id))

    def _addresses(self) -> int:
        with self.store.connection() as session:
            rows = QUERIES.rows(session, "addresses_elsewhere", key_id=self.contact_keys.current)
        return sum(self._reseal_address(row["company_id"], row["sealed_address"], row["in_use"]) for row in rows)

    def _reseal_address(self, company_id: str, before: str, in_use: bool) -> bool:
        """The notifier hears of it: what it keeps needs the new key too."""
        sealed = self.contact_keys.seal(self.contact_keys.open(before, company_id), company_id)
        with self.store.transaction() as transaction:
            changed = QUERIES.run(transaction.connection, "reseal_address", sealed=sealed, company_id=company_id, before=before) == 1
            if changed and in_use:
                Companies(transaction).describe_contact(company_id, self.clock.now())
            return changed

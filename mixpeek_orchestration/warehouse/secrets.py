"""Secrets of the organization: encrypted at rest, never in an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from cryptography.fernet import InvalidToken, MultiFernet
from pydantic import Field, SecretStr, StringConstraints

from mixpeek_orchestration.core.errors import Broken, InvalidInput, NotFound
from mixpeek_orchestration.core.ports.secrets import SecretCatalog
from mixpeek_orchestration.core.secret import StoredSecret
from mixpeek_orchestration.core.syncs.connection import OWN_SECRETS
from mixpeek_orchestration.warehouse.specs import Spec

SecretName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
MAX_VALUE = 65_536


class SecretSpec(Spec):
    """A secret to create."""

    secret_name: SecretName
    secret_value: SecretStr = Field(min_length=1, max_length=MAX_VALUE)


class SecretValueSpec(Spec):
    """The new value of a secret."""

    secret_value: SecretStr = Field(min_length=1, max_length=MAX_VALUE)


class Secrets:
    """All secrets but those that storage connections keep for themselves, which exist only where `of_connections`.

    The cipher is opened with the first one that is written or read.
    """

    def __init__(
        self, catalog: SecretCatalog, cipher: Callable[[], MultiFernet], *, of_connections: bool = False
    ) -> None:
        self._catalog = catalog
        self._cipher = cipher
        self._of_connections = of_connections

    def create(self, name: str, value: str) -> StoredSecret:
        """A new secret; raises `NameConflict` when there is one of that name."""
        return self._catalog.put(self._encrypted(name, value), new=True)

    def update(self, name: str, value: str) -> StoredSecret:
        """The secret with a new value; raises `NotFound`."""
        self._stored(name)
        return self._catalog.put(self._encrypted(name, value))

    def set(self, name: str, value: str) -> StoredSecret:
        """The secret with this value, whether or not there was one."""
        return self._catalog.put(self._encrypted(name, value))

    def delete(self, name: str) -> None:
        """Forget a secret; raises `NotFound`."""
        if not self._is_seen(name) or not self._catalog.delete(name):
            raise _unknown(name)

    def names(self) -> list[str]:
        """All names, sorted."""
        return [secret.name for secret in self._catalog.all() if self._is_seen(secret.name)]

    def value(self, name: str) -> str:
        """The decrypted value; raises `NotFound`, and `Broken` when none of our keys decrypts it."""
        return self._decrypted(self._stored(name))

    def find(self, name: str) -> str | None:
        """The decrypted value, `None` when there is no such secret."""
        stored = self._catalog.get(name) if self._is_seen(name) else None
        return None if stored is None else self._decrypted(stored)

    def rotate(self) -> int:
        """How many secrets are encrypted with the first key from now on, whichever key they had."""
        secrets = self._catalog.all()
        for secret in secrets:
            fresh = self._cipher().rotate(secret.ciphertext.encode()).decode()
            self._catalog.put(replace(secret, ciphertext=fresh))
        return len(secrets)

    def _encrypted(self, name: str, value: str) -> StoredSecret:
        if not name.strip() or not value:
            raise InvalidInput(
                "A secret needs a name and a value.",
                field="secret_value" if name.strip() else "secret_name",
                fix="Give both, neither empty; `mixpeek secrets set NAME` reads the value from standard input.",
            )
        if not self._is_seen(name.strip()):
            raise InvalidInput(
                f"Names that begin with {OWN_SECRETS} belong to storage connections.",
                field="secret_name",
                value=name,
                fix="Choose another name.",
            )
        return StoredSecret(name.strip(), self._cipher().encrypt(value.encode()).decode())

    def _decrypted(self, secret: StoredSecret) -> str:
        try:
            return self._cipher().decrypt(secret.ciphertext.encode()).decode()
        except InvalidToken:
            raise Broken(
                f"The secret {secret.name!r} was encrypted with a key that is not here.",
                field="secret_name",
                value=secret.name,
                fix="Give the old key after the new one in MIXPEEK_SECRET_KEY, or set the secret again.",
            ) from None

    def _stored(self, name: str) -> StoredSecret:
        found = self._catalog.get(name) if self._is_seen(name) else None
        if found is None:
            raise _unknown(name)
        return found

    def _is_seen(self, name: str) -> bool:
        return self._of_connections or not name.startswith(OWN_SECRETS)


def _unknown(name: str) -> NotFound:
    return NotFound(
        f"There is no secret {name!r}.", field="secret_name", value=name, fix=f"mixpeek secrets set {name}"
    )

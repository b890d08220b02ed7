"""Who may do what: namespaces and API keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from mixpeek_orchestration.core.errors import Forbidden, InvalidInput, NameConflict, NotFound, Unauthenticated
from mixpeek_orchestration.core.identity import folded, random_id
from mixpeek_orchestration.core.ports.resources import ApiKey, Namespace, ResourceCatalog
from mixpeek_orchestration.core.published import SYSTEM

KEY_PREFIX = "sk_"


def now() -> str:
    """This moment as an ISO 8601 string in UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def hashed(secret: str) -> str:
    """What the catalog keeps of a key. Keys are 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Access:
    """Namespaces and keys."""

    def __init__(self, resources: ResourceCatalog) -> None:
        self._resources = resources

    def create_namespace(
        self, name: str, *, description: str | None = None, isolation: str = ""
    ) -> Namespace:
        """A new namespace, whose packages run at least as strictly as `isolation` says.

        Raises `NameConflict` when one is named alike, or for the name under which packages are shared.
        """
        if not name.strip():
            raise InvalidInput("A namespace needs a name.", field="namespace_name", value=name)
        if folded(name) == SYSTEM:
            raise NameConflict(
                "This is where extractors are that all namespaces share.",
                field="namespace_name",
                value=name,
                fix="Take another name.",
            )
        namespace = Namespace(
            random_id("ns"), name.strip(), description, created_at=now(), isolation=isolation
        )
        return self._resources.put_namespace(namespace)

    def create_key(self, namespaces: Sequence[str] = ()) -> tuple[str, ApiKey]:
        """A new key and its record; the key itself is not kept anywhere. No namespaces means all."""
        secret = KEY_PREFIX + secrets.token_urlsafe(32)
        key = ApiKey(random_id("key"), hashed(secret), secret[:7], tuple(namespaces), created_at=now())
        return secret, self._resources.put_key(key)

    def authenticate(self, secret: str | None) -> ApiKey:
        """The record of a key; raises `Unauthenticated` without one and `Forbidden` for an unknown one."""
        if not secret:
            raise Unauthenticated(
                "No API key was sent.",
                field="Authorization",
                fix="Send the header 'Authorization: Bearer sk_…'; `mixpeek up` wrote a key to credentials.json.",
            )
        key = self._resources.key_by_hash(hashed(secret))
        if key is None:
            raise Forbidden("This API key is not known here.", field="Authorization", fix="Check the key.")
        return key

    def namespace(self, key: ApiKey, identifier: str | None, *, field: str = "X-Namespace") -> Namespace:
        """The namespace that a request is about; one that the key may not see does not exist for it.

        `field` is where the request names it.
        """
        if not identifier:
            raise InvalidInput(
                "No namespace was named.",
                field=field,
                fix="Send the header X-Namespace with a name or id.",
            )
        found = self._resources.namespace(identifier)
        if found is None or (key.namespaces and found.namespace_id not in key.namespaces):
            raise NotFound(f"There is no namespace {identifier!r}.", field=field, value=identifier)
        return found

    def visible(self, key: ApiKey) -> list[Namespace]:
        """The namespaces that a key may see."""
        everything = self._resources.namespaces()
        return [n for n in everything if not key.namespaces or n.namespace_id in key.namespaces]

"""URLs that let one thing be fetched for a while without a key: signed with the key of whoever asked for them."""

from __future__ import annotations

import hashlib
import hmac
import time
from urllib.parse import urlencode

from mixpeek_orchestration.core.errors import Forbidden
from mixpeek_orchestration.core.ports.resources import ApiKey, ResourceCatalog

LIFETIME_S = 3600


class Downloads:
    """Signs, and checks what it has signed. A URL dies with the key that it was signed for."""

    def __init__(self, resources: ResourceCatalog) -> None:
        self._resources = resources

    def query(self, key: ApiKey, what: str) -> str:
        """The query string that lets `what` be fetched for the next hour."""
        expires = int(time.time()) + LIFETIME_S
        return urlencode({"expires": expires, "key": key.key_id, "signature": _signature(key, what, expires)})

    def admit(self, what: str, *, expires: int, key_id: str, signature: str) -> ApiKey:
        """The key that this was signed with here for `what`; raises `Forbidden` when it was not, or has expired."""
        key = self._resources.key(key_id)
        ours = _signature(key, what, expires) if key else ""
        good = hmac.compare_digest(ours.encode(), signature.encode())
        if key is None or not good or time.time() > expires:
            raise Forbidden("This URL is not valid or has expired.", fix="Ask for the resource again.")
        return key


def _signature(key: ApiKey, what: str, expires: int) -> str:
    # The catalog keeps the hash of a key only, and nobody outside knows it: it is the secret to sign with.
    return hmac.new(key.key_hash.encode(), f"{what}\n{expires}".encode(), hashlib.sha256).hexdigest()

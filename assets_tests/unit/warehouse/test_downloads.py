"""URLs that let one thing be fetched for a while."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from mixpeek_orchestration.core.errors import Forbidden
from mixpeek_orchestration.core.ports.resources import ApiKey
from mixpeek_orchestration.stores.catalog.memory.catalog import MemoryCatalog
from mixpeek_orchestration.warehouse import downloads
from mixpeek_orchestration.warehouse.downloads import Downloads

KEY = ApiKey("key_1", "the hash of a key", "sk_1234")
WHAT = "ns_1/words_1_0_0"


@pytest.fixture
def signing() -> Downloads:
    """Downloads over a catalog with one key."""
    catalog = MemoryCatalog()
    catalog.resources.put_key(KEY)
    return Downloads(catalog.resources)


def signed(signing: Downloads, key: ApiKey = KEY) -> dict[str, Any]:
    """The parts of a signed query, as a route gets them."""
    parts = {name: values[0] for name, values in parse_qs(signing.query(key, WHAT)).items()}
    return {"expires": int(parts["expires"]), "key_id": parts["key"], "signature": parts["signature"]}


def test_what_was_signed_is_admitted(signing: Downloads) -> None:
    """A query holds for what it was made for, and does not show the secret it was made with."""
    assert KEY.key_hash not in signing.query(KEY, WHAT)
    signing.admit(WHAT, **signed(signing))


@pytest.mark.parametrize(
    "changed", [{"expires": 2**40}, {"key_id": "key_2"}, {"signature": "0" * 64}, {"signature": "ä"}]
)
def test_anything_changed_is_refused(signing: Downloads, changed: dict[str, Any]) -> None:
    """Another end, key or signature is not what was signed."""
    with pytest.raises(Forbidden):
        signing.admit(WHAT, **{**signed(signing), **changed})


def test_another_thing_is_refused(signing: Downloads) -> None:
    """A query for one version does not open another."""
    with pytest.raises(Forbidden):
        signing.admit("ns_1/words_1_0_1", **signed(signing))


def test_a_query_ends(signing: Downloads, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its end a query admits nobody."""
    monkeypatch.setattr(downloads, "LIFETIME_S", -1)
    with pytest.raises(Forbidden):
        signing.admit(WHAT, **signed(signing))


def test_a_key_that_is_not_there_admits_nobody(signing: Downloads) -> None:
    """A query dies with the key it was signed for."""
    with pytest.raises(Forbidden):
        signing.admit(WHAT, **signed(signing, ApiKey("key_gone", "its hash", "sk_gone")))

"""The contract of `SecretCatalog`."""

from __future__ import annotations

import pytest

from mixpeek_orchestration.core.errors import NameConflict
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.secret import StoredSecret


def test_a_secret_is_read_as_it_was_put(catalog: Catalog) -> None:
    """Name and ciphertext survive, the times are filled in, an unknown name is `None`."""
    kept = catalog.secrets.put(StoredSecret("KEY", "gAAA="), new=True)
    assert (kept.ciphertext, bool(kept.created_at)) == ("gAAA=", True)
    assert catalog.secrets.get("KEY") == kept
    assert catalog.secrets.get("key") is None


def test_a_second_secret_of_a_name_is_refused_unless_it_replaces(catalog: Catalog) -> None:
    """Creating raises `NameConflict`; replacing keeps the time of the first."""
    first = catalog.secrets.put(StoredSecret("KEY", "one"), new=True)
    with pytest.raises(NameConflict, match="KEY"):
        catalog.secrets.put(StoredSecret("KEY", "two"), new=True)
    second = catalog.secrets.put(StoredSecret("KEY", "two"))
    assert (second.ciphertext, second.created_at) == ("two", first.created_at)


def test_secrets_are_listed_by_name_and_deleted_once(catalog: Catalog) -> None:
    """The list is sorted; deleting says whether there was one."""
    for name in ("B", "A"):
        catalog.secrets.put(StoredSecret(name, "x"))
    assert [secret.name for secret in catalog.secrets.all()] == ["A", "B"]
    assert catalog.secrets.delete("A")
    assert not catalog.secrets.delete("A")
    assert [secret.name for secret in catalog.secrets.all()] == ["B"]

"""Who declared a resource changes it; another way takes it over explicitly, or is refused before anything is written."""

from __future__ import annotations

import copy

import pytest

from assets_tests.unit.declarations.notes import NOTES
from mixpeek_orchestration.core.bucket import ManagedBy
from mixpeek_orchestration.core.errors import ManagedElsewhere
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.warehouse.declarations.changes import Order
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest
from mixpeek_orchestration.warehouse.warehouse import Warehouse

MANIFEST = validated(Manifest, NOTES)
OWNERS: tuple[ManagedBy, ...] = ("yaml", "python", "component")


def described(text: str) -> Manifest:
    data = copy.deepcopy(NOTES)
    for kind in ("buckets", "collections", "retrievers"):
        data[kind][0]["description"] = text
    return validated(Manifest, data)


def owners(warehouse: Warehouse, namespace_id: str) -> set[str]:
    everything = (warehouse.buckets, warehouse.collections, warehouse.retrievers)
    return {one.managed_by for service in everything for one in service.all(namespace_id)}


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("other", OWNERS)
def test_only_its_owner_changes_a_resource(
    warehouse: Warehouse, namespace_id: str, owner: ManagedBy, other: ManagedBy
) -> None:
    """Another way is refused naming the owner, before anything is written; the same way may."""
    declarations = warehouse.declarations
    declarations.apply(namespace_id, MANIFEST, Order(owner))
    revision = warehouse.catalog.resources.revision()
    if other == owner:
        declarations.apply(namespace_id, described("new"), Order(other))
        assert warehouse.catalog.resources.revision() > revision
        return
    with pytest.raises(ManagedElsewhere, match=f"managed by {owner}, not by {other}") as refused:
        declarations.apply(namespace_id, described("new"), Order(other))
    assert (refused.value.status, refused.value.value) == (409, owner)
    assert "--take-over" in str(refused.value.fix)
    assert warehouse.catalog.resources.revision() == revision
    assert {c.action for c in declarations.apply(namespace_id, MANIFEST, Order(other))} == {"unchanged"}
    assert owners(warehouse, namespace_id) == {owner}


def test_taking_over_moves_what_changes_and_what_does_not(warehouse: Warehouse, namespace_id: str) -> None:
    """Every resource of the declarations belongs to the new owner, under its old id, and the old one is refused."""
    declarations = warehouse.declarations
    declarations.apply(namespace_id, MANIFEST, Order("yaml"))
    before = warehouse.retrievers.get(namespace_id, "search")
    told = declarations.apply(namespace_id, described("new"), Order("component", take_over=True))
    assert [c.action for c in told] == ["update", "update", "take over", "update"]
    assert owners(warehouse, namespace_id) == {"component"}
    after = warehouse.retrievers.get(namespace_id, "search")
    assert (after.retriever_id, after.description) == (before.retriever_id, "new")
    with pytest.raises(ManagedElsewhere, match="managed by component"):
        declarations.apply(namespace_id, MANIFEST, Order("yaml"))


def test_taking_over_alone_changes_no_version(warehouse: Warehouse, namespace_id: str) -> None:
    """What a retriever answers is the same, so its version is."""
    declarations = warehouse.declarations
    declarations.apply(namespace_id, MANIFEST, Order("python"))
    told = declarations.apply(namespace_id, MANIFEST, Order("yaml", take_over=True))
    assert {c.action for c in told} == {"take over"}
    assert warehouse.retrievers.get(namespace_id, "search").version == 1
    again = declarations.apply(namespace_id, MANIFEST, Order("yaml", take_over=True))
    assert {c.action for c in again} == {"unchanged"}


@pytest.mark.parametrize("kind", ["buckets", "collections", "retrievers"])
def test_http_may_not_delete_what_is_declared(warehouse: Warehouse, namespace_id: str, kind: str) -> None:
    """The services that HTTP calls refuse with the owner's name."""
    warehouse.declarations.apply(namespace_id, MANIFEST, Order("component"))
    service = getattr(warehouse, kind)
    with pytest.raises(ManagedElsewhere, match="managed by component, not by api"):
        service.delete(namespace_id, service.all(namespace_id)[0].name)

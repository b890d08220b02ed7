"""The contract of `ResourceCatalog`: definitions, their names, and the revision."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from assets_tests.contracts.catalog_values import (
    BUCKET,
    COLLECTION,
    GENERATION,
    NAMESPACE,
    bucket,
    collection,
    error,
    generation,
    outcome,
    retriever,
    source_object,
)
from mixpeek_orchestration.core.errors import Conflict, NameConflict, NotFound
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.resources import ApiKey, Namespace, ResourceCatalog
from mixpeek_orchestration.core.report import TierReport


@pytest.fixture
def resources(catalog: Catalog) -> ResourceCatalog:
    """The definitions of a catalog with two namespaces."""
    catalog.resources.put_namespace(Namespace(NAMESPACE, "one"))
    catalog.resources.put_namespace(Namespace("ns_two", "two"))
    return catalog.resources


MAKERS: list[Callable[..., Any]] = [bucket, collection, retriever]


def _put(resources: ResourceCatalog, definition: Any) -> Any:
    return getattr(resources, f"put_{_noun(definition)}")(definition)


def _noun(definition: Any) -> str:
    return type(definition).__name__.lower()


def _identifier(definition: Any) -> str:
    return str(getattr(definition, f"{_noun(definition)}_id"))


@pytest.mark.parametrize("make", MAKERS)
def test_a_definition_comes_back_equal(resources: ResourceCatalog, make: Callable[..., Any]) -> None:
    """What was put is read back equal by id, by name and in the list, with both timestamps set."""
    kept = _put(resources, make())
    read = getattr(resources, _noun(kept))
    assert kept == replace(make(), created_at=kept.created_at, updated_at=kept.updated_at)
    assert kept.created_at.endswith("+00:00")
    assert kept.updated_at.endswith("+00:00")
    assert read(NAMESPACE, _identifier(kept)) == read(NAMESPACE, kept.name) == kept
    assert getattr(resources, f"{_noun(kept)}s")(NAMESPACE) == [kept]


@pytest.mark.parametrize("make", MAKERS)
def test_a_definition_is_seen_only_in_its_namespace(
    resources: ResourceCatalog, make: Callable[..., Any]
) -> None:
    """Neither its id nor its name finds a definition of another namespace."""
    kept = _put(resources, make())
    read = getattr(resources, _noun(kept))
    assert read("ns_two", _identifier(kept)) is None
    assert read("ns_two", kept.name) is None
    assert getattr(resources, f"{_noun(kept)}s")("ns_two") == []
    assert getattr(resources, f"{_noun(kept)}s")() == [kept]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("alike", ["Müller-Daten", "muller daten", "MULLER_DATEN", "müller--daten "])
def test_names_that_differ_in_little_conflict(
    resources: ResourceCatalog, make: Callable[..., Any], alike: str
) -> None:
    """A second name that folds to the same is refused, naming the existing one, and nothing is stored."""
    first = _put(resources, make("Müller Daten"))
    revision = resources.revision()
    with pytest.raises(NameConflict) as raised:
        _put(resources, make(alike, "other_id"))
    assert "'Müller Daten'" in str(raised.value)
    assert raised.value.field == f"{_noun(first)}_name"
    assert resources.revision() == revision
    assert getattr(resources, _noun(first))(NAMESPACE, "other_id") is None


@pytest.mark.parametrize("make", MAKERS)
def test_the_same_name_is_free_elsewhere(resources: ResourceCatalog, make: Callable[..., Any]) -> None:
    """Names are unique per namespace and per kind, and free again after a delete."""
    first = _put(resources, make("same"))
    _put(resources, make("same", "other_id", namespace_id="ns_two"))
    assert getattr(resources, f"delete_{_noun(first)}")(_identifier(first))
    assert not getattr(resources, f"delete_{_noun(first)}")(_identifier(first))
    assert _put(resources, make("Same", "third_id")).name == "Same"


@pytest.mark.parametrize("make", MAKERS)
def test_a_definition_needs_its_namespace(resources: ResourceCatalog, make: Callable[..., Any]) -> None:
    """A definition in a namespace that does not exist is refused."""
    with pytest.raises(NotFound) as raised:
        _put(resources, make(namespace_id="ns_none"))
    assert raised.value.value == "ns_none"


@pytest.mark.parametrize("make", MAKERS)
def test_every_change_raises_the_revision_by_one(
    resources: ResourceCatalog, make: Callable[..., Any]
) -> None:
    """Insert, edit and delete count one each; putting the same again counts nothing and moves no timestamp."""
    start = resources.revision()
    first = _put(resources, make())
    assert _put(resources, make()) == first
    assert _put(resources, replace(make(), updated_at="2099-01-01T00:00:00+00:00")) == first
    assert resources.revision() == start + 1
    edited = _put(resources, replace(make(), description="new"))
    assert resources.revision() == start + 2
    assert edited.created_at == first.created_at
    assert edited.updated_at > first.updated_at
    getattr(resources, f"delete_{_noun(first)}")(_identifier(first))
    getattr(resources, f"delete_{_noun(first)}")(_identifier(first))
    assert resources.revision() == start + 3


def test_free_form_parts_take_any_text(resources: ResourceCatalog) -> None:
    """NUL, lone surrogates, tuples and big numbers in metadata come back as JSON has them."""
    strange = {"nul": "a\x00b", "surrogate": "\udc80", "tuple": (1, 2), "big": 2**70}
    kept = resources.put_bucket(bucket(metadata=strange))
    assert kept.metadata == {**strange, "tuple": [1, 2]}
    assert resources.bucket(NAMESPACE, BUCKET) == kept


def test_lists_are_oldest_first(resources: ResourceCatalog) -> None:
    """Definitions are listed in the order of their first put, whatever their names and ids."""
    for number in (3, 1, 2):
        resources.put_bucket(bucket(f"name {number}", f"bkt_{number}"))
    resources.put_bucket(bucket("name 3", "bkt_3", description="edited"))
    assert [b.bucket_id for b in resources.buckets()] == ["bkt_3", "bkt_1", "bkt_2"]


def test_namespaces_have_unique_names(resources: ResourceCatalog) -> None:
    """A namespace is found by id and by name; one that is named alike is refused."""
    assert resources.namespace("ns_one") == resources.namespace("one")
    assert [n.namespace_id for n in resources.namespaces()] == ["ns_one", "ns_two"]
    assert resources.namespace("none") is None
    with pytest.raises(NameConflict):
        resources.put_namespace(Namespace("ns_three", "ONE"))


def test_keys_are_found_by_hash(resources: ResourceCatalog) -> None:
    """A key comes back by its hash only, with the namespaces it may see."""
    key = resources.put_key(ApiKey("key_1", "hash", "sk_abcd", ("ns_one",)))
    assert resources.key_by_hash("hash") == key
    assert key.namespaces == ("ns_one",)
    assert resources.key_by_hash("key_1") is None


def test_keys_are_found_by_id(resources: ResourceCatalog) -> None:
    """The record of a key comes back by its id, so that what was signed for it can be checked."""
    key = resources.put_key(ApiKey("key_1", "hash", "sk_abcd"))
    assert resources.key("key_1") == key
    assert resources.key("hash") is None


def test_generations_keep_their_code_apart(resources: ResourceCatalog) -> None:
    """The code that committed last is state: it survives a new definition and does not raise the revision."""
    first = resources.put_generation(generation())
    second = resources.put_generation(generation("gen_two", 2))
    revision = resources.revision()
    resources.set_generation_code(GENERATION, "code")
    assert resources.revision() == revision
    assert resources.generation(GENERATION) == replace(first, code_fp="code")
    assert resources.put_generation(generation()) == replace(first, code_fp="code")
    assert [g.generation_id for g in resources.generations(COLLECTION)] == [GENERATION, second.generation_id]
    assert resources.generation("none") is None


def test_a_number_names_one_generation(resources: ResourceCatalog) -> None:
    """Two generations of a collection never share a number, so two fillers cannot think they are the same."""
    resources.put_generation(generation())
    with pytest.raises(Conflict) as raised:
        resources.put_generation(generation("gen_other", 1))
    assert GENERATION in str(raised.value)


def test_the_active_generation_moves_by_compare_and_swap(resources: ResourceCatalog) -> None:
    """Only who knows the present pointer can move it; a put does not move it back."""
    resources.put_collection(collection(active_generation="gen_one"))
    revision = resources.revision()
    assert not resources.activate_generation(COLLECTION, expected="gen_zero", new="gen_two")
    assert not resources.activate_generation("col_none", expected="", new="gen_two")
    assert resources.revision() == revision
    assert resources.activate_generation(COLLECTION, expected="gen_one", new="gen_two")
    assert resources.revision() == revision + 1
    edited = resources.put_collection(collection(active_generation="gen_one", description="edited"))
    assert edited.active_generation == "gen_two"
    assert resources.collection(NAMESPACE, COLLECTION) == edited


def test_of_racing_swaps_one_wins(resources: ResourceCatalog) -> None:
    """Of eight threads that swap from the same pointer exactly one succeeds."""
    resources.put_collection(collection(active_generation="old"))
    barrier, won = threading.Barrier(8), []

    def swap(number: int) -> None:
        barrier.wait()
        if resources.activate_generation(COLLECTION, expected="old", new=f"gen_{number}"):
            won.append(f"gen_{number}")

    threads = [threading.Thread(target=swap, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = resources.collection(NAMESPACE, COLLECTION)
    assert found is not None
    assert won == [found.active_generation]


def test_of_racing_names_one_wins(resources: ResourceCatalog) -> None:
    """Of eight threads that create the same name exactly one succeeds, and each change is counted."""
    start, barrier, results = resources.revision(), threading.Barrier(8), []

    def create(number: int) -> None:
        barrier.wait()
        try:
            results.append(resources.put_bucket(bucket("same", f"bkt_{number}")).bucket_id)
        except NameConflict:
            results.append("conflict")

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("conflict") == 7
    assert [b.bucket_id for b in resources.buckets()] == [r for r in results if r != "conflict"]
    assert resources.revision() == start + 1


def test_a_deleted_collection_takes_its_state_along(catalog: Catalog, resources: ResourceCatalog) -> None:
    """Generations, outcomes, failures and history of a deleted collection are gone; other collections' stay."""
    resources.put_collection(collection())
    resources.put_generation(generation())
    for collection_id, generation_id in ((COLLECTION, GENERATION), ("col_two", "gen_two")):
        catalog.ledger.settle(
            generation_id,
            collection_id=collection_id,
            batch_id="b",
            done=[],
            outcomes=[outcome("item")],
            errors=[error("item")],
            versions={},
        )
        catalog.ledger.keep_reports({"b": TierReport(collection_id)}, run_id="r", code_fp="c")
    assert resources.delete_collection(COLLECTION)
    assert resources.generations(COLLECTION) == []
    assert catalog.ledger.outcomes(GENERATION).is_empty()
    assert catalog.ledger.failures(COLLECTION, open_only=False) == []
    assert catalog.ledger.history(COLLECTION) == []
    assert catalog.ledger.outcomes("gen_two").height == 1
    assert catalog.ledger.open_failure_count("col_two") == 1


def test_a_deleted_bucket_takes_its_objects_along(catalog: Catalog, resources: ResourceCatalog) -> None:
    """No object of a deleted bucket is live."""
    resources.put_bucket(bucket())
    catalog.objects.put([source_object(1), source_object(2, bucket_id="bkt_two")])
    assert resources.delete_bucket(BUCKET)
    assert catalog.objects.ids(BUCKET) == []
    assert catalog.objects.ids("bkt_two") == ["obj_000002"]

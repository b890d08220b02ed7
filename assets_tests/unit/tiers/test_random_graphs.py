"""Random graphs, random edits: what runs is what changed, and what is there is what a clean run would make."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets_tests.unit.tiers.lab import TierLab
from assets_tests.unit.tiers.toy_model import MODES, Toy, ToyModel
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.warehouse.warehouse import Warehouse

TEXTS = st.sampled_from(["a", "ab cd", "ab\ncd", "ab cd\nef", "ab xy\nef\nq", "long enough", "AB"])
Objects = dict[str, tuple[str, str]]


@st.composite
def graphs(draw: st.DrawFn) -> list[Toy]:
    """Up to five toys; each reads the bucket or some of the toys before it."""
    toys: list[Toy] = []
    for number in range(draw(st.integers(2, 5))):
        earlier = st.sets(st.integers(0, number - 1), min_size=1, max_size=2) if number else st.nothing()
        sources = draw(st.one_of(st.just(set()), earlier, earlier) if number else st.just(set()))
        toys.append(Toy(tuple(sorted(sources)), draw(st.sampled_from(MODES))))
    return toys


objects = st.dictionaries(st.sampled_from("abcd"), st.tuples(TEXTS, st.sampled_from(["t", "u"])), min_size=1)


def build(lab: TierLab, bucket: Bucket, toys: list[Toy], suffix: str) -> list[Collection]:
    made: list[Collection] = []
    for number, toy in enumerate(toys):
        sources = [made[source] for source in toy.sources] or [bucket]
        made.append(lab.collection(f"toy {number} {suffix}", sources, toy.mode))
    return made


def bring_to(lab: TierLab, bucket: Bucket, ids: dict[str, str], old: Objects, new: Objects) -> None:
    """The bucket with exactly the new objects."""
    for key in old.keys() - new.keys():
        lab.warehouse.objects.delete(bucket, ids[key])
    for key, (text, title) in new.items():
        ids[key] = lab.put(bucket, key, text, title=title)


OPTIONS = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


@given(toys=graphs(), states=st.lists(objects, min_size=2, max_size=3))
@settings(max_examples=4, **OPTIONS)
def test_incremental_runs_end_where_a_clean_run_does(
    opened: tuple[Warehouse, Path], lab: TierLab, toys: list[Toy], states: list[Objects]
) -> None:
    """After each edit every toy extracts exactly the items whose text is new or changed, and has the documents that
    the model has; in the end they are those of collections that ran once."""
    follow(opened, lab, toys, states)


@pytest.mark.slow
@given(toys=graphs(), states=st.lists(objects, min_size=2, max_size=5))
@settings(max_examples=25, **OPTIONS)
def test_long_histories_end_where_a_clean_run_does(
    opened: tuple[Warehouse, Path], lab: TierLab, toys: list[Toy], states: list[Objects]
) -> None:
    """The same over more graphs and more edits."""
    follow(opened, lab, toys, states)


def follow(opened: tuple[Warehouse, Path], lab: TierLab, toys: list[Toy], states: list[Objects]) -> None:
    """One graph through its history, compared with the model at every step."""
    lab = TierLab(opened[0], lab.packages, opened[0].ensure_namespace(random_id("graph")))
    bucket = lab.bucket("texts")
    collections = build(lab, bucket, toys, "incremental")
    model, ids, old = ToyModel(toys), dict[str, str](), Objects()
    for state in states:
        bring_to(lab, bucket, ids, old, state)
        old = state
        for collection, (extracted, documents) in zip(collections, model.run(state), strict=True):
            report = lab.warehouse.materialize(collection.collection_id, None, run_id="run")[""].check()
            assert report.submitted == extracted
            assert Counter((row["text"], row["title"]) for row in lab.rows(collection)) == Counter(
                (document.text, document.title) for document in documents
            )
    clean = build(lab, bucket, toys, "clean")
    for collection, once in zip(collections, clean, strict=True):
        lab.warehouse.materialize(once.collection_id, None, run_id="run")
        assert lab.contents(collection) == lab.contents(once)
        assert lab.warehouse.plan(collection.collection_id).plan.reasons().keys() <= {"known_empty"}

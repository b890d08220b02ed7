"""Identifiers: stable where something identifies a thing, so that running twice writes the same ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_orchestration.core import identity


def test_golden_values() -> None:
    """These ids are in people's tables: changing how they are made re-extracts everything and breaks links."""
    assert identity.object_id("bkt_1", "docs/a.txt") == "obj_6ae104cc4952b07fe186125f"
    assert identity.document_id("col_1", "obj_1", 0) == "doc_44a344e962f1196a7c3bb096"
    assert identity.document_id("col_1", "obj_1", 1) == "doc_351151b86b6e52d770e22ab6"
    assert identity.digest("a", "b") == "3c9d591045bc8876f9d0399bbfb05c6a412096e906f73278f98406cd5dca86df"
    assert (
        identity.content_hash(b"hello") == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    )


@given(st.lists(st.text()), st.lists(st.text()))
def test_a_digest_tells_parts_apart(left: list[str], right: list[str]) -> None:
    """Two lists of parts have one digest only when they are equal: `ab, c` is not `a, bc`."""
    assert (identity.digest(*left) == identity.digest(*right)) == (left == right)


@given(
    st.lists(st.text(), max_size=5).flatmap(lambda parts: st.tuples(st.just(parts), st.permutations(parts)))
)
def test_joined_has_no_order(pair: tuple[list[str], list[str]]) -> None:
    """A set of strings has one digest in whatever order it comes."""
    assert identity.joined(pair[0]) == identity.joined(pair[1])


def test_ids_depend_on_every_part() -> None:
    """Another bucket, key, collection, item or position is another id."""
    objects = {identity.object_id(bucket, key) for bucket in ("b1", "b2") for key in ("k1", "k2")}
    documents = {
        identity.document_id(collection, item, position)
        for collection in ("c1", "c2")
        for item in ("i1", "i2")
        for position in (0, 1)
    }
    assert (len(objects), len(documents)) == (4, 8)


def test_random_ids_have_their_prefix_and_differ() -> None:
    """A thing that nothing identifies gets a fresh id."""
    first, second = identity.random_id("bkt"), identity.random_id("bkt")
    assert first.startswith("bkt_")
    assert len(first) == len("bkt_") + identity.ID_LENGTH
    assert first != second


@pytest.mark.parametrize(
    "name", ["Müller-Daten", "muller daten", "MULLER_DATEN", " müller  daten! ", "muller__daten"]
)
def test_names_that_look_alike_fold_together(name: str) -> None:
    """Case, accents and separators do not make another name."""
    assert identity.folded(name) == "muller_daten"


@pytest.mark.parametrize(
    ("one", "other"), [("a1", "a_1"), ("数据", "資料"), ("!!!", "???"), ("daten", "daten2")]
)
def test_names_that_differ_stay_apart(one: str, other: str) -> None:
    """Names that differ in letters or digits, or have none at all, do not collide."""
    assert identity.folded(one) != identity.folded(other)


@given(st.text(min_size=1))
def test_folding_twice_changes_nothing(name: str) -> None:
    """A fold is its own fold, so that stored folds can be compared."""
    once = identity.folded(name)
    assert once
    assert identity.folded(once) == once


def test_slugs_have_only_what_every_vendor_takes() -> None:
    """Anything but ASCII letters, digits and `_` becomes `_`."""
    assert identity.resource_slug("bkt_1-ä.b") == "bkt_1__.b".replace(".", "_")

"""Lineages as SVG and as text: golden files, and what hostile names cannot do."""

from __future__ import annotations

import os
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from assets_tests.unit.pictures.examples import HOSTILE, many, three_tiers
from mixpeek_orchestration.core.display import fitted, shown, width
from mixpeek_orchestration.core.lineage.graph import LineageGraph, Node
from mixpeek_orchestration.core.lineage.picture import lineage_svg
from mixpeek_orchestration.core.lineage.text import lineage_text

GOLDEN = Path(__file__).parent / "golden"
SVG = "{http://www.w3.org/2000/svg}"


def check_golden(name: str, text: str) -> None:
    """The file says the same; with MIXPEEK_GOLDEN set it is written anew, to be reviewed."""
    if os.environ.get("MIXPEEK_GOLDEN"):
        (GOLDEN / name).write_text(text, encoding="utf-8")
    assert text == (GOLDEN / name).read_text(encoding="utf-8")


def test_the_picture_is_the_reviewed_one() -> None:
    """The same lineage always gives the same bytes, which were looked at."""
    check_golden("three_tiers.svg", lineage_svg(three_tiers(), title="Lineage of default"))


def test_the_text_is_the_reviewed_one() -> None:
    """A tree in which every resource is told once, with its numbers, and what it reads besides."""
    check_golden("three_tiers.txt", "\n".join(lineage_text(three_tiers())) + "\n")


def test_every_resource_and_every_edge_is_drawn() -> None:
    """A card per resource and a line per edge, in columns from buckets to what is searched."""
    graph = three_tiers()
    picture = ET.fromstring(lineage_svg(graph, title="t"))
    assert len(picture.findall(f"{SVG}g")) == len(graph.nodes)
    assert len(picture.findall(f"{SVG}path[@class='edge']")) == len(graph.edges) == 10
    headings = [text.text for text in picture.findall(f"{SVG}text[@class='heading']")]
    assert headings == ["Buckets", "Tier 0", "Tier 1", "Tier 2", "Endpoints and retrievers"]


def test_hostile_names_are_only_text() -> None:
    """A name with markup, terminal codes and marks that turn text is shown harmlessly, in a picture and in a terminal."""
    graph = LineageGraph.of([Node("b", "bucket", HOSTILE, count=1, problem=HOSTILE)], [])
    picture = lineage_svg(graph, title=HOSTILE, link=lambda _: '/x?"><script>')
    elements = {element.tag.removeprefix(SVG) for element in ET.fromstring(picture).iter()}
    assert elements == {"svg", "title", "style", "rect", "text", "a", "g"}
    for text in (picture, *lineage_text(graph)):
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_a_picture_loads_nothing_and_runs_nothing() -> None:
    """No script, no address of anything outside, colours for light and dark pages."""
    picture = lineage_svg(three_tiers(), title="t")
    assert picture.count("http") == 1  # the name of the SVG namespace
    assert "<script" not in picture
    assert "prefers-color-scheme:dark" in picture


def test_links_are_where_they_were_asked_for() -> None:
    """A card with an address can be clicked; one without cannot."""
    picture = ET.fromstring(
        lineage_svg(three_tiers(), title="t", link=lambda n: "/b" if n.kind == "bucket" else "")
    )
    assert [link.get("href") for link in picture.findall(f"{SVG}a")] == ["/b", "/b"]


def test_two_hundred_resources_are_drawn_at_once() -> None:
    """A large lineage has every card inside the picture, and takes no time that anyone would notice."""
    graph = many()
    began = time.process_time()
    picture = ET.fromstring(lineage_svg(graph, title="t"))
    assert time.process_time() - began < 1.0
    height = float(picture.get("height", "0"))
    tops = [float(g.get("transform", "").split()[1].rstrip(")")) for g in picture.iter(f"{SVG}g")]
    assert len(tops) == 200
    assert min(tops) > 0
    assert max(tops) < height


def test_an_empty_lineage_says_so() -> None:
    """Before anything was declared there is a picture that says it."""
    assert "Nothing was declared" in lineage_svg(LineageGraph.of([], []), title="t")
    assert lineage_text(LineageGraph.of([], [])) == []


def test_the_neighbourhood_of_a_collection() -> None:
    """Around a collection are all that leads to it and all that comes of it, and nothing beside."""
    names = {node.name for node in three_tiers().around("c3").nodes}
    assert names == {"field-notes", "passages", "keywords", "keyword-vectors", "text_extractor v1", "find"}


@pytest.mark.parametrize(("text", "cells"), [("a" * 40, 10), ("日本語日本語日本語", 10), ("kurz", 10)])
def test_long_names_are_cut_by_what_is_seen(text: str, cells: int) -> None:
    """Cut text takes no more room than there is, counted in cells; what fits stays as it is."""
    cut = fitted(text, cells)
    assert width(cut) <= cells
    assert (cut == text) == (width(text) <= cells)
    assert shown("a\tb\u2028c") == "a\ufffdb\ufffdc"

"""The conformance kit: a package judged by every property, one check each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from mixpeek_orchestration.core.errors import MixpeekError
from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.testing.generated import generated, makes
from mixpeek_orchestration.extractors.testing.lab import Bench, Lab
from mixpeek_orchestration.extractors.testing.properties import PROPERTIES, Property
from mixpeek_orchestration.extractors.testing.report import Check, judged
from mixpeek_orchestration.extractors.testing.samples import Sample, SampleItem

_TEXTS: Final = 12
_FILES: Final = 4


def conformance_checks(
    bench: Bench,
    sample: Sample,
    *,
    begins: Callable[[str], object] = lambda name: None,
    found: Callable[[Check], object] = lambda check: None,
) -> dict[str, Any]:
    """Judges the package by every property, telling `found` of each check; returns what a row cost."""
    lab = Lab(bench, conformance_items(sample))
    for one in PROPERTIES:
        begins(one.name)
        found(judge(one, lab))
    return _cost(lab)


def judge(one: Property, lab: Lab) -> Check:
    """The check of one property. A pipeline that fails for no row in particular fails it."""
    name = f"conformance: {one.name}"
    try:
        because = one.applies(lab)
        if because:
            return judged(name, f"says nothing here, because {because}")
        return judged(name, one.proves, one.findings(lab))
    except MixpeekError as error:
        finding = Finding("pipeline.py", 0, one.rule, error.message, error.fix or one.fix)
        return judged(name, one.proves, [finding])


def conformance_items(sample: Sample) -> tuple[SampleItem, ...]:
    """Different objects, the smallest first: those of the sample, and generated ones of its types where these are few."""
    models = {part.blob_type: item for item in reversed(sample.items) for part in item.parts}
    many = {kind: _TEXTS if kind == "text" else _FILES for kind in models}
    extra = [
        _alike(item, kind, model)
        for kind, model in models.items()
        if len(sample.items) < many[kind] and makes(kind)
        for item in generated(kind, many[kind])
    ]
    given = sample.items[: max(many.values())]
    different = {tuple(part.content for part in item.parts): item for item in reversed([*given, *extra])}
    return tuple(sorted(different.values(), key=_size))


def _alike(item: SampleItem, kind: str, model: SampleItem) -> SampleItem:
    """The generated item as one of the sample's: the property that its type has there, the same fields beside it."""
    name = next(part.blob_property for part in model.parts if part.blob_type == kind)
    parts = tuple(replace(part, blob_property=name) for part in item.parts)
    return SampleItem(f"generated {item.name}", parts, model.fields)


def _size(item: SampleItem) -> int:
    return sum(len(part.content) for part in item.parts)


def _cost(lab: Lab) -> dict[str, Any]:
    """Measured, and never judged: it depends on the machine."""
    live, _ = lab.again
    warm = live.run(lab.items)
    return {
        "objects": len(lab.items),
        "ms_per_object": round(1000 * warm.wall_s / len(lab.items), 3),
        "ms_per_object_with_start": round(1000 * lab.first.wall_s / len(lab.items), 3),
        "peak_rss_mb": round(warm.peak_rss_bytes / 1e6, 1),
    }

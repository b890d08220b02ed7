"""Checks of the manifest's features: keys, dimension, distance, names."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from mixpeek_orchestration.core.document import is_reserved
from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.features import DISTANCES, MEANT_KEYS, REQUIRED_KEYS
from mixpeek_orchestration.extractors.lint.contract import DIMENSIONS
from mixpeek_orchestration.extractors.lint.declared import Declaration
from mixpeek_orchestration.extractors.lint.findings import finding, shown
from mixpeek_orchestration.extractors.lint.literals import UNKNOWN, Unknown, is_plain
from mixpeek_orchestration.extractors.lint.package import MANIFEST, LintedPackage

Feature = Mapping[Any, Any]


def feature_findings(package: LintedPackage, declared: Declaration) -> Iterator[Finding]:
    """What is wrong with the features that the manifest declares."""
    features = declared.get("features")
    if isinstance(features, str | int | float | dict) and not isinstance(features, bool):
        yield _found(
            "FEA008", declared, f"`features` is {shown(features)}, not a list.", "Write features = [{…}]."
        )
    if not isinstance(features, list):
        return
    lines = _entry_lines(package, declared)
    for index, feature in enumerate(features):
        line = lines[index] if index < len(lines) else declared.line("features")
        yield from _one(feature, f"features[{index}]", line)
    yield from _together(features, lines, declared)
    vectors = [one for one in features if not _is_other(one)]
    if declared.get("inference_type") == "embedding" and not vectors and declared.complete:
        fix = "Add a feature with feature_type, feature_name, embedding_dim and distance_metric."
        yield _found("FEA009", declared, "The inference type is embedding and no feature is.", fix)
    yield from _dimension_of_model(package, features)


def vector_features(declared: Declaration) -> list[tuple[str, int]] | None:
    """Name and line of each vector feature; `None` where the source does not show them all."""
    features = declared.get("features")
    if not isinstance(features, list):
        return None
    names = [one.get("feature_name") for one in features if isinstance(one, dict) and not _is_other(one)]
    if not all(isinstance(one, dict) for one in features) or not all(isinstance(n, str) for n in names):
        return None
    return [(str(name), declared.line("features")) for name in names]


def _one(feature: Any, where: str, line: int) -> Iterator[Finding]:
    if isinstance(feature, Unknown):
        return
    if not isinstance(feature, dict):
        if isinstance(feature, str | int | float | list):
            fix = "Write a dict, or Feature.embedding(…)."
            yield finding("FEA008", MANIFEST, line, f"{where} is {shown(feature)}, not a feature.", fix)
        return
    kind = feature.get("feature_type")
    for wrong, meant in MEANT_KEYS.items():
        if wrong in feature and meant not in feature:
            message = f"{where} has `{wrong}` where the key is `{meant}`."
            yield finding("FEA001", MANIFEST, line, message, f"Rename `{wrong}` to `{meant}`.")
    required = REQUIRED_KEYS.get(str(kind), REQUIRED_KEYS["embedding"])
    for key in required:
        if feature.get(key) is None and not any(MEANT_KEYS.get(had) == key for had in feature):
            fix = f"A feature has the keys {', '.join(required)}."
            yield finding("FEA002", MANIFEST, line, f"{where} has no `{key}`.", fix)
    if isinstance(kind, str) and kind not in REQUIRED_KEYS:
        fix = f"Write {' or '.join(map(repr, REQUIRED_KEYS))}."
        yield finding("FEA003", MANIFEST, line, f"{where}.feature_type is {shown(kind)}.", fix)
    yield from _values(feature, where, line)


def _values(feature: Feature, where: str, line: int) -> Iterator[Finding]:
    dimension = feature.get("embedding_dim")
    if is_plain(dimension) and (
        not isinstance(dimension, int) or isinstance(dimension, bool) or dimension < 1
    ):
        message = f"{where}.embedding_dim is {shown(dimension)}, not a positive whole number."
        yield finding(
            "FEA004", MANIFEST, line, message, "Give the length of the vector that the model returns."
        )
    distance = feature.get("distance_metric")
    if isinstance(distance, str | int | list) and str(distance).lower() not in DISTANCES:
        message = f"{where}.distance_metric is {shown(distance)}."
        yield finding("FEA005", MANIFEST, line, message, "Write cosine, euclid or dot.")
    name = feature.get("feature_name")
    if not is_plain(name):
        return
    if not isinstance(name, str) or not name.isidentifier() or is_reserved(name):
        message = f"{where}.feature_name is {shown(name)}, which cannot name a column."
        fix = "Write letters, digits and `_`, not starting with `_`."
        yield finding("FEA007", MANIFEST, line, message, fix)


def _together(features: list[Any], lines: list[int], declared: Declaration) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, feature in enumerate(features):
        name = feature.get("feature_name") if isinstance(feature, dict) else None
        if isinstance(name, str) and name in seen:
            line = lines[index] if index < len(lines) else declared.line("features")
            yield finding(
                "FEA006", MANIFEST, line, f"Two features are named {name!r}.", "Name each differently."
            )
        seen |= {name} if isinstance(name, str) else set()


def _dimension_of_model(package: LintedPackage, features: list[Any]) -> Iterator[Finding]:
    """Where one vector is declared and one well-known model named, their lengths agree."""
    declared = [
        one.get("embedding_dim", UNKNOWN) for one in features if isinstance(one, dict) and not _is_other(one)
    ]
    if len(declared) != 1 or not isinstance(declared[0], int):
        return
    named: dict[str, tuple[str, ast.AST]] = {}
    for file, tree in package.trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                model = node.value.rpartition("/")[2]
                if model in DIMENSIONS:
                    named.setdefault(model, (file, node))
    if len(named) != 1:
        return
    (model, (file, node)) = next(iter(named.items()))
    if DIMENSIONS[model] != declared[0]:
        message = f"{model} gives {DIMENSIONS[model]} numbers, and the feature declares {declared[0]}."
        yield finding("FEA010", file, node, message, f"Declare embedding_dim {DIMENSIONS[model]}.")


def _is_other(feature: Any) -> bool:
    return isinstance(feature, dict) and feature.get("feature_type") == "classification"


def _entry_lines(package: LintedPackage, declared: Declaration) -> list[int]:
    """The lines of the list's entries, where the manifest writes the list out."""
    tree = package.trees[MANIFEST]
    line = declared.line("features")
    lists = [
        node for node in ast.walk(tree) if isinstance(node, ast.List) and node.lineno == line and node.elts
    ]
    return [element.lineno for element in lists[0].elts] if lists else []


def _found(rule: str, declared: Declaration, message: str, fix: str) -> Finding:
    return finding(rule, MANIFEST, declared.line("features"), message, fix)

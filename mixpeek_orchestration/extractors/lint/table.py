"""The rule table: every rule of lint by id, in the order of the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mixpeek_orchestration.extractors.lint.rule import Rule
from mixpeek_orchestration.extractors.lint.rules import (
    batch,
    columns,
    features,
    imports,
    manifest,
    package,
    pipeline,
    realtime,
    security,
)

RULES: Final[Mapping[str, Rule]] = {
    rule.id: rule
    for rules in (package, manifest, features, pipeline, columns, batch, realtime, imports, security)
    for rule in rules.RULES
}

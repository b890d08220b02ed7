"""What came out of a run, compared with the manifest: pure, over what the engine's runners hand over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.failure import ItemError
from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.core.ports.extraction import Extracted
from mixpeek_orchestration.extractors.testing import rules

if TYPE_CHECKING:
    from mixpeek_orchestration.extractors.testing.samples import Sample

_FIX_BEGINS = re.compile(r"(?<=\.) (?=[A-Z])")
_SHOWN = 20


def output_findings(
    description: ExtractorDescription, sample: Sample, results: Sequence[Extracted]
) -> list[Finding]:
    """Everything that the run of `sample` says against the package, the most telling first."""
    errors = [error for result in results for error in result.errors]
    empty = {item: reason for result in results for item, reason in result.empty.items()}
    found = [row_finding(error) for error in errors]
    found += _lost(sample, empty)
    columns = {name for result in results for name in result.rows.column_names}
    if any(result.rows.num_rows for result in results):
        found += _fields(description, columns)
    elif not errors:
        found.insert(0, rules.NOTHING_WRITTEN.finding("No document came out of the sample."))
    return _merged(found)


def row_finding(error: ItemError) -> Finding:
    """The error of one row as a finding: the engine's own words, under the rule that they break."""
    rule = rules.rule_of(error.error_class, error.message)
    problem, *fix = _FIX_BEGINS.split(error.message, maxsplit=1)
    if rule is rules.ROW_FAILED:
        problem, fix = f"{error.error_class} in {error.step}: {error.message}", []
    return rule.finding(f"{_row(error)}: {problem}", fix=fix[0] if fix else "")


def _row(error: ItemError) -> str:
    return error.item if error.row <= 0 else f"{error.item}, part {error.row}"


def _lost(sample: Sample, empty: Mapping[str, str]) -> list[Finding]:
    with_content = {item.name for item in sample.items if item.has_content}
    found = []
    for item, reason in empty.items():
        if item not in with_content:
            continue
        rule = rules.NOTHING_APPLIED if reason.startswith("No step") else rules.ROW_LOST
        found.append(rule.finding(f"{item}: {reason}"))
    return found


def _fields(description: ExtractorDescription, columns: set[str]) -> list[Finding]:
    """Declared fields that nobody wrote, and written ones that nobody declared."""
    vectors = {name for v in description.vectors for name in (v.column, v.feature, f"{v.feature}_embedding")}
    written = {name for name in columns if not name.startswith("_")} - vectors
    optional = _optional(description)
    missing = [
        rules.NOT_WRITTEN.finding(f"No step wrote the declared field {name!r}.", file="manifest.py")
        for name in description.output_fields
        if name not in written and name not in vectors and name not in optional
    ]
    allowed = {*description.output_fields, "mime_type"}
    undeclared = [
        rules.NOT_DECLARED.finding(f"The column {name!r} is not in the output schema.", file="manifest.py")
        for name in sorted(written - allowed)
        if description.output_fields
    ]
    return missing + undeclared


def _optional(description: ExtractorDescription) -> set[str]:
    required = description.output_schema.get("required")
    return set() if required is None else set(description.output_fields) - set(required)


def _merged(found: Sequence[Finding]) -> list[Finding]:
    """The findings in order, at most so many of one rule: a hundred rows that fail alike are one problem."""
    kept: list[Finding] = []
    for finding in found:
        same = [one for one in kept if one.rule == finding.rule]
        if finding not in kept and len(same) < _SHOWN:
            kept.append(finding)
    return kept

"""What the commands print for people: findings, versions, states and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import typer

_COLORS = {"error": "red", "warning": "yellow", "note": "blue"}


def finding_line(finding: Mapping[str, Any]) -> str:
    """A finding as compilers print theirs, its severity coloured (colours are dropped outside a terminal)."""
    severity = str(finding.get("severity", "error"))
    shown = typer.style(severity, fg=_COLORS.get(severity))
    place = f"{finding.get('file', '')}:{finding.get('line', 0)}"
    fix = f" {finding['fix']}" if finding.get("fix") else ""
    return f"{place}: {shown} {finding.get('rule', '')} {finding.get('message', '')}{fix}"


def state_lines(state: Mapping[str, Any]) -> list[str]:
    """How far a deployment is, and why it failed where it did."""
    lines = [f"{state['plugin_id']}: {state['status']}" + (" (active)" if state.get("active") else "")]
    if state.get("deployment_type") == "batch_only":
        lines.append("  for batches only")
    if state.get("error"):
        lines.append(f"  why: {state['error']}")
    if state.get("endpoint"):
        lines.append(f"  answers at {state['endpoint']}")
    if state.get("used_by"):
        lines.append(f"  used by {', '.join(state['used_by'])}")
    return lines


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows under a header, in columns as wide as they need."""
    every = [tuple(header), *map(tuple, rows)]
    widths = [max(len(row[column]) for row in every) for column in range(len(header))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in every
    ]

"""The reference of all rules, written from the rule table: `python -m mixpeek_orchestration.extractors.lint.documentation`
prints what belongs in docs/reference/lint.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mixpeek_orchestration.extractors.lint.rule import Category, Rule
from mixpeek_orchestration.extractors.lint.security import DISCLAIMER
from mixpeek_orchestration.extractors.lint.table import RULES

_INTRODUCTION: Final = """# Lint

`mixpeek plugin lint [FOLDER]` reads the source of an extractor package and says what would fail, silently or not. It
runs nothing of the package, needs no key, server or network, and answers in well under a second.

- Exit code 0: no errors (there may be warnings). 1: errors; with `--strict`, warnings too. 2: wrong usage.
- `--json` prints the findings as one JSON document. `--rules` lists the rules.
- `--select` and `--ignore` take rule ids (`FEA001`), their letters (`FEA`) or categories (`security`).
- `# mixpeek: ignore[RULE]` at the end of a line takes that rule off it. Security rules cannot be taken off.
- Where only a run could tell (a column name that is computed, a base class from a library), lint says nothing.
- Files in `tests/` and hidden files are not part of the package and are not read.

The same check runs when a version is confirmed: errors stop it, warnings come back with the answer.
"""


def reference() -> str:
    """The whole reference as Markdown."""
    parts = [_INTRODUCTION]
    for category in Category:
        parts += [f"## {category.value.capitalize()}\n"]
        parts += [f"{DISCLAIMER}\n"] if category is Category.SECURITY else []
        rules = [rule for rule in RULES.values() if rule.category is category]
        parts += ["\n".join(_table(rules))]
        parts += ["\n".join(_section(rule)) for rule in rules]
    return "\n".join(parts)


def as_dicts() -> list[Mapping[str, Any]]:
    """The rules as JSON shows them."""
    return [
        {
            "id": rule.id,
            "category": rule.category.value,
            "severity": rule.severity.value,
            "title": rule.title,
            "why": rule.why,
            "file": rule.file,
            "bad": rule.bad,
            "good": rule.good,
        }
        for rule in RULES.values()
    ]


def _table(rules: list[Rule]) -> Iterator[str]:
    yield "| rule | severity | what it finds |"
    yield "|---|---|---|"
    for rule in rules:
        yield f"| [{rule.id}](#{rule.id.lower()}) | {rule.severity} | {rule.title} |"
    yield ""


def _section(rule: Rule) -> Iterator[str]:
    yield f"### {rule.id}\n"
    yield f"**{rule.title}** ({rule.severity}). {rule.why}\n"
    yield from _example("Reported", rule.file, rule.bad)
    yield from _example("Fine", rule.file, rule.good)


def _example(what: str, file: str, code: str | None) -> Iterator[str]:
    if not code or not code.strip():
        yield f"{what}: a package {'without' if code is None else 'with'} `{file}`.\n"
        return
    yield f"{what}, in `{file}`:"
    yield f"```python\n{_shortened(code)}\n```\n"


def _shortened(code: str) -> str:
    return "\n".join(
        line if len(line) <= 120 else f"{line[:117]}..." for line in code.strip("\n").splitlines()
    )


if __name__ == "__main__":
    print(reference(), end="")

"""Which rules a person wants to hear of: by id, by family (`SEQ`) or by category (`security`)."""

from __future__ import annotations

from collections.abc import Iterable

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.extractors.lint.table import RULES


def chosen_rules(select: Iterable[str], ignore: Iterable[str]) -> frozenset[str]:
    """The ids of the rules in `select` (all where it is empty) that are not in `ignore`."""
    return (rules_named(select) or frozenset(RULES)) - rules_named(ignore)


def rules_named(names: Iterable[str]) -> frozenset[str]:
    """The ids of the rules that the names stand for; raises `InvalidInput` for a name that stands for none."""
    chosen: set[str] = set()
    for name in (part.strip() for text in names for part in text.split(",")):
        found = {
            rule.id
            for rule in RULES.values()
            if name and (rule.id.startswith(name.upper()) or rule.category == name.lower())
        }
        if not found:
            raise InvalidInput(
                f"{name!r} names no rule of lint.",
                field="rule",
                value=name,
                fix="Give an id (FEA001), its letters (FEA) or a category (security); --rules lists them.",
            )
        chosen |= found
    return frozenset(chosen)

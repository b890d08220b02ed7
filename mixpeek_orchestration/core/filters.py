"""The contract's filters: conditions over fields, combined with AND, OR and NOT.

`{"AND": [{"field": "rank", "operator": "gte", "value": 3}]}`, or in short `{"title": "A"}` for equality. `eq`, `ne`,
`in` and `nin` compare exactly; the text operators ignore case unless `case_sensitive` is true.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidInput

_DEEPEST: Final = 10
_LONGEST_PATTERN: Final = 500
_CONDITION: Final = frozenset({"field", "operator", "value"})
_GROUPS: Final = ("AND", "OR", "NOT")

Fields = Mapping[str, Any]
_Test = Callable[[Fields], bool]


@dataclass(frozen=True)
class Filter:
    """A filter that was read: which fields it looks at, and whether it holds for some."""

    fields: frozenset[str]
    holds: _Test


def read_filter(said: object, *, at: str = "filters") -> Filter:
    """The filter that is said; raises `InvalidInput` under the path of the part that is wrong."""
    looked_at: set[str] = set()
    test = _group(said, at, looked_at, depth=0)
    return Filter(frozenset(looked_at), test)


def value_at(fields: Fields, path: str) -> Any:
    """The value under a dotted path; `None` where there is none. A whole name with dots in it comes first."""
    if path in fields:
        return fields[path]
    value: Any = fields
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _group(said: object, at: str, looked_at: set[str], *, depth: int) -> _Test:
    if not isinstance(said, Mapping):
        raise _wrong("A filter is an object.", at, said, 'Write {"AND": [{"field": …, "value": …}]}.')
    if depth > _DEEPEST:
        raise _wrong(f"A filter is more than {_DEEPEST} levels deep.", at, None, "Flatten it.")
    if "field" in said:
        return _condition(said, at, looked_at)
    exact = said.get("case_sensitive") is True
    tests: list[_Test] = []
    for name, part in said.items():
        if name in _GROUPS:
            tests.append(_combined(name, part, f"{at}.{name}", looked_at, depth=depth, exact=exact))
        elif name != "case_sensitive":
            tests.append(_condition({"field": name, "value": part}, at, looked_at))
    return lambda fields: all(test(fields) for test in tests)


def _combined(name: str, parts: object, at: str, looked_at: set[str], *, depth: int, exact: bool) -> _Test:
    if not isinstance(parts, list):
        raise _wrong(f"{name} takes a list.", at, parts, "Write a list of conditions.")
    tests = [
        _group(_with_case(part, exact=exact), f"{at}.{index}", looked_at, depth=depth + 1)
        for index, part in enumerate(parts)
    ]
    if name == "OR":
        return lambda fields: any(test(fields) for test in tests)
    wanted = name == "AND"
    return lambda fields: all(test(fields) is wanted for test in tests)


def _with_case(part: object, *, exact: bool) -> object:
    """A part that inherits from the group around it whether case counts."""
    return {**part, "case_sensitive": True} if exact and isinstance(part, Mapping) else part


def _condition(said: Mapping[str, Any], at: str, looked_at: set[str]) -> _Test:
    unknown = set(said) - _CONDITION - {"case_sensitive"}
    if unknown:
        name = min(unknown)
        raise _wrong(
            "A condition has no such part.", f"{at}.{name}", said[name], "Use field, operator, value."
        )
    field, asked, value = said["field"], said.get("operator") or "eq", said.get("value")
    if not isinstance(field, str) or not field:
        raise _wrong("A condition names a field.", f"{at}.field", field, "Say which field.")
    if asked not in _OPERATORS:
        raise _wrong(
            f"The operator {asked!r} is not built here.",
            f"{at}.operator",
            asked,
            f"Use one of: {', '.join(_OPERATORS)}.",
        )
    looked_at.add(field)
    compare = _OPERATORS[asked](value, said.get("case_sensitive") is True, f"{at}.value")
    return lambda fields: compare(value_at(fields, field))


_Compare = Callable[[Any], bool]
_Build = Callable[[Any, bool, str], _Compare]


def _ordered(compare: Callable[[Any, Any], bool]) -> _Build:
    def build(value: Any, _: bool, at: str) -> _Compare:
        if not isinstance(value, int | float | str) or isinstance(value, bool):
            raise _wrong("Only numbers and texts have an order.", at, value, "Give a number or a text.")
        kinds: tuple[type, ...] = (str,) if isinstance(value, str) else (int, float)
        return lambda seen: (
            isinstance(seen, kinds) and not isinstance(seen, bool) and bool(compare(seen, value))
        )

    return build


def _equal(value: Any, _: bool, __: str) -> _Compare:
    """A list has a value when one of its elements is it."""
    return lambda seen: _same(seen, value) or (isinstance(seen, list) and any(_same(s, value) for s in seen))


def _same(seen: Any, value: Any) -> bool:
    return isinstance(seen, bool) is isinstance(value, bool) and bool(seen == value)


def _within(value: Any, exact: bool, at: str) -> _Compare:
    if not isinstance(value, list):
        raise _wrong("in and nin take a list.", at, value, "Give a list of values.")
    tests = [_equal(one, exact, at) for one in value]
    return lambda seen: any(test(seen) for test in tests)


def _negated(build: _Build) -> _Build:
    def negative(value: Any, exact: bool, at: str) -> _Compare:
        test = build(value, exact, at)
        return lambda seen: not test(seen)

    return negative


def _text(compare: Callable[[str, str], bool]) -> _Build:
    def build(value: Any, exact: bool, at: str) -> _Compare:
        if not isinstance(value, str):
            raise _wrong("This operator takes a text.", at, value, "Give a text.")
        wanted = value if exact else value.casefold()
        return lambda seen: any(compare(s if exact else s.casefold(), wanted) for s in _texts(seen))

    return build


def _regex(value: Any, exact: bool, at: str) -> _Compare:
    if not isinstance(value, str) or len(value) > _LONGEST_PATTERN:
        raise _wrong("regex takes a pattern.", at, value, f"Give up to {_LONGEST_PATTERN} characters.")
    try:
        pattern = re.compile(value, 0 if exact else re.IGNORECASE)
    except re.error as error:
        raise _wrong(f"The pattern cannot be read: {error}.", at, value, "Correct it.") from error
    return lambda seen: any(pattern.search(s) for s in _texts(seen))


def _texts(seen: Any) -> list[str]:
    return [s for s in (seen if isinstance(seen, list) else [seen]) if isinstance(s, str)]


def _null(value: Any, _: bool, __: str) -> _Compare:
    wanted = value is not False
    return lambda seen: (seen is None) is wanted


def _exists(value: Any, _: bool, __: str) -> _Compare:
    wanted = value is not False
    return lambda seen: (seen is not None) is wanted


def _contains(value: Any, exact: bool, at: str) -> _Compare:
    """A text contains a text, a list an element."""
    if not isinstance(value, str):
        return lambda seen: isinstance(seen, list) and any(_same(s, value) for s in seen)
    return _text(operator.contains)(value, exact, at)


_OPERATORS: Final[Mapping[str, _Build]] = {
    "eq": _equal,
    "ne": _negated(_equal),
    "gt": _ordered(operator.gt),
    "lt": _ordered(operator.lt),
    "gte": _ordered(operator.ge),
    "lte": _ordered(operator.le),
    "in": _within,
    "nin": _negated(_within),
    "contains": _contains,
    "starts_with": _text(str.startswith),
    "ends_with": _text(str.endswith),
    "regex": _regex,
    "exists": _exists,
    "is_null": _null,
    "text": _text(operator.contains),
    "phrase": _text(operator.contains),
}


def _wrong(message: str, at: str, value: object, fix: str) -> InvalidInput:
    return InvalidInput(message, field=at, value=value, fix=fix)

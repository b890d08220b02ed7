"""Calls a package's function with what its signature can take: the contract has had many signatures."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def bound(
    function: Callable[..., Any], values: Sequence[Any], options: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments and keywords for a call: `options` by name wherever there is a parameter of that name (or
    `**kwargs`), and `values` in order for the parameters that are left.

    A parameter without a default that nothing is left for stays open: the call says so itself.
    """
    parameters = list(inspect.signature(function).parameters.values())
    left = list(values)
    arguments: list[Any] = []
    named: dict[str, Any] = {}
    by_position = True
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            arguments += left if by_position else []
            left, by_position = [], False
        elif parameter.kind is parameter.VAR_KEYWORD:
            taken = {one.name for one in parameters}
            named |= {name: value for name, value in options.items() if name not in taken}
        elif parameter.name in options or left:
            value = options[parameter.name] if parameter.name in options else left.pop(0)
            if by_position and parameter.kind in _POSITIONAL:
                arguments.append(value)
            else:
                named[parameter.name] = value
        else:
            by_position = False
    return arguments, named

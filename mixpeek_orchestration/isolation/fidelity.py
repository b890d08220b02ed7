"""Calls that have no effect in a jail (see `syscalls.WITHOUT_EFFECT`) still say when a file is not there.

`Path.touch` makes a file only when setting its time fails, and to the filter a path is only an address.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, Final

_OF_PATHS: Final = ("utime", "chmod", "chown", "lchown")


def report_missing_files() -> None:
    """From now on these functions of `os` raise `FileNotFoundError` for a path that does not exist."""
    for name in _OF_PATHS:
        setattr(os, name, _checked(getattr(os, name)))


def _checked(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(path: Any, *arguments: Any, **options: Any) -> Any:
        if options.get("dir_fd") is None:
            os.stat(path)
        return function(path, *arguments, **options)

    return call

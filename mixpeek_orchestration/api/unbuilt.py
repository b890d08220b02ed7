"""Flags that the contract knows and that can only be off here yet."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from mixpeek_orchestration.core.validation import unsupported


def _refused_when_on(value: bool | None) -> bool | None:
    if value:
        raise unsupported("this", "leave it out")
    return value


Off = Annotated[
    bool | None, AfterValidator(_refused_when_on), Field(description="Known to the contract, not built yet.")
]

"""A package's code run with its platform around it: it may ask for services, and gives away no secret."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.at_work import working_on
from mixpeek_orchestration.core.ports.platform import Platform
from mixpeek_orchestration.extractors.container import running_platform, use_platform
from mixpeek_orchestration.extractors.secrecy import refuse_leaks, scrub_error, scrub_logs

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def guarded(platform: Platform | None) -> Iterator[None]:
    """Inside the block the platform is the current one; neither an error that leaves it nor what is logged in it
    names a secret."""
    if platform is None:
        yield
        return
    _clean_logs()
    with use_platform(platform):
        try:
            yield
        except BaseException as error:
            scrub_error(error, platform.secrets_in_use())
            raise


@cache
def _clean_logs() -> None:
    """Once per process: what a package logs while a step runs names no secret."""

    def in_use() -> Collection[str]:
        platform = running_platform()
        return () if platform is None else platform.secrets_in_use()

    scrub_logs(in_use)


def guarded_processor(
    process: Callable[[pd.DataFrame], pd.DataFrame], platform: Platform | None, *, name: str = "The step"
) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """`process`, run with the platform; raises `InvalidOutput` when what it returns contains a secret that was asked
    for, so that bisection costs exactly the rows that do."""
    if platform is None:
        return process

    def run(batch: pd.DataFrame) -> pd.DataFrame:
        with guarded(platform), working_on(_objects(batch)):
            result = process(batch)
        _refuse(result, platform, name)
        return result

    return run


def _objects(batch: pd.DataFrame) -> set[str]:
    """The root objects of a batch's rows."""
    return set(map(str, batch["object_id"])) if "object_id" in batch else set()


def guarded_answer(answer: Mapping[str, Any], platform: Platform | None, *, name: str) -> Mapping[str, Any]:
    """The answer of a realtime service; raises `InvalidOutput` when it contains a secret that was asked for."""
    if platform is not None:
        columns = {str(key): [key, value] for key, value in answer.items()}
        refuse_leaks(columns, platform.secrets_in_use(), by=name)
    return answer


def _refuse(result: Any, platform: Platform, name: str) -> None:
    secrets = platform.secrets_in_use()
    if secrets and hasattr(result, "columns"):
        columns = {str(column): result[column] for column in result.columns if _may_hold_text(result[column])}
        refuse_leaks(columns, secrets, by=name)


def _may_hold_text(column: Any) -> bool:
    return getattr(column.dtype, "kind", "O") not in "biufcmM"

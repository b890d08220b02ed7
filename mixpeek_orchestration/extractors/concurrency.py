"""Many calls of remote APIs at a time, from plain code and from inside a running event loop."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mixpeek_orchestration.core.errors import InvalidPackage


class ApiResults(list[Any]):
    """Results in the order of the items. What failed, and what was `None`, is `None`; `errors` has the exceptions by
    index, so that a `None` item and a failed one can be told apart."""

    def __init__(self, values: Sequence[Any], errors: dict[int, Exception]) -> None:
        super().__init__(values)
        self.errors = errors


def concurrent_api_calls(
    items: Sequence[Any], async_fn: Callable[[Any], Awaitable[Any]], max_concurrent: int = 10
) -> ApiResults:
    """`async_fn` of every item, at most `max_concurrent` at a time, each called once; a `None` item is not called.

    Raises `InvalidPackage` for what no item is to blame for.
    """
    if max_concurrent < 1:
        raise ValueError(f"max_concurrent is {max_concurrent}; it has to be at least 1.")
    listed = list(items)
    if not listed:
        return ApiResults([], {})
    with ThreadPoolExecutor(1, thread_name_prefix="concurrent_api_calls") as outside:
        # A thread of its own: the caller's may be running an event loop already, which cannot run a second one.
        context = contextvars.copy_context()
        work = outside.submit(context.run, _run, _all(listed, async_fn, max_concurrent), max_concurrent)
        return work.result()


def _run(work: Coroutine[Any, Any, ApiResults], threads: int) -> ApiResults:
    with asyncio.Runner() as runner:
        # The clients block a thread each; asyncio's own pool has six of them on two cores.
        runner.get_loop().set_default_executor(ThreadPoolExecutor(threads))
        return runner.run(work)


async def _all(
    items: Sequence[Any], async_fn: Callable[[Any], Awaitable[Any]], max_concurrent: int
) -> ApiResults:
    turn = asyncio.Semaphore(max_concurrent)
    errors: dict[int, Exception] = {}

    async def one(index: int, item: Any) -> Any:
        if item is None:
            return None
        async with turn:
            try:
                return await async_fn(item)
            except InvalidPackage:
                raise  # no item is to blame
            except Exception as error:  # noqa: BLE001 - one bad item must not cost the others; it is recorded
                errors[index] = error
                return None

    values = await asyncio.gather(*(one(index, item) for index, item in enumerate(items)))
    return ApiResults(values, dict(sorted(errors.items())))

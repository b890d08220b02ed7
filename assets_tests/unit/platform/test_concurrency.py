"""`concurrent_api_calls`: aligned, bounded, usable everywhere."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.extractors.concurrency import concurrent_api_calls
from mixpeek_orchestration.extractors.container import running_platform, use_platform


async def doubled(item: int) -> int:
    """Twice the item; some items are refused."""
    await asyncio.sleep(0)
    if item < 0:
        raise ValueError(f"no {item}")
    return 2 * item


def test_results_are_aligned_to_items() -> None:
    """Failed and `None` items are `None` in their place; the errors are kept by index."""
    results = concurrent_api_calls([1, -1, None, 3], doubled)
    assert results == [2, None, None, 6]
    assert {index: str(error) for index, error in results.errors.items()} == {1: "no -1"}


def test_nothing_gives_nothing() -> None:
    """No items, no loop, no thread."""
    assert concurrent_api_calls([], doubled) == []


def test_it_works_inside_a_running_loop() -> None:
    """A realtime service calls it from a coroutine."""

    async def infer() -> list[Any]:
        return concurrent_api_calls([1, 2], doubled)

    assert asyncio.run(infer()) == [2, 4]


def test_never_more_than_the_limit_at_a_time() -> None:
    """The limit is reached, and not passed."""
    now, most = 0, 0

    async def counted(_: int) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1

    concurrent_api_calls(range(20), counted, max_concurrent=4)
    assert most == 4


def test_blocking_clients_get_a_thread_each() -> None:
    """Calls that block a thread run side by side, as many as were asked for."""
    import threading

    barrier = threading.Barrier(12, timeout=30)

    async def waits(_: int) -> int:
        return await asyncio.to_thread(barrier.wait)

    assert len(set(concurrent_api_calls(range(12), waits, max_concurrent=12))) == 12


def test_the_platform_of_the_step_is_there() -> None:
    """Inside the calls the SDK finds the platform of the step that made them."""
    platform: Any = object()

    async def sees(_: int) -> bool:
        return running_platform() is platform

    with use_platform(platform):
        assert concurrent_api_calls([1, 2], sees) == [True, True]


def test_a_limit_of_none_is_refused() -> None:
    """Zero at a time would never end."""
    with pytest.raises(ValueError, match="at least 1"):
        concurrent_api_calls([1], doubled, max_concurrent=0)


def test_what_no_item_is_to_blame_for_is_raised() -> None:
    """A platform that is not there fails the call, because it would fail every item for the same reason."""

    async def without_platform(_item: int) -> int:
        raise InvalidPackage("There is no platform.")

    with pytest.raises(InvalidPackage, match="no platform"):
        concurrent_api_calls([1, 2], without_platform)

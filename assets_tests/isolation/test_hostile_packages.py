"""Hostile packages in batch, at query time and in validation: an attack costs its row or its request, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from assets_tests.isolation import attacks
from assets_tests.isolation.conftest import World
from assets_tests.isolation.hostile_package import hostile_package
from assets_tests.unit.engine.fakes import text_item
from mixpeek_orchestration.core.errors import InvalidPackage, WorkerDied
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.failure import ItemError
from mixpeek_orchestration.core.ports.extraction import ExtractionJob
from mixpeek_orchestration.engine.in_process import InProcessRunner
from mixpeek_orchestration.extractors.jailed.jailed import describe_jailed, jailed_steps
from mixpeek_orchestration.extractors.jailed.realtime import JailedRealtime, load_jailed_realtime
from mixpeek_orchestration.isolation.levels import Limits

LIMITS = Limits(call_s=5.0, start_s=60.0, resident_bytes=512 << 20, file_bytes=1 << 20, threads=32)
SURVIVED: Final = [*attacks.DENIED, *attacks.FAILING]
_LONGER: Final = ("leave", "loop", "memory_bomb", "forged_length", "pickle_instead_of_arrow")
DEADLY: Final = ["segfault", *(pytest.param(name, marks=pytest.mark.slow) for name in _LONGER)]
"""One of each kind of death: each costs several starts of a worker. `test_escapes` has all of them."""


@dataclass(frozen=True)
class Hostile:
    """The package, described once, and the world that it attacks."""

    path: Path
    world: World
    description: ExtractorDescription

    def extract(self, *texts: str) -> tuple[list[str], list[ItemError]]:
        """The items that came through, and the errors of the others."""
        job = ExtractionJob(self.description.recipe, self.description, "collection")
        runner = InProcessRunner(partial(jailed_steps, limits=LIMITS))
        results = list(runner.run(job, [text_item(f"i{place}", text) for place, text in enumerate(texts)]))
        through = [item for one in results for item in one.rows.column("_source_item").to_pylist()]
        return through, [error for one in results for error in one.errors]


@pytest.fixture(scope="module")
def hostile(world: World, tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    """A package whose parameters tell it where everything is."""
    folder = tmp_path_factory.mktemp("packages")
    path = hostile_package(folder)
    given = str(folder / "nothing")
    known = world.described(number=1, given=given, file_bytes=LIMITS.file_bytes)
    description = describe_jailed(
        path, {"world": known}, level="untrusted", model_cache=folder / "cache", limits=LIMITS
    )
    return Hostile(path, world, replace(description, object_store={"url": str(world.store)}))


@pytest.fixture(scope="module")
def service(hostile: Hostile) -> Iterator[JailedRealtime]:
    """The package's realtime half."""
    service = load_jailed_realtime(hostile.description.recipe, limits=LIMITS)
    yield service
    service.close()


def test_in_a_batch_every_attack_costs_its_row(hostile: Hostile) -> None:
    """All that the jail denies, in one job: every hostile row failed, every other came through, nothing got out."""
    texts = [text for name in SURVIVED for text in ("between", name)]
    through, errors = hostile.extract(*texts)
    assert [error.item for error in errors] == [f"i{place}" for place in range(1, len(texts), 2)]
    assert not [error for error in errors if "it got" in error.message]
    assert through == [f"i{place}" for place in range(0, len(texts), 2)]
    assert hostile.world.is_untouched()


@pytest.mark.parametrize("name", DEADLY)
def test_in_a_batch_a_row_that_ends_the_worker_costs_itself(hostile: Hostile, name: str) -> None:
    """One item failed, with its reason; its neighbours in the same batch have their rows."""
    through, errors = hostile.extract("before", name, "after")
    assert [(error.item, error.error_class) for error in errors] == [("i1", "WorkerDied")]
    assert through == ["i0", "i2"]
    assert hostile.world.is_untouched()


def _answers(hostile: Hostile, service: JailedRealtime, *texts: str) -> list[object]:
    """What becomes of these requests, all at once."""

    async def ask() -> list[object]:
        asked = [service.infer({"text": text}, hostile.description.parameters) for text in texts]
        return list(await asyncio.gather(*asked, return_exceptions=True))

    return asyncio.run(ask())


def test_at_query_time_every_attack_costs_its_request(hostile: Hostile, service: JailedRealtime) -> None:
    """All that the jail denies, at once: every hostile request failed, every other is answered, nothing got out."""
    texts = [text for name in SURVIVED for text in ("between", name)]
    answers = _answers(hostile, service, *texts)
    assert answers[::2] == [{"length": 7}] * len(SURVIVED)
    assert all(isinstance(answer, Exception) and "it got" not in str(answer) for answer in answers[1::2])
    assert hostile.world.is_untouched()


@pytest.mark.parametrize("name", DEADLY)
def test_a_request_that_ends_the_worker_costs_those_beside_it_nothing(
    hostile: Hostile, service: JailedRealtime, name: str
) -> None:
    """Three requests at once: the hostile one fails, the other two are answered, at the second attempt if need be."""
    first, attack, last = _answers(hostile, service, "a", name, "abc")
    assert (first, last) == ({"length": 1}, {"length": 3})
    assert isinstance(attack, WorkerDied)
    assert hostile.world.is_untouched()


@pytest.mark.parametrize(
    "name",
    [
        "read_secret",
        "segfault",
        *(pytest.param(one, marks=pytest.mark.slow) for one in ("loop", "leave", "quit_politely")),
    ],
)
def test_in_validation_an_attack_is_an_error_of_the_package(hostile: Hostile, name: str) -> None:
    """Whoever confirms an upload learns what happened when the package was built, and has no description of it."""
    parameters = {"world": hostile.description.parameters["world"], "at_import": name}
    with pytest.raises(InvalidPackage) as refused:
        describe_jailed(
            hostile.path,
            parameters,
            level="untrusted",
            model_cache=hostile.description.model_cache,
            limits=replace(LIMITS, start_s=3.0),
        )
    assert refused.value.fix
    assert hostile.world.is_untouched()


@pytest.mark.slow
def test_a_package_that_dies_at_every_row_ends_the_run(hostile: Hostile) -> None:
    """It is not restarted thousands of times: after some rows it is the package's fault, and the run says so."""
    with pytest.raises(InvalidPackage, match="at every row"):
        hostile.extract(*["leave"] * 40)

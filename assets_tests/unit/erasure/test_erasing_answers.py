"""Kept answers of models: an erasure takes those that may hold content of the object, and no others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from assets_tests.unit.platform.asking_package import push_weights, write_asking
from assets_tests.unit.platform.conftest import running_server, server
from assets_tests.unit.platform.llm_server import LLMServer, Reply
from assets_tests.unit.warehouse.lab import Lab
from mixpeek_orchestration.bootstrap import kept_answers, open_warehouse, prepare_home
from mixpeek_orchestration.core.at_work import objects_at_work, working_on
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.ports.platform import LLMAnswer
from mixpeek_orchestration.extractors.llm.cache import ResponseCache
from mixpeek_orchestration.extractors.recipe import build_steps
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.specs import BucketSpec

__all__ = ["running_server", "server"]

SECRET = "Xanthippe-7731"
ONE, TWO = random_id("obj"), random_id("obj")
ANSWER = LLMAnswer(SECRET, SECRET, "anthropic", "a model")


@pytest.fixture
def cache(tmp_path: Path) -> ResponseCache:
    return ResponseCache(tmp_path / "answers")


def keep(cache: ResponseCache, asked: str, *about: str) -> str:
    key = cache.key({"q": asked})
    cache.put(key, ANSWER, about=about)
    return key


def files(cache: ResponseCache) -> list[Path]:
    return [path for path in cache._folder.rglob("*") if path.is_file()]


def test_answers_of_others_stay(cache: ResponseCache) -> None:
    """Answers that were given while the object was worked on go, with what named it; others are still used."""
    keep(cache, "about one", ONE)
    keep(cache, "about both", ONE, TWO)
    other = keep(cache, "about two", TWO)
    assert (cache.count(of=ONE), cache.count(of=TWO), cache.count()) == (2, 2, 3)
    assert cache.prune(of=ONE) == 2
    assert (cache.count(of=ONE), cache.count()) == (0, 1)
    assert cache.get(other, about=[TWO]) is not None
    assert not any(ONE in path.read_text() for path in files(cache))


def test_an_answer_that_is_used_again_is_of_both(cache: ResponseCache) -> None:
    """Who finds an answer might have asked for it: it goes with the first object, and with the second."""
    key = keep(cache, "the same words", ONE)
    assert cache.get(key, about=[TWO]) is not None
    assert (cache.count(of=ONE), cache.count(of=TWO)) == (1, 1)
    assert cache.prune(of=TWO) == 1


def test_answers_of_nobody_knows_whom_go_each_time(cache: ResponseCache) -> None:
    """A query, an answer that was kept before origins were, and one whose origin is lost may be about anything."""
    keep(cache, "a query")
    known, older, lost = (keep(cache, text, TWO) for text in ("known", "older", "lost"))
    queried = keep(cache, "asked by a query too", TWO)
    cache.get(queried)
    for key in (older, lost):
        for mark in cache._folder.glob(f"*/{key}.of.*"):
            mark.unlink() if key == older else mark.rename(mark.with_name(f"{key}.of.unknown"))
    assert cache.prune(of=ONE) == 4
    assert [path.stem for path in cache._folder.glob("*/*.json")] == [known]


def test_what_a_killed_process_left_goes_too(cache: ResponseCache) -> None:
    """A file that was never finished holds content without a name; it is gone after any erasure."""
    key = keep(cache, "about two", TWO)
    unfinished = cache._path(key).with_name(".new-abc")
    unfinished.write_text(SECRET)
    cache.prune(of=ONE)
    assert not unfinished.exists()
    assert cache.count() == 1


def test_old_answers_take_their_origins_along(tmp_path: Path) -> None:
    """What says whose an answer was does not outlive it."""
    cache = ResponseCache(tmp_path / "answers", max_age_days=-1)
    keep(cache, "about one", ONE)
    assert cache.prune() == 1
    assert files(cache) == []


def test_objects_are_at_work_in_all_threads() -> None:
    """Two blocks at once are both at work, for threads that know of neither, and the inner one ends first."""
    seen: list[frozenset[str]] = []

    def look() -> None:
        other = threading.Thread(target=lambda: seen.append(objects_at_work()))
        other.start()
        other.join()

    with working_on([ONE]):
        with working_on([ONE, TWO]):
            look()
        look()
    look()
    assert seen == [{ONE, TWO}, {ONE}, frozenset()]


@pytest.fixture
def settings(server: LLMServer, tmp_path: Path) -> Settings:
    packages = write_asking(tmp_path / "packages")
    return Settings(
        home=tmp_path / "home",
        extractor_paths=str(packages),
        llm_base_urls={"openai": f"{server.url}/v1"},
        llm_retries=0,
    )


@pytest.fixture
def lab(settings: Settings) -> Iterator[Lab]:
    """A warehouse whose OpenAI is the local server, with a package that asks it about every text."""
    prepare_home(settings)
    warehouse = open_warehouse(settings, local=True)
    spec = BucketSpec(bucket_name="texts", bucket_schema={"properties": {"body": {"type": "text"}}})
    bucket = warehouse.buckets.create(warehouse.ensure_namespace("default"), spec)
    for name, value in {"EXTERNAL_TOKEN": "hunter2-hunter2", "OPENAI_API_KEY": "sk-openai"}.items():
        warehouse.secrets.set(name, value)
    push_weights(warehouse, warehouse.namespace_id("default"), "1.0.0", 2.0)
    yield Lab(warehouse, bucket, Path(settings.extractor_paths))
    warehouse.close()


def test_an_erasure_costs_others_nothing(lab: Lab, server: LLMServer, settings: Settings) -> None:
    """Of two objects of two runs one is erased: its answer is counted, and gone; when the other one is extracted again,
    the model is not asked."""
    collection = lab.collection(
        feature_extractor_name="asking", version="1.0.0", parameters={}, field_passthrough=[]
    )
    server.says(*[Reply(data={"labels": [SECRET]}), Reply(data={"labels": ["x"]})])
    erased = lab.put("one", f"about {SECRET}")
    assert lab.run(collection).written == 1
    lab.put("two", "about others")
    assert lab.run(collection).written == 1
    erasure = lab.warehouse.erasures.erase(lab.bucket, erased)
    counted = {count.store: (count.before, count.after) for count in erasure.stores}
    assert counted["answers"] == (1, 0)
    assert kept_answers(settings).count() == 1
    assert not any(SECRET in path.read_text() for path in files(kept_answers(settings)))
    push_weights(lab.warehouse, lab.namespace_id, "1.0.1", 3.0)
    assert lab.run(collection).written == 1
    assert len(server.calls) == 2


def test_answers_of_a_jailed_package_have_an_origin(lab: Lab, server: LLMServer, settings: Settings) -> None:
    """The host asks for a package in another process, on threads of its own, and still knows whom it is about."""
    server.says(*[Reply(data={"labels": ["x"]})] * 2)
    described = lab.warehouse.registry.describe("asking", "1.0.0", namespace_id=lab.namespace_id)
    process = build_steps(replace(described.recipe, isolation="reviewed"))[0].create()
    for number, object_id in enumerate((ONE, TWO)):
        row = {"data": f"text {number}", "document_id": f"doc_{number}", "object_id": object_id}
        process(pd.DataFrame([{**row, "mime_type": "text/plain"}]))
    answers = kept_answers(settings)
    assert [answers.count(of=one) for one in (ONE, TWO, random_id("obj"))] == [1, 1, 0]

"""Staleness misses nothing: whatever decides a document makes it stale, and is named; whatever does not, does not.

No version is bumped and nothing is decorated: files are edited as their author would, and the planner is asked.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from assets_tests.unit.staleness.conftest import StalenessLab, new_lab, restore
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.plan import CODE_CHANGED
from mixpeek_orchestration.warehouse.models.specs import ModelSpec
from mixpeek_orchestration.warehouse.runs.planning import Planned, Planner
from mixpeek_orchestration.warehouse.specs import BatchSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

Change = Callable[[str], str]


@dataclass(frozen=True)
class Edit:
    """An edit of one file, and what the plan says of it."""

    what: str
    file: str
    change: Change
    told: str = ""


def swap(old: str, new: str) -> Change:
    def swapped(code: str) -> str:
        assert old in code
        return code.replace(old, new)

    return swapped


STALE = [
    Edit(
        "extractor body",
        "processors/core.py",
        swap("[float(self.weight), 1.0]", "[1.0, 1.0]"),
        "the code in processors/core.py has changed",
    ),
    Edit("pipeline", "pipeline.py", lambda code: code + "\nEXTRA = 1\n", "the code in pipeline.py has changed"),
    Edit("helper", "rules/wording.py", swap("text.split()", "text.split(',')"), "the code in rules/wording.py has changed"),
    Edit("nested helper", "rules/deep/words.py", swap('" ".join', '"-".join'), "the code in rules/deep/words.py has changed"),
    Edit("helper imported in a function", "late/endings.py", swap('"."', '"…"'), "the code in late/endings.py has changed"),
    Edit("helper imported by name", "late/marks.py", swap('"!"', '"?"'), "the code in late/marks.py has changed"),
    Edit(
        "helper that is new",
        "rules/wording.py",
        lambda code: "from .unused import UNUSED\n" + code,
        "the code in rules/unused.py is new",
    ),
    Edit("default of a parameter", "manifest.py", swap('default=""', 'default=">"'), "the code in manifest.py has changed"),
    Edit(
        "new parameter",
        "manifest.py",
        swap("class PromptedParams(BaseModel):", "class PromptedParams(BaseModel):\n    extra: int = 1"),
        "the parameter extra is new: 1",
    ),
    Edit("prompt", "prompts/answer.txt", swap("Answer", "Reply"), "the data file prompts/answer.txt has changed"),
    Edit("template", "templates/line.jinja", swap("[", "("), "the data file templates/line.jinja has changed"),
    Edit("new data file", "prompts/second.txt", lambda _: "More", "the data file prompts/second.txt is new"),
    Edit("weights in the package", "weights/model.bin", lambda _: "\3\4", "the data file weights/model.bin has changed"),
    Edit("digest of weights", "pipeline.py", swap('"00" * 32', '"01" * 32'), "the model house/scorer has other weights"),
    Edit("revision of a model", "pipeline.py", swap('"r1"', '"r2"'), "the model house/scorer has other revision"),
    Edit(
        "backend of a model",
        "pipeline.py",
        swap('"r1", "torch"', '"r2", "onnx"'),
        "the model house/scorer has other revision and backend",
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def settled(opened: tuple[Warehouse, Path]) -> tuple[StalenessLab, Collection]:
    """A collection that is up to date, which tests edit the package of and run nothing in."""
    lab = new_lab(*opened)
    return lab, made_by(lab)


@pytest.fixture
def planned(settled: tuple[StalenessLab, Collection]) -> Iterator[Callable[[Edit], Planned]]:
    """What the plan says after an edit; the package is as it was afterwards."""
    lab, collection = settled
    restore(lab.packages)

    def after(edit: Edit) -> Planned:
        lab.edit(edit.file, edit.change)
        return lab.plan(collection)

    yield after
    restore(lab.packages)


@pytest.fixture
def documents(lab: StalenessLab) -> Collection:
    """A collection that is up to date, of a test's own."""
    return made_by(lab)


def made_by(lab: StalenessLab) -> Collection:
    lab.put(title="A", rank=1)
    made = lab.collection("answers", field_passthrough=[{"source_path": "title"}])
    assert lab.run(made).written == 1
    assert lab.plan(made).plan.reasons() == {}
    return made


@pytest.mark.parametrize("edit", STALE, ids=lambda edit: edit.what)
def test_what_computes_makes_stale_and_is_named(planned: Callable[[Edit], Planned], edit: Edit) -> None:
    """The plan says that the code changed and which part of it."""
    told = planned(edit)
    assert told.plan.reasons() == {CODE_CHANGED: 1}
    assert edit.told in told.code_changes


def test_after_a_run_nothing_is_stale(lab: StalenessLab, documents: Collection) -> None:
    """What is stale runs once; an edit that is taken back is one more edit."""
    edit = STALE[0]
    before = (lab.packages / "prompted" / edit.file).read_text()
    for change in (edit.change, lambda _: before):
        lab.edit(edit.file, change)
        assert lab.run(documents).reasons == {CODE_CHANGED: 1}
        again = lab.plan(documents)
        assert (again.plan.reasons(), again.code_changes) == ({}, [])


NOT_STALE = [
    Edit("comment", "processors/core.py", lambda code: "# About answers.\n" + code),
    Edit("comment in a helper", "rules/wording.py", swap("# Words are joined elsewhere.", "# They are.")),
    Edit("formatting", "rules/deep/words.py", swap('return " ".join(words)', "return (\n        ' '.join( words )\n    )")),
    Edit("docstring", "rules/wording.py", swap("The text in our words.", "Other words.")),
    Edit("docstring that is new", "late/endings.py", swap("-> str:\n", '-> str:\n    """The end."""\n')),
    Edit("README", "README.md", lambda text: text + "\nMore.\n"),
    Edit("changelog", "CHANGELOG.md", lambda _: "# 2\n"),
    Edit("tests", "tests/check_it.py", lambda code: code + "\n\nX = 1\n"),
    Edit("new test data", "tests/data.json", lambda _: "[]"),
    Edit("the query's half", "realtime.py", swap("[1.0, 1.0]", "[2.0, 1.0]")),
    Edit("module that nothing imports", "rules/unused.py", swap("1", "2")),
    Edit("project file", "pyproject.toml", lambda _: "[project]\nname = 'x'\nversion = '9'\n"),
    Edit("hidden file", ".editorconfig", lambda _: "root = true\n"),
]  # fmt: skip


@pytest.mark.parametrize("edit", NOT_STALE, ids=lambda edit: edit.what)
def test_what_computes_nothing_makes_nothing_stale(planned: Callable[[Edit], Planned], edit: Edit) -> None:
    """Comments, formatting, docstrings, tests and the like run nothing."""
    told = planned(edit)
    assert (told.plan.reasons(), told.code_changes) == ({}, [])


def test_an_upgraded_dependency_makes_stale(
    lab: StalenessLab, documents: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process that goes on, the version that is resolved now counts, not the one that was found first."""
    installed = importlib.metadata.version
    before = installed("packaging")
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: "99.0" if name == "packaging" else installed(name)
    )
    planned = lab.plan(documents)
    assert planned.plan.reasons() == {CODE_CHANGED: 1}
    assert planned.code_changes == [f"the dependency packaging went from {before} to 99.0"]


def test_new_weights_of_an_own_model_make_stale(lab: StalenessLab) -> None:
    """A model that the namespace holds is found by its name in the source; another version of it is other weights."""
    lab.edit(
        "processors/core.py",
        lambda code: (
            "from engine.models.loader import load_namespace_model\n"
            f"{code}\n\ndef scorer():\n    return load_namespace_model('scorer')\n"
        ),
    )
    add_model(lab, "1.0.0", 1.0)
    lab.put()
    made = lab.collection("scored")
    lab.run(made)
    add_model(lab, "2.0.0", 2.0)
    planned = lab.plan(made)
    assert planned.plan.reasons() == {CODE_CHANGED: 1}
    assert planned.code_changes == ["the weights of your model scorer have changed"]


def add_model(lab: StalenessLab, version: str, weight: float) -> None:
    content = save({"w": np.full(3, weight, dtype="float32")})
    spec = ModelSpec(name="scorer", version=version)
    lab.warehouse.models.add(lab.bucket.namespace_id, spec, [content])


def test_other_parameters_make_stale(lab: StalenessLab, documents: Collection) -> None:
    """A generation that is told to use other parameters is stale for them."""
    warehouse = lab.warehouse
    planner = Planner(warehouse.catalog, warehouse.documents, warehouse.collections)
    generation = warehouse.collections.generation(documents)
    other = planner.plan(documents.collection_id, generation=replace(generation, parameters={"prefix": ">"}))
    assert other.plan.reasons() == {CODE_CHANGED: 1}
    assert other.code_changes == ['the parameter prefix went from "" to ">"']
    same = planner.plan(documents.collection_id, generation=replace(generation, parameters={}))
    assert same.plan.reasons() == {}


def test_rows_of_several_codes_are_told_apart(lab: StalenessLab, documents: Collection) -> None:
    """Where an edit reached some of the rows only, what differs is told for each code that made what is stale."""
    old = set(lab.plan(documents).plan.frame["root_object"])
    lab.edit("late/marks.py", swap('"!"', '"?"'))
    lab.put("new text", key="b")
    new = [root for root in lab.plan(documents).plan.frame["root_object"] if root not in old]
    batch = lab.warehouse.batches.create(lab.bucket, BatchSpec(object_ids=new, auto_submit=True))
    lab.warehouse.materialize(documents.collection_id, [batch.batch_id], run_id="run")
    planned = lab.plan(documents)
    assert planned.plan.reasons() == {CODE_CHANGED: 1}
    assert planned.code_changes == ["the code in late/marks.py has changed"]
    lab.edit("late/endings.py", swap('"."', '"…"'))
    assert lab.plan(documents).code_changes == [
        "the code in late/endings.py has changed",
        "the code in late/marks.py has changed",
    ]
    assert list(lab.plan(documents).plan.stale_codes.values()) == [1, 1]

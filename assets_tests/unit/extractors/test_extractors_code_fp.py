"""`code_fp`: what moves it, what does not, and a golden value."""

from __future__ import annotations

import importlib.metadata

import pytest

from mixpeek_orchestration.core.errors import Conflict
from mixpeek_orchestration.core.fingerprint import changed_parts
from mixpeek_orchestration.extractors.recipe import build_steps

from .conftest import CORE, LETTERS, MANIFEST, PIPELINE, REALTIME


@pytest.fixture
def parts(package, describe):
    """Writes the package with changes and returns the parts of its `code_fp`, and that itself."""

    def read(files=None, parameters=None):
        package(files)
        found = describe(parameters)
        return found.code_parts, found.code_fp

    return read


SAME = {
    "comment": {"processors/letters.py": "# counts\n" + LETTERS},
    "formatting": {"processors/letters.py": "def count( text ) :\n\n\n      return (len(text))\n"},
    "docstring": {"processors/letters.py": LETTERS.replace(":\n", ':\n    """How many."""\n', 1)},
    "readme": {"README.md": "# New"},
    "pyproject": {"pyproject.toml": "[project]\nname = 'x'\n"},
    "tests": {"tests/test_it.py": "def test_it(): pass"},
    "unreached module": {"processors/unused.py": "x = 1"},
    "realtime": {"realtime.py": REALTIME},
}


@pytest.mark.parametrize("files", SAME.values(), ids=SAME.keys())
def test_what_computes_nothing_changes_nothing(parts, files):
    """Comments, formatting, docstrings, tests, README, `realtime.py` and unreached modules leave `code_fp` alone."""
    assert parts()[1] == parts(files)[1]


CHANGED = {
    "helper": ({"processors/letters.py": LETTERS.replace("len(text)", "len(text) + 1")}, "module:processors/letters.py"),
    "pipeline": ({"pipeline.py": PIPELINE + "\nX = 1\n"}, "module:pipeline.py"),
    "manifest": ({"manifest.py": MANIFEST.replace("Counts letters", "Counts")}, "module:manifest.py"),
    "data file": ({"words.txt": "a\nb\n"}, "data:words.txt"),
    "package init": ({"__init__.py": "X = 1"}, "module:__init__.py"),
    "folder init": ({"processors/__init__.py": "X = 1"}, "module:processors/__init__.py"),
    "late import": (
        {"processors/core.py": CORE.replace("        batch[", "        from . import more\n        batch["), "processors/more.py": ""},
        "module:processors/more.py",
    ),
    "import by name": (
        {"processors/core.py": CORE + "\nimport importlib\nmore = importlib.import_module('.more', __package__)\n", "processors/more.py": ""},
        "module:processors/more.py",
    ),
    "computed import": (
        {"processors/core.py": CORE + "\nimport importlib\ndef find(name):\n    return importlib.import_module(name)\n", "other/more.py": ""},
        "module:other/more.py",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "part"), CHANGED.values(), ids=CHANGED.keys())
def test_what_computes_changes_it_and_is_named(parts, files, part):
    """A change of anything that the pipeline reaches changes `code_fp`, and the part says what it was."""
    before, after = parts(), parts(files)
    assert before[1] != after[1]
    assert any(sentence.startswith(part) for sentence in changed_parts(before[0], after[0]))


def test_parameters_are_part_of_it(parts):
    """Another value changes it; writing down a default does not."""
    plain = parts()
    assert parts(parameters={"model_size": "base"})[1] == plain[1]
    other = parts(parameters={"model_size": "large"})
    assert changed_parts(plain[0], other[0]) == ["parameters changed"]


def test_resolved_dependencies_are_part_of_it(parts, monkeypatch):
    """The installed version of a declared dependency counts, not how it was declared."""
    files = {"manifest.py": MANIFEST + "\ndependencies = ['pydantic>=2']\n"}
    before = parts(files)
    assert before[0]["dependency:pydantic"] == importlib.metadata.version("pydantic")
    installed = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: "2.99.0" if name == "pydantic" else installed(name)
    )
    after = parts(files | {"README.md": "a new state of the folder"}, {"limit": 10})
    assert changed_parts(before[0], after[0]) == ["dependency:pydantic changed"]


@pytest.mark.parametrize(
    "model",
    [
        'ModelSpec("a/b", "r2", "torch")',
        'ModelSpec("a/b", "r1", "onnx")',
        'ModelSpec("a/b", "r1", "torch", (ModelFile("w", "00"),))',
    ],
    ids=["revision", "backend", "weights"],
)
def test_the_model_is_part_of_it(parts, model):
    """Revision, backend and weights of a declared model each count, even where no line of the pipeline differs."""

    def with_model(spec):
        code = "from shared.extractors.sdk import ModelSpec, ModelFile\n" + PIPELINE.replace(
            '{"steps": build_pipeline_steps(pipeline)}',
            f'{{"steps": build_pipeline_steps(pipeline), "models": [{spec}]}}',
        )
        return parts({"pipeline.py": code})[0]["model:a/b"]

    assert with_model('ModelSpec("a/b", "r1", "torch")') != with_model(model)


def test_an_init_that_exports_the_realtime_half_does_not_count_it(parts):
    """`__init__.py` may import `realtime`; editing that still re-runs nothing."""
    files = {"__init__.py": "from . import realtime", "realtime.py": REALTIME}
    assert parts(files)[1] == parts({**files, "realtime.py": REALTIME + "\nX = 1\n"})[1]


def test_the_realtime_half_has_its_own_fingerprint(package, describe):
    """`realtime_fp` moves with `realtime.py` and what it imports, not with the pipeline."""
    package({"realtime.py": REALTIME})
    first = describe().realtime_fp
    package({"realtime.py": REALTIME, "pipeline.py": PIPELINE + "\nX = 1\n"})
    assert describe().realtime_fp == first
    package({"realtime.py": REALTIME, "processors/letters.py": LETTERS.replace("len(text)", "1")})
    assert describe().realtime_fp != first


def test_golden_value(package, describe):
    """The fingerprint of a fixed package is this one, on every machine and Python version."""
    package()
    assert describe().code_fp == "2b3f3b815e68e02b7046314865c940a6"


def test_a_worker_refuses_another_package(package, describe):
    """Steps are built only from the package that was planned with."""
    package()
    recipe = describe().recipe
    assert [step.description.name for step in build_steps(recipe)] == ["MyProcessor"]
    package({"processors/letters.py": LETTERS.replace("len(text)", "1")})
    with pytest.raises(Conflict, match="not the one that was planned with"):
        build_steps(recipe)


def test_a_manifest_that_the_pipeline_does_not_import_counts_too(parts):
    """Features and position fields decide about columns and ids, whoever imports the module that declares them."""
    alone = {
        "pipeline.py": "def step(b):\n    return b\n\ndef build_steps(r):\n    return [step]\n",
    }
    edited = {**alone, "manifest.py": MANIFEST.replace('"cosine"', '"dot"')}
    assert parts(alone)[1] != parts(edited)[1]

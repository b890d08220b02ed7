"""Lint never raises and never runs anything, whatever it is given."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mixpeek_orchestration.extractors.lint import RULES, lint, lint_files

from .base_package import PACKAGE
from .documented_packages import CLEAN

NAMES = st.sampled_from([*PACKAGE, "helper.py", "pyproject.toml", "requirements.txt", "weights.bin"])
ODD = {
    "nothing": {},
    "only a README": {"README.md": "hello"},
    "empty files": dict.fromkeys(PACKAGE, ""),
    "only comments": dict.fromkeys(PACKAGE, "# nothing\n"),
    "null bytes": {**PACKAGE, "manifest.py": "version = '1'\0"},
    "latin 1": {**PACKAGE, "manifest.py": "name = 'é'".encode("latin-1")},
    "byte order mark": {**PACKAGE, "manifest.py": b"\xef\xbb\xbf" + PACKAGE["manifest.py"].encode()},
    "windows line ends": {name: text.replace("\n", "\r\n") for name, text in PACKAGE.items()},
    "surrogates": {**PACKAGE, "helper.py": "x = '\udc80'"},
    "a huge number": {**PACKAGE, "helper.py": "x = " + "9" * 10_000},
    "deep brackets": {**PACKAGE, "helper.py": "x = " + "[" * 5_000 + "]" * 5_000},
    "deep additions": {**PACKAGE, "helper.py": "x = " + "+".join(["1"] * 3_000)},
    "deep attributes": {**PACKAGE, "helper.py": "x = a" + ".b" * 3_000},
    "deep functions": {
        **PACKAGE,
        "helper.py": "\n".join("    " * n + f"if x{n}:" for n in range(90)) + " pass",
    },
    "doubling constants": {
        **PACKAGE,
        "manifest.py": "a0 = 'x' * 9\n"
        + "\n".join(f"a{n + 1} = a{n} + a{n}" for n in range(60))
        + "\nversion = a60",
    },
    "doubling lists": {
        **PACKAGE,
        "manifest.py": "a0 = ['x']\n"
        + "\n".join(f"a{n + 1} = [a{n}, a{n}]" for n in range(60))
        + "\nversion = a60",
    },
    "assignments of themselves": {
        **PACKAGE,
        "helper.py": "a = b = c = print\n" + "a = b or c or a\nb = a or c or b\n" * 300,
    },
    "many bases": {
        **PACKAGE,
        "helper.py": "\n".join(
            f"class A{n}({', '.join(f'A{k}' for k in range(n))}): pass" for n in range(60)
        ),
        "pipeline.py": PACKAGE["pipeline.py"] + "\nfrom .helper import A59\nSTEP = StepDefinition(A59)\n",
    },
    "nested conditions": {**PACKAGE, "helper.py": "x = " + "(1 if a else " * 60 + "2" + ")" * 60},
    "a huge module": {**PACKAGE, "helper.py": "x = 1\n" * 400_000},
    "links that lead nowhere": {**PACKAGE, "weights/model.safetensors": ""},
    "a constant of itself": {**PACKAGE, "manifest.py": "version = version\nfeatures = [*features]\n"},
    "a cycle of imports": {
        **PACKAGE,
        "manifest.py": "from .helper import version\n",
        "helper.py": "from .manifest import version\n",
    },
    "a cycle of classes": {**PACKAGE, "helper.py": "class A(B): pass\nclass B(A): pass\n"},
    "a class of itself": {**PACKAGE, "pipeline.py": "class A(A): pass\nsteps = [StepDefinition(A)]\n"},
    "a manifest that raises": {**PACKAGE, "manifest.py": "raise SystemExit('never run')\n"},
    "a manifest that loops": {**PACKAGE, "manifest.py": "while True: pass\n"},
    "a manifest that deletes": {**PACKAGE, "manifest.py": "import shutil\nshutil.rmtree('/')\n"},
    "features of everything": {**PACKAGE, "manifest.py": "features = [1, None, 'x', [], {}, {1: 2}, ...]\n"},
    "declarations of wrong types": {
        **PACKAGE,
        "manifest.py": "\n".join(
            f"{name} = {value}"
            for name in ("metadata", "version", "features", "dependencies", "compute_profile", "input_schema")
            for value in ("1", "'x'", "[1]", "{'a': 1}", "None", "...", "lambda: 1")
        ),
    },
    "steps of everything": {
        **PACKAGE,
        "pipeline.py": "from shared.extractors.sdk import StepDefinition\n"
        "def build_steps(*a):\n    return {**a[0], 'steps': [StepDefinition(), StepDefinition(1), StepDefinition(*a)]}\n",
    },
    "processors without parameters": {
        **PACKAGE,
        "processors/core.py": "class WordCounter:\n    def __call__():\n        return 1\n",
    },
    "a realtime of lambdas": {**PACKAGE, "realtime.py": "InferenceService = lambda: None\n"},
    "broken metadata files": {**PACKAGE, "pyproject.toml": "[project\n", "requirements.txt": "\0\n-r x\n"},
    "a new grammar": {
        **PACKAGE,
        "helper.py": "match x:\n    case {'a': [*b], **c} if (d := b):\n        type = d\n",
    },
    "strange imports": {
        **PACKAGE,
        "helper.py": "from . import *\nfrom .... import x\nimport a.b as c, shared\n",
    },
    "names that are not ASCII": {**PACKAGE, "helper.py": "\uff45\uff56\uff41\uff4c('1')\n"},
}


@pytest.mark.parametrize("files", ODD.values(), ids=ODD.keys())
def test_odd_packages_are_findings_and_not_errors(files: dict[str, str | bytes]) -> None:
    """Whatever a package holds, lint answers with findings of known rules."""
    assert {one.rule for one in lint_files(files)} <= RULES.keys()


def test_identifiers_are_read_as_python_reads_them() -> None:
    """Python normalizes identifiers, so a full-width `eval` is eval."""
    assert "SEC002" in {one.rule for one in lint_files(ODD["names that are not ASCII"])}


@given(st.dictionaries(NAMES, st.text() | st.binary(), max_size=4))
@example({"manifest.py": "\x0c"})
@settings(max_examples=60)
def test_lint_never_raises_on_arbitrary_text(files: dict[str, str | bytes]) -> None:
    """Arbitrary text and bytes in any of the files give findings."""
    assert {one.rule for one in lint_files({**PACKAGE, **files})} <= RULES.keys()


@given(st.sampled_from(sorted(CLEAN)), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_lint_never_raises_on_shuffled_packages(name: str, chance: random.Random) -> None:
    """Real packages with lines lost, moved between files and repeated give findings."""
    files = dict(CLEAN[name])
    lines = [line for text in files.values() for line in text.splitlines()]
    for file, text in files.items():
        kept = [line for line in text.splitlines() if chance.random() > 0.1]
        kept.insert(chance.randrange(len(kept) + 1), chance.choice(lines))
        files[file] = "\n".join(kept) + "\n"
    assert {one.rule for one in lint_files(files)} <= RULES.keys()


def test_a_folder_is_read_and_nothing_else(tmp_path: Path) -> None:
    """Tests, caches, hidden files and folders named like modules are not part of the package."""
    for name, text in {**PACKAGE, "tests/test_it.py": "import socket", ".venv/x.py": "import socket"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "folder.py").mkdir()
    assert lint(tmp_path) == []

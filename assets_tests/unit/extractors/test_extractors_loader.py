"""Loading: documented import roots at any depth, private names, no traces in `sys.modules`."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.extractors import sdk
from mixpeek_orchestration.extractors.loader import load_module, private_name
from mixpeek_orchestration.extractors.package_source import read_package
from mixpeek_orchestration.extractors.recipe import build_steps

DOCUMENTED = [
    "from engine.extractors.my_extractor.pipeline import StepDefinition as it",
    "from engine.extractors.any_other_name.pipeline import StepDefinition as it",
    "from engine.plugins.extractors.pipeline import StepDefinition as it",
    "from shared.extractors import StepDefinition as it",
    "from shared.extractors.sdk import StepDefinition as it",
    "from shared.plugins.sdk import StepDefinition as it",
    "import shared.extractors.sdk as s\nit = s.StepDefinition",
    "import shared.extractors.sdk\nit = shared.extractors.sdk.StepDefinition",
    "from shared.extractors import sdk as s\nit = s.StepDefinition",
    "from shared import extractors\nit = extractors.StepDefinition",
    "from engine.plugins.extractors import pipeline\nit = pipeline.StepDefinition",
    "from shared.extractors.sdk import *\nit = StepDefinition",
    "if True:\n    def f():\n        from shared.extractors.sdk import StepDefinition\n        return StepDefinition\n    it = f()",
    "try:\n    from shared.extractors.sdk import StepDefinition as it\nfinally:\n    pass",
]


@pytest.mark.parametrize("code", DOCUMENTED)
def test_documented_roots_lead_to_the_sdk(package, code):
    """Every documented spelling of an import reaches the SDK, whatever the form of the statement."""
    source = read_package(package({"processors/letters.py": code}))
    assert load_module(source, "processors.letters").it is sdk.StepDefinition


OWN = [
    "from .letters import count",
    "from ..processors.letters import count",
    "from . import letters\ncount = letters.count",
    "from my_extractor.processors.letters import count",
    "from my_extractor.processors import letters\ncount = letters.count",
    "import my_extractor.processors.letters\ncount = my_extractor.processors.letters.count",
    "import my_extractor.processors.letters as l\ncount = l.count",
    "from processors.letters import count",
    "from engine.extractors.my_extractor.processors.letters import count",
]


@pytest.mark.parametrize("code", OWN)
@pytest.mark.parametrize("init", [None, ""], ids=["no_init", "init"])
def test_a_package_imports_its_own_modules(package, code, init):
    """Relative and package-absolute imports work, with and without `__init__.py`."""
    files = {"processors/other.py": code, "__init__.py": init, "processors/__init__.py": init}
    source = read_package(package(files, name="checked_out_elsewhere"))
    assert load_module(source, "processors.other").count("abc") == 3


def test_imports_inside_methods_work_later(package, describe):
    """An import in a method is rewritten too, so it works when the method runs in a worker."""
    core = CORE_WITH_LATE_IMPORT
    package({"processors/core.py": core})
    step = build_steps(describe().recipe)[0].create()
    frame = step(pd.DataFrame({"data": ["ab"], "document_id": ["d"]}))
    assert frame["my_embedding"].tolist() == [[2.0, 1.0, 0.0]]


CORE_WITH_LATE_IMPORT = """
class MyProcessor:
    def __init__(self, config, **kwargs):
        pass

    def __call__(self, batch):
        from shared.extractors.sdk import parallel_io
        from .letters import count
        counts = parallel_io(batch["data"].tolist(), count)
        batch["my_embedding"] = [[float(counts[i]), 1.0, 0.0] for i in range(len(batch))]
        return batch
"""


def test_nothing_documented_enters_sys_modules(package):
    """No module named `shared`, `engine` or like the package exists after a load."""
    before = set(sys.modules)
    load_module(read_package(package()), "pipeline")
    tops = {name.split(".", 1)[0] for name in set(sys.modules) - before}
    assert not tops & {"shared", "engine", "mixpeek_dev", "api", "my_extractor", "manifest", "processors"}


def test_packages_with_equal_module_names_do_not_clash(package):
    """Two packages whose modules have the same names each see their own."""
    first = read_package(package(name="one"))
    second = read_package(package({"processors/letters.py": "def count(text):\n    return -1\n"}, name="two"))
    assert load_module(first, "processors.core").count("abc") == 3
    assert load_module(second, "processors.core").count("abc") == -1


def test_an_edited_package_loads_beside_its_former_self(package):
    """After an edit the new code runs, and what was loaded before keeps its own modules."""
    old = read_package(package())
    before = load_module(old, "processors.letters")
    new = read_package(package({"processors/letters.py": "def count(text):\n    return 7\n"}))
    assert private_name(old) != private_name(new)
    assert (before.count("abc"), load_module(new, "processors.letters").count("abc")) == (3, 7)


def test_late_imports_see_the_fingerprinted_code(package):
    """A module that is imported after its file was edited is the one that was read with the package."""
    source = read_package(package())
    package({"processors/letters.py": "def count(text):\n    return 7\n"})
    assert load_module(source, "processors.letters").count("abc") == 3


def test_no_bytecode_is_left_in_the_package(package):
    """Loading writes nothing into the author's folder."""
    folder = package()
    load_module(read_package(folder), "pipeline")
    assert not list(folder.rglob("__pycache__"))


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("from shared.extractors.sdk import run_anything", "run_anything"),
        ("def f():\n    from shared.extractors.sdk import concurrent_calls", "concurrent_calls"),
        ("from shared.inference.registry import get_service", "get_service"),
        ("from shared.extractors.sdk.more import it", "it"),
        ("import engine.models.eager", "engine.models.eager"),
        ("from shared.nowhere import nothing", "nothing"),
        ("from .gone import count", "gone"),
        ("from ...above import count", "leaves the package"),
    ],
)
def test_imports_that_cannot_work_are_refused_at_describe(package, describe, code, named):
    """What the documentation does not know is said when the package is described, with file and line, wherever the import is."""
    package({"processors/letters.py": f"{code}\ndef count(text): return 1"})
    with pytest.raises(InvalidPackage, match=named) as caught:
        describe()
    assert caught.value.field.startswith("processors/letters.py:")
    assert caught.value.fix


def test_guarded_imports_are_the_authors_business(package, describe):
    """An import under `except ImportError` or TYPE_CHECKING is not refused, and fails as an ImportError."""
    letters = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from engine.nowhere import Nothing
try:
    from shared.extractors.sdk import run_anything
except ImportError:
    run_anything = None
try:
    import shared.inference.catalogue
except ImportError:
    catalogue = None
def count(text):
    return 1 if run_anything is None and catalogue is None else 0
"""
    package({"processors/letters.py": letters})
    step = build_steps(describe().recipe)[0].create()
    assert step(pd.DataFrame({"data": ["ab"]}))["my_embedding"][0][0] == 1.0


def test_a_module_that_raises_is_an_invalid_package(package, describe):
    """An exception at import becomes an error that names the module and keeps the cause."""
    package({"processors/letters.py": "1 / 0"})
    with pytest.raises(InvalidPackage, match="ZeroDivisionError") as caught:
        describe()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_syntax_error_names_file_and_line(package, describe):
    """A module that does not parse is refused with its file and line."""
    package({"processors/letters.py": "x = 1\ndef count(:\n"})
    with pytest.raises(InvalidPackage, match=r"processors/letters\.py does not parse.*line 2"):
        describe()


def test_the_sdk_loads_no_heavy_library():
    """A fresh interpreter that describes the built-in extractor imports neither pandas nor a model library."""
    heavy = (
        "pandas",
        "pyarrow",
        "torch",
        "polars",
        "onnxruntime",
        "sentence_transformers",
        "transformers",
        "ray",
    )
    code = f"""
import sys
from pathlib import Path
from mixpeek_orchestration.extractors.registry import PackageRegistry
from mixpeek_orchestration.settings import REPOSITORY
PackageRegistry([REPOSITORY / "extractor_packages"], Path("models")).describe("text_extractor")
print([name for name in {heavy!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("code", ["raise ValueError('no')", "import sys\nsys.exit(3)"])
def test_whatever_a_module_does_at_import_is_a_broken_package(package, code):
    """A module that raises, or even ends the process, when it is imported is an error of the package."""
    source = read_package(package({"processors/letters.py": code}))
    with pytest.raises(InvalidPackage, match="cannot be imported"):
        load_module(source, "processors.letters")

"""The package's own tests, run as the command runs them."""

from __future__ import annotations

from pathlib import Path

from mixpeek_orchestration.extractors.testing.own_tests import check_own_tests

from .sample_packages import WRONG, write_package

IMPORTS = """
    import sys
    from pathlib import Path

    import pandas as pd

    from letters.processors.core import Letters, vector_of
    from letters import manifest
    from engine.plugins.extractors.pipeline import RowCondition, StepDefinition
    from shared.extractors.sdk import BatchProcessor
    import shared.extractors.sdk
    from processors.core import Letters as SameLetters


    def test_the_documented_imports_work():
        assert RowCondition.IS_TEXT == "IS_TEXT"
        assert BatchProcessor is shared.extractors.sdk.BatchProcessor
        assert manifest.manifest.feature_extractor_name == "letters"
        assert SameLetters is Letters


    def test_the_pipeline_runs_the_class_that_is_imported():
        from letters.pipeline import build_steps
        from types import SimpleNamespace

        request = SimpleNamespace(extractor_config=SimpleNamespace(parameters={}))
        assert build_steps(request)["steps"][0].service_class is Letters


    def test_a_batch():
        batch = Letters({})(pd.DataFrame({"data": ["ab", None]}))
        assert batch["letters"].tolist() == [2, 0]


    def test_helper_beside_the_tests():
        from letters.tests.helper import answer
        assert answer() == 42
"""
CONFORMANCE = """
    import pytest
    from mixpeek_orchestration.extractors.testing import test_conformance


    @pytest.fixture(scope="session")
    def conformance_sample():
        return [{"text": "one of my own"}, {"text": "another, and longer"}]


    def test_own_objects_are_used(conformance_lab):
        assert "one of my own" in [item.parts[0].text for item in conformance_lab.items]
"""


def test_documented_imports_work_in_the_packages_own_tests(tmp_path: Path) -> None:
    """The package by its own name, its layout names and the documented roots lead to what the pipeline runs."""
    files = {"tests/__init__.py": "", "tests/helper.py": "def answer():\n    return 42\n"}
    check = check_own_tests(write_package(tmp_path, {**files, "tests/test_plugin.py": IMPORTS}))
    assert check.ok, check.output
    assert "4 passed" in check.message
    assert not list(tmp_path.rglob("__pycache__"))
    assert not list(tmp_path.rglob(".pytest_cache"))


def test_a_failing_own_test_fails_the_check(tmp_path: Path) -> None:
    """The finding names the file and the test; what pytest printed is there to be shown."""
    files = {"tests/test_plugin.py": "def test_sum():\n    assert 1 + 1 == 3, 'wrong sum'\n"}
    check = check_own_tests(write_package(tmp_path, files))
    assert not check.ok
    (finding,) = check.findings
    assert (finding.rule, finding.file) == ("TEST010", "tests/test_plugin.py")
    assert "test_sum" in finding.message
    assert "wrong sum" in check.output


def test_one_line_runs_the_conformance_kit(tmp_path: Path) -> None:
    """Importing `test_conformance` tests every property, on objects of the author's where there are some; a package
    without one of the properties fails that test only."""
    wrong = write_package(tmp_path, {**WRONG["order"], "tests/test_kit.py": CONFORMANCE})
    check = check_own_tests(wrong)
    assert not check.ok
    assert "1 failed, 8 passed" in check.message, check.output
    assert "test_conformance[order]" in check.findings[0].message


def test_a_package_without_tests_is_said_to_have_none(tmp_path: Path) -> None:
    """No tests is not a failure, and says so."""
    check = check_own_tests(write_package(tmp_path))
    assert (check.ok, check.message) == (True, "the package has none")


def test_tests_that_do_not_end_fail_the_check(tmp_path: Path) -> None:
    """The limit ends them, and the finding says so."""
    files = {"tests/test_plugin.py": "def test_forever():\n    while True:\n        pass\n"}
    check = check_own_tests(write_package(tmp_path, files), timeout_s=0.5)
    assert not check.ok
    assert "did not end within" in check.findings[0].message

"""`mixpeek plugin lint` and the reference of the rules."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mixpeek_orchestration.cli.main import app
from mixpeek_orchestration.extractors.lint import RULES
from mixpeek_orchestration.extractors.lint.documentation import reference

from .base_package import MANIFEST, PACKAGE

HEAVY = (
    "pandas",
    "pyarrow",
    "numpy",
    "torch",
    "sqlalchemy",
    "dagster",
    "ray",
    "lancedb",
    "polars",
)
REFERENCE = Path(__file__).parents[3] / "docs/reference/lint.md"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A sound package in a folder."""
    for name, text in PACKAGE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def lint(*arguments: object) -> tuple[int, str]:
    """Exit code and output of the command."""
    result = CliRunner().invoke(app, ["plugin", "lint", *map(str, arguments)])
    return result.exit_code, result.output


def test_a_sound_package_passes(package: Path) -> None:
    """Exit code 0, and the output says what a scan is worth."""
    code, output = lint(package)
    assert code == 0
    assert "No findings." in output
    assert "review aid, not a boundary" in output


def test_a_package_given_twice_is_a_mistake(package: Path, tmp_path: Path) -> None:
    """Two different folders, one as an argument and one as an option: exit code 2, and neither is chosen."""
    other = tmp_path / "other"
    other.mkdir()
    code, output = lint(package, "--path", other)
    assert code == 2
    assert "given twice" in output


def test_an_error_fails_and_names_place_rule_and_fix(package: Path) -> None:
    """Exit code 1, with file, line, rule, message and what to do."""
    (package / "manifest.py").write_text(MANIFEST.replace('"feature_name"', '"name"'))
    code, output = lint("--path", package)
    assert code == 1
    line = MANIFEST[: MANIFEST.index("    {")].count("\n") + 1
    assert f"{package}/manifest.py:{line}: error FEA001" in output
    assert "Rename `name` to `feature_name`." in output
    assert "1 error." in output


def test_warnings_fail_in_strict_mode_only(package: Path) -> None:
    """A warning leaves the exit code 0 unless --strict is given."""
    (package / "processors/core.py").write_text(PACKAGE["processors/core.py"] + "import unidecode\n")
    assert lint(package)[0] == 0
    assert lint(package, "--strict")[0] == 1


def test_json_is_one_document(package: Path) -> None:
    """--json prints every finding with its rule, severity, file, line, message and fix."""
    (package / "pipeline.py").write_text("import socket\n")
    code, output = lint(package, "--json")
    document = json.loads(output)
    assert (code, document["passed"]) == (1, False)
    assert {"rule", "severity", "file", "line", "message", "fix"} == document["findings"][0].keys()
    assert {"SEC005", "PIP001"} <= {one["rule"] for one in document["findings"]}


def test_rules_are_selected_by_id_family_and_category(package: Path) -> None:
    """--select and --ignore take an id, the letters of a family, or a category."""
    (package / "pipeline.py").write_text("import socket\nimport ctypes\n")

    def rules(*options: str) -> set[str]:
        return {one["rule"] for one in json.loads(lint(package, "--json", *options)[1])["findings"]}

    assert rules("--select", "SEC005") == {"SEC005"}
    assert rules("--select", "security") == {"SEC004", "SEC005"}
    assert rules("--ignore", "SEC,PIP") == set()


@pytest.mark.parametrize("arguments", [["/no/such/folder"], [".", "--select", "NOPE"]])
def test_wrong_usage_has_its_own_exit_code(arguments: list[str]) -> None:
    """A folder that is not there and a rule that is not one are usage errors: 2."""
    assert lint(*arguments)[0] == 2


def test_the_rules_are_listed() -> None:
    """--rules names every rule; with --json it gives their examples too."""
    listed = lint("--rules")[1]
    assert all(f"{rule}  " in listed for rule in RULES)
    assert [one["id"] for one in json.loads(lint("--rules", "--json")[1])] == list(RULES)


def test_the_reference_is_current() -> None:
    """docs/reference/lint.md is what the rule table says."""
    assert REFERENCE.read_text() == reference(), (
        "Run python -m mixpeek_orchestration.extractors.lint.documentation > docs/reference/lint.md"
    )


def test_lint_starts_fast(package: Path) -> None:
    """A fresh interpreter that lints a package has imported no heavy library. (pydantic is typer's.)"""
    script = (
        "import sys\nfrom mixpeek_orchestration.cli.main import app\n"
        "try:\n    app(['plugin', 'lint', sys.argv[1]])\nexcept SystemExit:\n    pass\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(package)], capture_output=True, text=True, check=True
    )
    assert run.stderr.strip() == "[]"

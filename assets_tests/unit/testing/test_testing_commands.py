"""`mixpeek plugin test`, `plugin validate` and the older flat commands, without Ray."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from mixpeek_orchestration.cli.main import app

from .sample_packages import CORE, MANIFEST, PIPELINE, WRONG, write_package

PLAIN = "metadata = {'name': 'letters', 'version': 'v1'}\ninput_schema = {}\n"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXPEEK_HOME", str(tmp_path / "home"))


def mixpeek(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def document(*arguments: object) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON that the command printed, which is all that it printed."""
    result = mixpeek(*arguments, "--json")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, json.loads(result.stdout)


def names(read: dict[str, Any]) -> list[str]:
    return [check["name"] for check in read["checks"]]


def rules(read: dict[str, Any]) -> set[str]:
    return {finding["rule"] for check in read["checks"] for finding in check["findings"]}


def test_a_correct_package_passes(tmp_path: Path) -> None:
    """One JSON document with every check and what the run cost, and exit code 0."""
    code, read = document("test", write_package(tmp_path), "--mock", "--conformance")
    assert (code, read["ok"]) == (0, True)
    assert names(read)[:8] == [
        "structure",
        "manifest",
        "schemas",
        "pipeline",
        "lint",
        "own tests",
        "realtime",
        "sample run",
    ]
    assert len(names(read)) == 16
    assert read["resources"]["sample_run"]["objects"] == 3
    assert read["resources"]["conformance"]["ms_per_object"] > 0


def test_what_a_package_prints_is_not_in_the_json(tmp_path: Path) -> None:
    """One document is on stdout, whatever the package says while it is read and run."""
    talking = {
        "manifest.py": f"print('reading')\n{dedent(MANIFEST)}",
        "processors/core.py": f"print('importing')\n{dedent(CORE)}",
    }
    result = mixpeek("test", write_package(tmp_path, talking), "--mock", "--json")
    assert json.loads(result.stdout)["ok"]
    assert "reading" in result.stderr
    assert "importing" in result.stderr


def test_people_get_a_mark_and_a_line_for_each_check(tmp_path: Path) -> None:
    """Good checks have a tick, failed ones a cross with the findings below, and the last line is the verdict."""
    good = mixpeek("test", "--plugin", write_package(tmp_path), "--mock")
    assert good.exit_code == 0
    assert "✓ structure: manifest.py, pipeline.py" in good.stdout
    assert good.stdout.splitlines()[-1] == "all checks hold"
    wrong = mixpeek("test", write_package(tmp_path, WRONG["order"]), "--mock", "--conformance")
    assert wrong.exit_code == 1
    assert "✗ conformance: order" in wrong.stdout
    assert "pipeline.py:0: error TEST103" in wrong.stdout
    assert wrong.stdout.splitlines()[-1] == "1 of 16 checks fail: conformance: order"


def test_a_failing_own_test_fails_the_command(tmp_path: Path) -> None:
    """The exit code is 1 and the end of what pytest printed is shown, without being asked for."""
    package = write_package(tmp_path, {"tests/test_it.py": "def test_it():\n    assert 'seen' == 'other'\n"})
    result = mixpeek("test", package, "--mock")
    assert result.exit_code == 1
    assert "✗ own tests: 1 failed" in result.stdout
    assert "assert 'seen' == 'other'" in result.stdout


@pytest.mark.parametrize(
    "command", [["plugin", "validate", "-p"], ["validate", "--plugin"], ["plugin", "validate"]]
)
def test_validate_runs_neither_steps_nor_tests(command: list[str], tmp_path: Path) -> None:
    """Structure, manifest, schemas, pipeline and lint are looked at, and a test that would fail is not run."""
    package = write_package(tmp_path, {"tests/test_it.py": "def test_it():\n    assert False\n"})
    code, read = document(*command, package)
    assert (code, names(read)) == (0, ["structure", "manifest", "schemas", "pipeline", "lint"])


@pytest.mark.parametrize(
    ("changed", "rule", "file"),
    [
        ({"manifest.py": "raise RuntimeError('no weights')"}, "TEST002", "manifest.py"),
        ({"manifest.py": MANIFEST.replace("input_schema=Input", "input_schema=7")}, "TEST003", "manifest.py"),
        ({"manifest.py": PLAIN.replace("= {}", "= 7")}, "TEST003", "manifest.py"),
        ({"pipeline.py": "def build_steps(request): return {'steps': []}"}, "TEST004", "pipeline.py"),
        ({"pipeline.py": "def build_steps(:"}, "TEST004", "pipeline.py"),
    ],
)
def test_a_broken_package_fails_with_rule_and_file(
    changed: dict[str, str], rule: str, file: str, tmp_path: Path
) -> None:
    """What cannot be read or built is one finding with its file and a fix; later checks are left out."""
    code, read = document("plugin", "test", write_package(tmp_path, changed))
    assert (code, read["ok"]) == (1, False)
    (finding,) = [f for check in read["checks"] for f in check["findings"] if f["rule"] == rule]
    assert finding["file"] == file
    assert finding["fix"]
    assert "sample run" not in names(read)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A folder without pipeline.py fails its structure."""
    package = write_package(tmp_path)
    (package / "pipeline.py").unlink()
    code, read = document("plugin", "validate", package)
    assert code == 1
    assert read["checks"][0]["findings"][0] == {
        "rule": "TEST001",
        "severity": "error",
        "file": "pipeline.py",
        "line": 0,
        "message": "The package 'letters' has no pipeline.py.",
        "fix": "Add pipeline.py at the top of the package folder.",
    }


def test_what_lint_finds_fails_the_test(tmp_path: Path) -> None:
    """A security finding is an error here as in lint."""
    code, read = document(
        "plugin",
        "validate",
        write_package(tmp_path, {"pipeline.py": "import subprocess\n" + dedent(PIPELINE)}),
    )
    lint = next(check for check in read["checks"] if check["name"] == "lint")
    assert (code, lint["ok"]) == (1, False)
    assert "subprocess" in lint["findings"][0]["message"]


def test_sample_data_is_what_is_run(tmp_path: Path) -> None:
    """A file, or JSON on the command line, takes the place of the generated sample."""
    package, file = write_package(tmp_path), tmp_path / "samples.csv"
    file.write_text("text,metadata.source\nSample text 1,test\nSample text 2,test\n")
    _, read = document("test", package, "--mock", "-s", file)
    assert read["checks"][-1]["message"].startswith("samples.csv: 2 objects → 2 documents")
    _, read = document("test", package, "--mock", "--input", '{"text": "one"}')
    assert read["checks"][-1]["message"].startswith("the input: 1 object → 1 document")


def test_sample_data_that_cannot_be_used_fails_its_check(tmp_path: Path) -> None:
    """The finding is about the file, and nothing is run."""
    file = tmp_path / "samples.json"
    file.write_text("[]")
    code, read = document("test", write_package(tmp_path), "--mock", "-s", file)
    assert code == 1
    assert names(read)[-1] == "sample data"
    assert rules(read) == {"TEST012"}


def test_options_of_older_versions_say_that_they_change_nothing(tmp_path: Path) -> None:
    """They are accepted, and stderr says that a test is local and offline."""
    given = [
        "--local-stack",
        "--environment",
        "production",
        "--namespace-id",
        "ns",
        "--api-key",
        "k",
        "--api-url",
        "u",
    ]
    result = mixpeek("test", write_package(tmp_path), "--mock", "--json", *given)
    assert json.loads(result.stdout)["ok"]
    assert [line.split()[0] for line in result.stderr.splitlines() if "changes nothing" in line] == [
        "--local-stack",
        "--environment",
        "--namespace-id",
        "--api-key",
        "--api-url",
    ]


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    """A folder or file that is not there, two folders, and input that is not JSON are usage errors."""
    package = write_package(tmp_path)
    assert mixpeek("plugin", "test", tmp_path / "gone").exit_code == 2
    assert mixpeek("plugin", "test", package, "-p", tmp_path).exit_code == 2
    assert mixpeek("plugin", "test", package, "-s", tmp_path / "gone.json").exit_code == 2
    assert mixpeek("test", package, "--input", "{").exit_code == 2
    assert mixpeek("test", package, "--input", "[1]").exit_code == 2

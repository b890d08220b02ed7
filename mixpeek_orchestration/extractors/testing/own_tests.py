"""The package's own tests, run by pytest in a process of their own, with the documented imports working."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from mixpeek_orchestration.extractors.testing import rules
from mixpeek_orchestration.extractors.testing.report import Check, judged

PLUGIN: Final = "mixpeek_orchestration.extractors.testing.plugin"
CHECK: Final = "own tests"
_NOTHING_COLLECTED: Final = 5
_TIMEOUT_S: Final = 900.0


def check_own_tests(folder: Path, *, python: str = "", timeout_s: float = _TIMEOUT_S) -> Check:
    """Fails when one of the tests in the package's `tests` folder fails, or when they cannot be run. `python` is the
    interpreter that has the package's dependencies, where ours has not."""
    if not _has_tests(folder):
        return judged(CHECK, "the package has none")
    if find_spec("pytest") is None:
        return judged(
            CHECK, rules.NO_PYTEST.what, [rules.NO_PYTEST.finding("pytest is not installed.", file="tests")]
        )
    try:
        done = subprocess.run(
            _command(folder, python or sys.executable),
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        finding = rules.OWN_TESTS.finding(f"pytest did not end within {timeout_s:g} s.", file="tests")
        return Check(CHECK, False, "timed out", (finding,), _text(error.output))
    return _judged(done.returncode, done.stdout)


def _command(folder: Path, python: str) -> list[str]:
    options = [
        "-q",
        "-p",
        PLUGIN,
        "-p",
        "no:cacheprovider",
        f"--mixpeek-package={folder}",
        f"--rootdir={folder}",
    ]
    return [python, "-m", "pytest", *options, "tests"]


def _environment() -> dict[str, str]:
    """Without traces of a pytest around this one, and without bytecode in the author's folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1"}


def _has_tests(folder: Path) -> bool:
    return any((folder / "tests").rglob("test_*.py")) or any((folder / "tests").rglob("*_test.py"))


def _judged(code: int, output: str) -> Check:
    summary = next((line.strip("= ") for line in reversed(output.splitlines()) if line.strip()), "")
    if code in (0, _NOTHING_COLLECTED):
        return Check(CHECK, True, summary, (), output)
    failures = [line for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    findings = [
        rules.OWN_TESTS.finding(line.partition(" ")[2], file=line.partition(" ")[2].partition("::")[0])
        for line in failures
    ]
    findings = findings or [rules.OWN_TESTS.finding(f"pytest ended with {code}: {summary}", file="tests")]
    return Check(CHECK, False, summary, tuple(findings), output)


def _text(output: str | bytes | None) -> str:
    return output.decode(errors="replace") if isinstance(output, bytes) else output or ""

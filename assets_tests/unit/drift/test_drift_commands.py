"""`mixpeek drift`, `failures` and `replay` as a person types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from assets_tests.unit.drift.conftest import Vandal

Typed = Callable[..., Result]


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Runs a command line on the lab's home."""
    from mixpeek_orchestration.cli.main import app

    monkeypatch.setenv("MIXPEEK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MIXPEEK_EXTRACTOR_PATHS", str(tmp_path / "packages"))
    return lambda *words: CliRunner().invoke(app, list(words))


def test_drift_is_shown_and_healed(vandal: Vandal, typed: Typed) -> None:
    """The first word may be a collection or `heal`; a difference is exit code 1, and healing says what it did."""
    assert typed("drift").exit_code == 0
    vandal.table.delete("text = 'uno'")
    shown = typed("drift", vandal.collection.name)
    assert shown.exit_code == 1
    assert "(Delete) was not made by us" in shown.output
    assert "mixpeek drift heal lines restores version 2" in shown.output
    [told] = json.loads(typed("drift", "--json").output)
    assert told["cure"] == {"action": "restore", "version": 2}
    healed = typed("drift", "heal", "--now")
    assert (healed.exit_code, "version 2 is restored" in healed.output) == (0, True)
    assert "every table is as we left it" in typed("drift", "show").output


def test_a_gone_table_is_filled_by_the_command(vandal: Vandal, typed: Typed) -> None:
    """`--now` runs the batch that healing submits."""
    vandal.drop()
    healed = typed("drift", "heal", "lines", "--now")
    assert healed.exit_code == 0, healed.output
    assert "extracts what is missing of 4 objects" in healed.output
    assert len(vandal.texts) == 5


def test_failures_are_listed_and_replayed(vandal: Vandal, typed: Typed) -> None:
    """Groups, the newest failures with what their object is called, the command that tries again, and its result."""
    vandal.write("POISON one", "fine")
    shown = typed("failures", "lines").output
    assert "lines: 1 item with an open failure" in shown
    assert "1 item: ValueError, in step WordVectors, word_vectors_v1, permanent" in shown
    assert "of path:POISON one row 0" in shown
    [told] = json.loads(typed("failures", "--json", "--by", "class").output)
    assert (told["items"], told["groups"][0]["error_class"]) == (1, "ValueError")
    assert told["failures"][0]["object_key"] == "path:POISON one"
    replayed = typed("replay", "lines", "--class", "ValueError", "--now")
    assert replayed.exit_code == 1
    assert "tries 1 item again" in replayed.output
    assert "tried 2 times" in typed("failures", "lines", "--all").output
    assert typed("replay", "lines").exit_code == 1

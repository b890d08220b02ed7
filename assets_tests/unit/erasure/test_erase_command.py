"""`mixpeek erase` and `mixpeek index`, as their user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assets_tests.unit.erasure.conftest import everywhere
from assets_tests.unit.tiers.lab import TierLab
from mixpeek_orchestration.cli.main import app


@pytest.fixture
def cli(home: Path, lab: TierLab, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("MIXPEEK_HOME", str(home))
    monkeypatch.setenv("MIXPEEK_EXTRACTOR_PATHS", str(lab.packages))
    return CliRunner()


@everywhere
def test_an_object_is_erased_and_shown(cli: CliRunner, lab: TierLab) -> None:
    """The command finds the bucket by itself, also of a deleted object, and prints the proof; `--show` prints it again."""
    bucket = lab.bucket("texts")
    lab.collection("upper", [bucket])
    secret = lab.put(bucket, "secret", "to be forgotten")
    lab.process(bucket)
    lab.delete(bucket, secret)
    done = cli.invoke(app, ["erase", secret, "--reason", "asked by letter"])
    assert done.exit_code == 0, done.output
    assert "COMPLETED" in done.output
    assert "reason: asked by letter" in done.output
    assert "0 before, 0 now: catalog." in done.output
    assert "not covered: backups, replicas and archived logs of the catalog" in done.output
    shown = cli.invoke(app, ["erase", secret, "--show", "--json"])
    proof = json.loads(shown.output)
    assert proof["status"] == "COMPLETED"
    assert proof["tables"][0]["rows_decoded_before"] >= 1
    assert len(proof["not_covered"]) == 4


def test_an_unknown_object_is_an_error(cli: CliRunner) -> None:
    """Nothing is erased, and the exit code says so."""
    done = cli.invoke(app, ["erase", "obj_" + "0" * 24])
    assert done.exit_code != 0


@everywhere
def test_indexes_are_shown_and_tended(cli: CliRunner, lab: TierLab) -> None:
    """Without `--now` the state and what is to be done are printed; with it that is done, and printed."""
    bucket = lab.bucket("texts")
    collection = lab.collection("upper", [bucket])
    for number in range(11):
        lab.process(bucket, [lab.put(bucket, f"file_{number}", f"words {number}")])
    status = cli.invoke(app, ["index", "upper"])
    assert "11 rows" in status.output
    assert "to do: compact: 11 of 11 fragments are small" in status.output
    done = cli.invoke(app, ["index", "upper", "--now"])
    assert done.exit_code == 0, done.output
    assert "1 fragments" in done.output
    facts = lab.warehouse.documents.upkeep.facts(lab.warehouse.collections.generation(collection).table)
    assert facts is not None
    assert facts.fragments == 1

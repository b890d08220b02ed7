"""The commands of an extractor's lifecycle against a real server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from assets_tests.api.conftest import Api
from assets_tests.api.publishing import package
from assets_tests.embedding_packages import written
from mixpeek_orchestration.cli.main import app

Run = Callable[..., Result]


@pytest.fixture
def run(api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """`mixpeek …` with key, namespace and address in the environment, as documented."""
    monkeypatch.setenv("MIXPEEK_API_KEY", api.key)
    monkeypatch.setenv("MIXPEEK_NAMESPACE", "testing")
    monkeypatch.setenv("MIXPEEK_API_URL", api.url)
    monkeypatch.setenv("MIXPEEK_HOME", str(tmp_path / "home"))

    def invoke(*words: str | Path, code: int = 0) -> Result:
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert done.exit_code == code, done.output
        return done

    return invoke


def document(done: Result) -> Any:
    """What `--json` printed."""
    return json.loads(done.stdout)


def test_from_a_folder_to_a_rolled_back_version(run: Run, tmp_path: Path) -> None:
    """Push, push again, deploy, log, status, diff, rollback, pull and delete, each telling what it did."""
    folder = written(tmp_path / "tides", package("tides"))
    first = document(run("plugin", "push", folder, "-m", "the first", "--json"))
    assert (first["success"], first["plugin_id"]) == (True, "tides_1_0_0")
    again = document(run("plugin", "push", folder, "--json"))
    assert again["plugin_id"] == "tides_1_0_0"

    written(folder, package("tides", factor=2.0))
    assert "tides_1_0_1" in run("plugin", "push", "-p", folder, "-m", "twice as much").stdout
    log = run("plugin", "log", "tides").stdout
    assert log.index("tides_1_0_1") < log.index("twice as much") < log.index("the first")

    for version in ("tides@1.0.0", "tides_1_0_1"):
        assert document(run("plugin", "deploy", version, "--batch-only", "--json"))["status"] == "deployed"
    assert "tides_1_0_1: deployed (active)" in run("plugin", "status", "tides").stdout
    diff = run("plugin", "diff", "tides", "1.0.0", "1.0.1").stdout
    assert "-    return [scale * 1.0, scale * len(text), 1.0, 0.0]" in diff
    assert "+    return [scale * 2.0, scale * len(text), 1.0, 0.0]" in diff
    assert "no difference" in run("plugin", "diff", "tides", "1.0.1", folder).stdout

    assert document(run("plugin", "rollback", "tides", "--json"))["plugin_id"] == "tides_1_0_0"
    assert run("plugin", "log", "tides").stdout.count("deployed 20") == 2
    pulled = tmp_path / "pulled"
    run("plugin", "pull", "tides", pulled)
    assert (pulled / "processors" / "core.py").read_text() == package("tides")["processors/core.py"]
    run("plugin", "pull", "tides@1.0.1", pulled, code=2)
    assert "used by" in run("plugin", "delete", "tides_1_0_0", code=3).stderr
    run("plugin", "undeploy", "tides_1_0_1")
    assert "deleted" in run("plugin", "delete", "tides_1_0_1").stdout


def test_publish_asks_for_an_endpoint(run: Run, tmp_path: Path) -> None:
    """Publishing is pushing and deploying; without waiting it ends once the endpoint was asked for."""
    folder = written(tmp_path / "waves", package("waves"))
    done = document(run("plugin", "publish", folder, "--no-wait", "--json"))
    assert done["plugin_id"] == "waves_1_0_0"
    assert done["deployment"]["status"] in {"queued", "pending", "in_progress"}


def test_a_dry_run_sends_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dry run checks and packs without a server."""
    monkeypatch.setenv("MIXPEEK_API_URL", "http://127.0.0.1:1")
    folder = written(tmp_path / "dry", package("dry"))
    done = document(run("plugin", "publish", folder, "--dry-run", "--json"))
    assert (done["dry_run"], done["name"], done["version"]) == (True, "dry", "1.0.0")


def test_a_bad_package_stays_here(run: Run, tmp_path: Path) -> None:
    """Errors are found before anything is sent, and end the command with 1."""
    files = package("bad")
    files["processors/core.py"] = "import subprocess\n" + files["processors/core.py"]
    folder = written(tmp_path / "bad", files)
    done = document(run("plugin", "push", folder, "--json", code=1))
    assert done["success"] is False
    assert any(one["file"] == "processors/core.py" for one in done["findings"])
    told = run("plugin", "publish", folder, code=1).stdout
    assert "processors/core.py:1:" in told
    assert "Not published" in told


def test_a_published_version_is_not_published_again(run: Run, tmp_path: Path) -> None:
    """Other content for a version that is published is refused by the server: 3, with what to do."""
    folder = written(tmp_path / "fixed", package("fixed"))
    run("plugin", "push", folder)
    written(folder, package("fixed", factor=4.0))
    refused = run("plugin", "push", folder, "--version", "1.0.0", code=3)
    assert "conflict" in refused.stderr
    assert "fix:" in refused.stderr


def test_the_older_push(run: Run, api: Api, tmp_path: Path) -> None:
    """`mixpeek push` takes the options of the older command line."""
    folder = written(tmp_path / "older", package("older"))
    options = (
        "--namespace-id",
        "testing",
        "--api-key",
        api.key,
        "--api-url",
        api.url,
        "--description",
        "old",
    )
    done = document(run("push", "--plugin", folder, *options, "--no-deploy", "--json"))
    assert done["plugin_id"] == "older_1_0_0"


def test_list_by_source(run: Run, tmp_path: Path) -> None:
    """The list is a table, by source where one is named."""
    run("plugin", "push", written(tmp_path / "listed", package("listed")))
    everything = run("plugin", "list").stdout
    assert everything.splitlines()[0].split() == ["NAME", "VERSION", "SOURCE", "DEPLOYED", "DESCRIPTION"]
    assert "word_vectors" in everything
    custom = document(run("plugin", "list", "--source", "custom", "--json"))["extractors"]
    assert "listed" in {one["feature_extractor_name"] for one in custom}
    assert {one["source"] for one in custom} == {"custom"}
    run("plugin", "list", "-s", "elsewhere", code=2)


@pytest.mark.parametrize("command", ["status", "deploy", "undeploy", "pull", "delete", "rollback"])
def test_what_was_never_published(run: Run, command: str) -> None:
    """A name that nobody published is refused by the server."""
    assert "nobody" in run("plugin", command, "nobody", code=3).stderr


def test_the_log_of_nothing(run: Run) -> None:
    """A name without versions has no log, which is not an empty one."""
    run("plugin", "log", "nobody", code=3)

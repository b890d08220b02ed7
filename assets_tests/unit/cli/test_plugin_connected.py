"""What the commands that talk to the API share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from mixpeek_orchestration.cli.main import app
from mixpeek_orchestration.cli.plugin.client import ServerRefused
from mixpeek_orchestration.cli.plugin.connected import Name, Session, connected, exit_code
from mixpeek_orchestration.core.errors import Conflict, InvalidInput, InvalidPackage, MixpeekError, NotReady

NOBODY = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key and no stack of the machine that runs the tests."""
    for name in ("MIXPEEK_API_KEY", "MIXPEEK_NAMESPACE", "MIXPEEK_BASE_URL", "MIXPEEK_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MIXPEEK_HOME", str(tmp_path))


def app_of(command: Callable[..., None]) -> typer.Typer:
    """A program with one command of a group."""
    made = typer.Typer(rich_markup_mode=None)
    made.callback()(lambda: None)
    made.command("run")(connected(command))
    return made


def test_options_and_arguments_arrive() -> None:
    """The command gets its own parameters, and a session made of the shared ones."""
    seen: dict[str, Any] = {}

    def command(session: Session, name: Name, loud: bool = False) -> None:
        seen.update(name=name, loud=loud, key=session.api_key, namespace=session.namespace)
        session.answer({"name": name}, ["told"])

    done = CliRunner().invoke(
        app_of(command), ["run", "words@1", "--loud", "--api-key", "sk_1", "--namespace-id", "ns_1"]
    )
    assert (done.exit_code, done.stdout) == (0, "told\n"), done.output
    assert seen == {"name": "words@1", "loud": True, "key": "sk_1", "namespace": "ns_1"}


def test_json_is_one_document_on_stdout() -> None:
    """With --json stdout is the document, and what is said on the way goes to stderr."""

    def command(session: Session) -> None:
        session.say("on the way")
        session.answer({"a": 1}, ["told"])

    done = CliRunner().invoke(app_of(command), ["run", "--json"])
    assert json.loads(done.stdout) == {"a": 1}
    assert "on the way" in done.stderr


def test_an_error_is_told_with_field_and_fix() -> None:
    """A refusal of the server is shown as it answered, and ends with 3."""

    def command(_: Session) -> None:
        details = {"field": "plugin_id", "value": "words", "fix": "Publish it.", "extra": 1}
        raise ServerRefused(404, {"message": "Nothing there.", "code": "not_found", "details": details})

    done = CliRunner().invoke(app_of(command), ["run"])
    assert done.exit_code == 3
    for part in ("Error (not_found): Nothing there.", "field: plugin_id", "value: words", "fix: Publish it."):
        assert part in done.stderr
    as_json = CliRunner().invoke(app_of(command), ["run", "--json"])
    answer = json.loads(as_json.stdout)
    assert (answer["success"], answer["status"], answer["error"]["code"]) == (False, 404, "not_found")
    assert answer["error"]["details"]["extra"] == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidPackage("broken"), 1),
        (Conflict("there"), 1),
        (InvalidInput("misused"), 2),
        (NotReady("away"), 3),
        (ServerRefused(422, {"message": "no"}), 3),
    ],
)
def test_exit_codes(error: MixpeekError, code: int) -> None:
    """1 is a package that is not good, 2 a command that was called wrongly, 3 a server that refuses or is away."""
    assert exit_code(error) == code


def test_no_key_is_a_usage_error() -> None:
    """Without a key nothing is sent, and the command says how to get one."""
    done = CliRunner().invoke(app, ["plugin", "list"])
    assert done.exit_code == 2
    assert "MIXPEEK_API_KEY" in done.stderr


@pytest.mark.parametrize("placed", [["plugin", "--api-key", "k", "--base-url", NOBODY, "list"],
                                    ["plugin", "list", "--api-key", "k", "--api-url", NOBODY]])  # fmt: skip
def test_a_server_that_is_away(placed: list[str]) -> None:
    """Key and address may stand before the command or after it; a server that cannot be reached is a 3."""
    done = CliRunner().invoke(app, placed)
    assert done.exit_code == 3
    assert NOBODY in done.stderr


def test_the_home_of_a_folder_above_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a package's folder the stack of a folder above is used."""
    monkeypatch.delenv("MIXPEEK_HOME")
    (tmp_path / ".mixpeek").mkdir()
    stored = {"api_key": "sk_above", "namespace": "default", "base_url": NOBODY}
    (tmp_path / ".mixpeek" / "credentials.json").write_text(json.dumps(stored))
    (tmp_path / "packages" / "words").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "packages" / "words")
    done = CliRunner().invoke(app, ["plugin", "list"])
    assert done.exit_code == 3
    assert NOBODY in done.stderr

"""`mixpeek secrets …` and `mixpeek model …`, in a home of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mixpeek_orchestration.cli.main import app

HEADER = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
WEIGHTS = len(HEADER).to_bytes(8, "little") + HEADER + b"\0\0\0\0"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty home, and nothing of the caller's environment."""
    for name in ("MIXPEEK_NAMESPACE", "MIXPEEK_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MIXPEEK_HOME", str(tmp_path / "home"))


def run(*arguments: str, stdin: str | None = None) -> Result:
    """What a command did."""
    return CliRunner().invoke(app, list(arguments), input=stdin)


def document(result: Result) -> dict[str, object]:
    """The one JSON document of a command that went well."""
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_the_life_of_a_secret() -> None:
    """Set from an argument and from stdin, listed by name only, deleted once."""
    assert document(run("secrets", "set", "A", "value-of-a", "--json"))["secret_name"] == "A"
    assert run("secrets", "set", "B", stdin="value-of-b\n").exit_code == 0
    listed = run("secrets", "list", "--json")
    assert document(listed) == {"secrets": ["A", "B"], "count": 2}
    assert "value-of" not in listed.output
    assert document(run("secrets", "rotate", "--json")) == {"rotated": 2}
    assert run("secrets", "delete", "A").exit_code == 0
    assert run("secrets", "delete", "A").exit_code == 1
    assert run("secrets", "list").output == "B\n"


def test_an_empty_secret_is_refused() -> None:
    """Nothing on stdin sets nothing."""
    assert run("secrets", "set", "A", stdin="").exit_code == 1
    assert document(run("secrets", "list", "--json"))["count"] == 0


def test_a_value_from_stdin_keeps_its_line_breaks(tmp_path: Path) -> None:
    """A service account is JSON over many lines; only the last line break is the shell's."""
    from mixpeek_orchestration.cli.local import local_warehouse

    run("secrets", "set", "ACCOUNT", "-", stdin='{\n "a": 1\n}\n')
    with local_warehouse() as warehouse:
        assert warehouse.secrets.value("ACCOUNT") == '{\n "a": 1\n}'
    assert (tmp_path / "home" / "secret.key").stat().st_mode & 0o077 == 0


def test_the_life_of_a_model(tmp_path: Path) -> None:
    """Pushed as a file and as a folder, the second as the next patch; listed, deleted by version."""
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    first = document(run("model", "push", "ranker", str(folder / "model.safetensors"), "--json"))
    second = document(run("model", "push", "ranker", str(folder), "--json"))
    assert (first["model_id"], second["model_id"]) == ("ranker_1_0_0", "ranker_1_0_1")
    assert first["digest"] == second["digest"]
    assert run("model", "push", "ranker", str(folder), "--version", "1.0.1").exit_code == 1
    assert document(run("model", "delete", "ranker@1.0.0", "--json"))["deleted"] is True
    listed = document(run("model", "list", "--json"))["models"]
    assert [model["model_id"] for model in listed] == ["ranker_1_0_1"]  # type: ignore[attr-defined, index]


def test_a_file_of_an_unknown_format_is_refused(tmp_path: Path) -> None:
    """The error says how to name the format; a wrong one is refused by the content."""
    path = tmp_path / "weights.dat"
    path.write_bytes(b"hello")
    assert "--format" in run("model", "push", "x", str(path)).output
    assert run("model", "push", "x", str(path), "--format", "onnx").exit_code == 1
    assert run("model", "list").output == "There are no models.\n"

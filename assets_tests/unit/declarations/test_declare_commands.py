"""`mixpeek apply`, `diff`, `export`, `validate` and `lint`, as people and programs see them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from assets_tests.unit.declarations.notes import NOTES, PACKAGES
from mixpeek_orchestration.cli.main import app

MODULE = """
from mixpeek_orchestration.declared import Bucket, Collection
notes = Bucket("notes", {"body": "text"})
lines = Collection("lines", notes, "word_vectors@v1")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a manifest and no home yet."""
    monkeypatch.setenv("MIXPEEK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MIXPEEK_EXTRACTOR_PATHS", str(PACKAGES))
    monkeypatch.chdir(tmp_path)
    write(NOTES)
    return tmp_path


def write(data: dict[str, Any], name: str = "mixpeek.yaml") -> None:
    Path(name).write_text(yaml.safe_dump(data, sort_keys=False))


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    return result


def document(*arguments: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments, "--json", code=code).stdout)
    return found


def test_a_manifest_from_first_apply_to_pruning(folder: Path) -> None:
    """Created, unchanged, changed field by field, gone, removed: what is told is what happens, in both forms."""
    assert [c["action"] for c in document("diff", "--exit-code", code=1)["changes"]] == ["create"] * 4
    assert document("apply", "--dry-run")["applied"] is False
    assert run("apply").stdout.endswith("applied 4 changes\n")
    assert run("diff", "--exit-code").stdout.endswith("nothing changed\n")
    edited = copy.deepcopy(NOTES)
    edited["collections"][1]["description"] = "twice"
    edited["retrievers"] = []
    write(edited)
    told = run("diff").stdout
    assert "~ collection again (update)\n    description: 'twice' (added)" in told
    assert "! retriever search (not declared any more; --prune removes it)" in told
    assert document("apply")["applied"] is True
    assert [c["action"] for c in document("apply", "--prune")["changes"]][-1] == "remove"
    assert len((folder / "home/snapshots/current.json").read_text()) > 100


def test_an_export_applies_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Printed, written or as JSON; another home that applies it exports the same, hash included."""
    run("apply")
    run("export", "--output", "exported.yaml")
    printed = run("export").stdout
    assert Path("exported.yaml").read_text() == printed
    assert printed.startswith("# content hash: ")
    assert document("export")["collections"][0]["collection_name"] == "lines"
    monkeypatch.setenv("MIXPEEK_HOME", str(folder / "other"))
    run("apply", "exported.yaml")
    assert run("export").stdout == printed


def test_a_module_is_applied_and_owned_by_python(folder: Path) -> None:
    """It may not change what the file declared, until it takes that over."""
    run("apply")
    (folder / "declared.py").write_text(MODULE + 'more = Bucket("more", {"t": "text"}, description="new")\n')
    assert {c["action"] for c in document("apply", "declared.py")["changes"]} == {"create", "unchanged"}
    (folder / "declared.py").write_text(MODULE.replace('"text"})', '"text"}, description="mine")'))
    refused = document("apply", "declared.py", code=3)
    assert (refused["status"], refused["error"]["code"]) == (409, "managed_elsewhere")
    assert refused["error"]["details"]["value"] == "yaml"
    told = document("apply", "declared.py", "--take-over")["changes"]
    assert [(c["name"], c["action"]) for c in told[:2]] == [("notes", "update"), ("lines", "take over")]


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        ("namespace: default\nbuckets:\n- bucket_name: a\n", "INVALID_INPUT", 3),
        ("namespace: default\ncolour: red\n", "EXTRA_FORBIDDEN", 2),
        (
            "collections:\n- collection_name: c\n  source:\n    type: bucket\n    bucket_ids: [none]\n"
            "  feature_extractor: {feature_extractor_name: word_vectors}\n",
            "NOT_FOUND",
            5,
        ),
        (
            "buckets:\n- bucket_name: b\n  bucket_schema: {properties: {t: {type: text}}}\n"
            "collections:\n- collection_name: c\n  source: {type: bucket, bucket_ids: [b]}\n  feature_extractor:\n"
            "    feature_extractor_name: word_vectors\n    input_mappings:\n      text: tt\n",
            "INVALID_INPUT",
            10,
        ),
        ("buckets: [\n", "INVALID_INPUT", 0),
    ],
)
def test_validation_names_file_and_line(folder: Path, text: str, rule: str, line: int) -> None:
    """Without a server or a home, which is not made either; what would be refused has a rule, a place and a fix."""
    Path("mixpeek.yaml").write_text(text)
    answer = document("validate", code=1)
    found = [(one["rule"], one["file"], one["line"]) for one in answer["findings"]]
    assert found == [(rule, "mixpeek.yaml", line)]
    assert answer["passed"] is False
    assert answer["findings"][0]["message"]
    assert not (folder / "home").exists()


@pytest.mark.usefixtures("folder")
def test_validation_tells_everything_once() -> None:
    """Two independent mistakes are two findings; what hangs on one of them is not a third."""
    broken = copy.deepcopy(NOTES)
    broken["collections"][0]["feature_extractor"]["feature_extractor_name"] = "no_such"
    broken["buckets"].append({**NOTES["buckets"][0], "bucket_name": "Notes"})
    write(broken)
    answer = document("validate", code=1)
    assert sorted(one["rule"] for one in answer["findings"]) == ["INVALID_INPUT", "NAME_CONFLICT"]
    assert "mixpeek.yaml:" in run("validate", code=1).stdout


def test_validation_knows_what_the_home_holds(folder: Path) -> None:
    """A file may read what was declared before; trying it changes nothing."""
    run("apply")
    write({"collections": [NOTES["collections"][0] | {"collection_name": "other"}]}, "more.yaml")
    assert document("validate", "more.yaml") == {"passed": True, "findings": []}
    (folder / "declared.py").write_text(MODULE.replace("body", "text"))
    assert document("validate", "declared.py", code=1)["findings"][0]["rule"] == "MANAGED_ELSEWHERE"
    assert {c["action"] for c in document("diff")["changes"]} == {"unchanged"}


@pytest.mark.usefixtures("folder")
def test_lint_tells_what_looks_wrong() -> None:
    """Each rule has a place and a fix; warnings pass unless they are to count."""
    data = copy.deepcopy(NOTES)
    data["buckets"].append({**NOTES["buckets"][0], "bucket_name": "spare"})
    data["collections"].append({**NOTES["collections"][0], "collection_name": "unseen", "enabled": False})
    data["collections"].append(
        {
            "collection_name": "below",
            "source": {"type": "collection", "collection_ids": ["unseen"]},
            "feature_extractor": {"feature_extractor_name": "word_vectors"},
        }
    )
    data["retrievers"][0]["input_schema"]["size"] = {"type": "integer"}
    free = {**NOTES["retrievers"][0], "retriever_name": "free"}
    data["retrievers"].append({key: value for key, value in free.items() if key != "input_schema"})
    write(data)
    text = Path("mixpeek.yaml").read_text().splitlines()
    findings = document("lint")["findings"]
    assert {one["rule"]: text[one["line"] - 1].strip() for one in findings} == {
        "UNUSED_BUCKET": "- bucket_name: spare",
        "UNUSED_COLLECTION": "- collection_name: below",
        "DISABLED_SOURCE": "source:",
        "UNPINNED_VERSION": "feature_extractor:",
        "UNUSED_INPUT": "size:",
        "MISSING_INPUT_SCHEMA": "- retriever_name: free",
    }
    assert all(one["fix"] for one in findings)
    run("lint", "--strict", code=1)
    write(NOTES)
    assert document("lint", "--strict")["findings"] == []


@pytest.mark.usefixtures("folder")
def test_unused_properties_and_inputs_are_told() -> None:
    """A property that no mapping, passthrough or unique key names reaches no collection."""
    data = copy.deepcopy(NOTES)
    properties = data["buckets"][0]["bucket_schema"]["properties"]
    properties |= {name: {"type": "string"} for name in ("key", "carried", "lost")}
    data["buckets"][0]["unique_key"] = {"fields": ["key"]}
    data["collections"][0]["feature_extractor"] |= {
        "input_mappings": {"text": "body"},
        "field_passthrough": [{"source_path": "carried"}],
    }
    write(data)
    (finding,) = document("lint")["findings"]
    assert (finding["rule"], finding["severity"]) == ("UNUSED_PROPERTY", "note")
    assert "'lost'" in finding["message"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", ["apply", "diff", "validate", "lint"])
@pytest.mark.parametrize("source", ["none.yaml", "none.py"])
def test_a_source_that_is_not_there_is_wrong_usage(command: str, source: str) -> None:
    """Exit code 2, as for every command that was called wrongly."""
    assert document(command, source, code=2)["error"]["code"] == "source_missing"


@pytest.mark.usefixtures("folder")
def test_a_package_is_validated_by_the_same_command() -> None:
    """A folder is an extractor package, as it was before declarations could be validated."""
    assert "word_vectors" in run("validate", str(PACKAGES / "word_vectors")).output

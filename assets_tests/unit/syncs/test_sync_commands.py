"""`mixpeek sync …` as it is typed."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from assets_tests.unit.syncs.conftest import Followed
from mixpeek_orchestration.cli.main import app


def test_a_sync_is_added_run_looked_at_and_removed(followed: Followed, typed: CliRunner) -> None:
    """A place names its sync; a bad file shows as a dead letter and can be retried; exit code 2 says that one failed."""
    followed.write("a.md", "alpha")
    followed.write("bad.md", b"\xff\xfe")
    followed.write("draft.tmp", "no")
    place = str(followed.folder)

    def sync(*words: str) -> Result:
        return typed.invoke(app, ["sync", *words])

    added = sync("add", "docs", place, "--include", "*.md", "--every", "60")
    assert (added.exit_code, "docs follows" in added.output) == (0, True), added.output
    ran = sync("run", place)
    assert (ran.exit_code, "1 synced" in ran.output, "1 failed" in ran.output) == (2, True, True), ran.output
    assert "bad.md: invalid_input after 1 tries, given up" in sync("dead-letters", place).output
    assert "1 files will be tried again" in sync("retry", place, "bad.md").output
    status = sync("status", place).output
    assert ("3 files seen" in status, "next poll: 20" in status) == (True, True), status
    assert "is paused" in sync("pause", place, "--reason", "lunch").output
    status = sync("status", place).output
    assert ("paused: lunch" in status, "next poll: none" in status) == (True, True), status
    assert sync("run", place).exit_code == 1
    assert "is due" in sync("resume", place).output
    assert place in sync("list").output
    assert "is removed" in sync("remove", place).output
    assert "There are no syncs." in sync("list").output
    assert list(followed.objects) == ["a.md"]


def test_ingest_removes_nothing_that_a_sync_brought(followed: Followed, typed: CliRunner) -> None:
    """`--delete` is about the files that were ingested before; the objects of a sync are its own."""
    followed.write("a.md", "alpha")
    followed.run(followed.follow())
    other = followed.folder.parent / "other"
    other.mkdir()
    for name in "bc":
        (other / f"{name}.md").write_text(name)
    ingest = ["ingest", "docs", str(other), "--property", "body"]
    assert "2 created" in typed.invoke(app, ingest).output
    (other / "b.md").unlink()
    assert "1 removed" in typed.invoke(app, [*ingest, "--delete"]).output
    assert sorted(followed.objects) == ["a.md", "c.md"]


def test_retention_wants_an_instance(typed: CliRunner) -> None:
    """Before `mixpeek up` there is nothing to forget."""
    answer = typed.invoke(app, ["retention", "--dry-run"])
    assert (answer.exit_code, "mixpeek up" in answer.output) == (1, True), answer.output

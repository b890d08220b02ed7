"""Runs of syncs over real folders: what is there becomes objects and batches, whatever happens in between."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from assets_tests.unit.syncs.conftest import Followed, Killed
from mixpeek_orchestration.core.errors import (
    Conflict,
    InvalidInput,
    LeaseHeld,
    ManagedElsewhere,
    NotFound,
    NotReady,
)
from mixpeek_orchestration.core.syncs.sync import Listed
from mixpeek_orchestration.stores.sources import FolderSource
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.specs import BucketSpec
from mixpeek_orchestration.warehouse.syncs.specs import SyncSpec, SyncUpdateSpec, spec_of
from mixpeek_orchestration.warehouse.warehouse import Warehouse

PNG = b"\x89PNG\r\n\x1a\nnot much of a picture"


def test_files_become_objects_and_one_batch(followed: Followed) -> None:
    """Texts and pictures go to the property of their type, files without a place are counted, nothing is done twice."""
    followed.collection()
    followed.write("a.md", "alpha")
    followed.write("deep/b.txt", "beta")
    followed.write("c.png", PNG)
    followed.write("d.bin", b"\x00")
    sync = followed.follow(batch_size=2)

    job = followed.run(sync)

    assert (job.status, job.synced, job.skipped, job.failed) == ("completed", 3, 1, 0)
    (batch,) = followed.submitted
    assert sorted(followed.objects_in(batch)) == sorted(followed.objects.values())
    assert batch.metadata["trigger"] == "sync"
    stored = followed.warehouse.objects.get(followed.bucket, followed.objects["c.png"]).blobs[0]
    assert (stored.property, stored.mime_type, stored.size_bytes) == ("picture", "image/png", len(PNG))

    again = followed.run(sync)
    assert (again.synced, again.verified, len(followed.submitted)) == (0, 3, 1)


def test_an_edit_is_submitted_and_a_deletion_removes_the_documents(followed: Followed) -> None:
    """Only what changed is in the next batch; a removal has a batch of its own; a touched file has none."""
    collection = followed.collection()
    for name in ("a", "b", "c"):
        followed.write(f"{name}.md", name)
    sync = followed.follow()
    followed.run(sync)
    before = followed.objects
    followed.write("a.md", "another alpha")
    (followed.folder / "b.md").unlink()
    os.utime(followed.folder / "c.md", (1, 1))

    job = followed.run(sync)

    assert (job.synced, job.verified, job.removed) == (1, 1, 1)
    assert followed.objects == {"a.md": before["a.md"], "c.md": before["c.md"]}
    assert {tuple(followed.objects_in(batch)) for batch in followed.submitted[1:]} == {
        (before["a.md"],),
        (before["b.md"],),
    }
    for batch in followed.submitted:
        followed.warehouse.materialize(collection.collection_id, [batch.batch_id], run_id="test")
    table = followed.warehouse.collections.generation(collection).table
    texts = sorted(row["text"] for row in followed.warehouse.documents.read(table).to_pylist())
    assert texts == ["another alpha", "c"]


def test_files_with_equal_bytes_are_one_object_and_a_copy_takes_over(followed: Followed) -> None:
    """A duplicate gets its object when the original goes; a renamed file has its object before the old one is gone."""
    followed.write("a.md", "same")
    followed.write("b.md", "same")
    sync = followed.follow()
    assert followed.run(sync).skipped == 1
    assert list(followed.objects) == ["a.md"]

    (followed.folder / "a.md").rename(followed.folder / "z.md")
    followed.run(sync)
    assert sorted(followed.objects) == ["z.md"]
    (followed.folder / "z.md").unlink()
    followed.run(sync)
    assert list(followed.objects) == ["b.md"]
    assert followed.files(sync)["b.md"].status == "synced"


def test_a_bad_file_costs_itself_and_waits_as_a_dead_letter(followed: Followed) -> None:
    """Bytes that are no text are a dead letter with a reason, not read again until they change or are requeued."""
    followed.write("bad.txt", b"\xff\xfe\x00\x01")
    followed.write("good.txt", "fine")
    sync = followed.follow()
    job = followed.run(sync)
    assert (job.synced, job.failed, list(followed.objects)) == (1, 1, ["good.txt"])
    (letter,) = followed.warehouse.syncs.failed_files(sync, only_dead=True)
    assert (letter.path, letter.error_code, letter.attempts) == ("bad.txt", "invalid_input", 1)
    assert followed.run(sync).failed == 0

    assert followed.warehouse.syncs.requeue(sync, error_types=["other"]) == 0
    assert followed.warehouse.syncs.requeue(sync) == 1
    assert followed.state(sync).state.is_requested
    assert followed.run(sync).failed == 1
    followed.write("bad.txt", "mended")
    assert (followed.run(sync).synced, followed.files(sync)["bad.txt"].status) == (1, "synced")


def test_a_mass_deletion_pauses_the_sync_until_it_is_allowed(followed: Followed) -> None:
    """Nothing is removed, the sync says why; resumed with leave, the next run removes what is gone."""
    for number in range(20):
        followed.write(f"{number}.md", f"text {number}")
    sync = followed.follow()
    followed.run(sync)
    for number in range(15):
        (followed.folder / f"{number}.md").unlink()

    job = followed.run(sync)

    assert (job.status, job.removed, len(followed.objects)) == ("skipped", 0, 20)
    state = followed.state(sync)
    assert (state.status, "15 of 20" in (state.state.pause_reason or "")) == ("SUSPENDED", True)
    with pytest.raises(Conflict, match="15 of 20"):
        followed.warehouse.syncs.request(state)
    followed.warehouse.syncs.resume(state, allow_deletes=True)
    assert followed.run(sync).removed == 15
    assert not followed.state(sync).state.allow_deletes


def test_an_empty_or_missing_source_removes_nothing(followed: Followed) -> None:
    """A folder that is suddenly empty, or not there (a mount that is gone), pauses the sync and says so."""
    followed.write("a.md", "alpha")
    sync = followed.follow()
    followed.run(sync)
    (followed.folder / "a.md").unlink()
    assert followed.run(sync).status == "skipped"
    assert "empty" in (followed.state(sync).state.pause_reason or "")

    followed.warehouse.syncs.resume(sync)
    followed.folder.rmdir()
    with pytest.raises(NotFound):
        followed.run(sync)
    state = followed.state(sync)
    assert (state.status, list(followed.objects)) == ("SUSPENDED", ["a.md"])
    assert str(followed.folder) in (state.state.last_error or "")


def test_a_source_that_is_away_for_a_while_fails_the_run_only(followed: Followed) -> None:
    """The run fails, the sync stays on and says when it looks again; when every file fails, the source is away."""
    followed.write("a.md", "alpha")
    followed.write("b.md", "beta")
    sync = followed.follow()
    away = replace(followed.warehouse.parts, open_source=lambda path, _=None: _Away(Path(path)))
    with pytest.raises(NotReady, match="away"):
        Warehouse(away).syncs.run(sync.sync_id)
    state = followed.state(sync)
    assert (state.status, state.state.consecutive_failures) == ("FAILED", 1)
    assert followed.files(sync) == {}
    assert followed.run(sync).synced == 2


class _Away(FolderSource):
    def read(self, path: str) -> bytes:
        raise NotReady(f"{path} is away")


def test_one_file_that_cannot_be_read_is_tried_three_times(followed: Followed) -> None:
    """The others are synced; after the third try it is a dead letter."""
    followed.write("a.md", "alpha")
    followed.write("b.md", "beta")
    sync = followed.follow()
    flaky = Warehouse(replace(followed.warehouse.parts, open_source=lambda path, _=None: _Flaky(Path(path))))
    for attempt in (1, 2, 3):
        flaky.syncs.run(sync.sync_id)
        letter = followed.files(sync)["b.md"]
        assert letter.attempts == attempt
        followed.warehouse.catalog.syncs.commit(sync.sync_id, files=[replace(letter, not_before=0.0)])
    assert (letter.status, list(followed.objects)) == ("dead", ["a.md"])
    assert flaky.syncs.run(sync.sync_id).failed == 0


class _Flaky(FolderSource):
    def read(self, path: str) -> bytes:
        if path == "b.md":
            raise NotReady(f"{path} is away")
        return super().read(path)


STEPS = 13
"""How many steps the run of the next test has before its last one, which says how it ended."""


@pytest.mark.parametrize("step", range(STEPS))
def test_a_run_killed_at_any_step_is_made_good_by_the_next(followed: Followed, step: int) -> None:
    """Nothing is lost, at most one chunk is repeated, no batch runs twice: the end is that of a clean run."""
    followed.collection()
    for name in ("gone", "kept", "edit"):
        followed.write(f"{name}.md", name)
    sync = followed.follow(batch_size=2)
    followed.run(sync)
    before = followed.objects
    (followed.folder / "gone.md").unlink()
    followed.write("edit.md", "edited")
    for number in range(4):
        followed.write(f"new{number}.md", f"new {number}")

    with pytest.raises(Killed):
        followed.run(sync, killed_at=step)
    followed.run(sync)

    wanted = {"kept.md", "edit.md", *(f"new{number}.md" for number in range(4))}
    assert set(followed.objects) == wanted
    later = followed.submitted[1:]
    assert all(batch.submission == 1 for batch in later)
    in_batches = [one for batch in later for one in followed.objects_in(batch)]
    changed = {one for path, one in followed.objects.items() if path != "kept.md"} | {before["gone.md"]}
    assert set(in_batches) == changed
    assert len(in_batches) <= len(changed) + 2
    assert all(one.batched_fp for one in followed.files(sync).values())
    assert followed.state(sync).state.open_batch == ""
    statuses = [job.status for job in followed.warehouse.syncs.jobs(sync)]
    assert statuses == ["completed", "interrupted", "completed"]


def test_every_step_of_a_run_is_among_those_that_are_killed(followed: Followed) -> None:
    """A clean run of what the test above does has just as many steps."""
    followed.collection()
    for name in ("gone", "kept", "edit"):
        followed.write(f"{name}.md", name)
    sync = followed.follow(batch_size=2)
    followed.run(sync)
    (followed.folder / "gone.md").unlink()
    for name in ("edit", "new0", "new1", "new2", "new3"):
        followed.write(f"{name}.md", f"{name} now")
    followed.run(sync)
    assert len(followed.steps) == STEPS + 1


def test_two_runs_at_once_are_one(followed: Followed) -> None:
    """The second run is refused while the first holds the lease."""
    sync = followed.follow()
    leases = followed.warehouse.catalog.leases
    with hold(leases, f"sync:{sync.sync_id}"), pytest.raises(LeaseHeld):
        followed.run(sync)
    assert followed.warehouse.syncs.jobs(sync) == []


def test_a_pause_stops_a_run_between_two_chunks(followed: Followed) -> None:
    """What was stored is submitted; the rest waits until the sync is resumed."""
    followed.collection()
    for number in range(6):
        followed.write(f"{number}.md", f"text {number}")
    sync = followed.follow(batch_size=2)

    def pause(line: str) -> None:
        if line.startswith("stored"):
            followed.warehouse.syncs.pause(sync, "lunch")

    followed.warehouse.syncs.run(sync.sync_id, progress=pause)
    assert (len(followed.objects), len(followed.submitted)) == (2, 1)
    assert followed.run(sync).status == "skipped"
    followed.warehouse.syncs.resume(sync)
    followed.run(sync)
    assert (len(followed.objects), len(followed.submitted)) == (6, 2)


def test_what_was_only_stored_is_submitted_when_a_collection_reads_it(followed: Followed) -> None:
    """Without a reader, or told only to store, a sync submits nothing; later everything, without reading it again."""
    followed.write("a.md", "alpha")
    sync = followed.follow(skip_batch_submission=True)
    followed.run(sync)
    followed.collection()
    followed.run(sync)
    assert followed.submitted == []
    followed.warehouse.syncs.update(followed.state(sync), SyncUpdateSpec(skip_batch_submission=False))
    job = followed.run(sync)
    assert (job.synced, [followed.objects_in(b) for b in followed.submitted]) == (
        0,
        [[followed.objects["a.md"]]],
    )


def test_a_full_run_reads_what_looks_unchanged(followed: Followed) -> None:
    """An edit that keeps size, time and inode is found when a full run is asked for."""
    followed.write("a.md", "alpha")
    os.utime(followed.folder / "a.md", (5, 5))
    sync = followed.follow()
    followed.run(sync)
    (followed.folder / "a.md").write_text("other")
    os.utime(followed.folder / "a.md", (5, 5))
    assert followed.run(sync).synced == 0
    followed.warehouse.syncs.request(followed.state(sync), full=True)
    assert followed.run(sync).synced == 1
    assert not followed.state(sync).state.full_requested


def test_links_out_of_the_folder_are_not_followed(followed: Followed, tmp_path: Path) -> None:
    """A link to a file elsewhere is neither listed nor read; one to a file inside is."""
    secret = tmp_path / "secret.md"
    secret.write_text("secret")
    followed.write("a.md", "alpha")
    (followed.folder / "out.md").symlink_to(secret)
    (followed.folder / "in.md").symlink_to(followed.folder / "a.md")
    source = FolderSource(followed.folder)
    assert [one.path for one in source.list()] == ["a.md", "in.md"]
    with pytest.raises(NotFound):
        source.read("out.md")
    with pytest.raises(NotFound):
        source.read("../secret.md")


def test_a_place_is_followed_once_per_bucket(followed: Followed) -> None:
    """The same place, or a part of it, is refused; so is a property that no bucket has."""
    followed.follow()
    with pytest.raises(Conflict, match="follows"):
        followed.follow(str(followed.folder / "deep"))
    with pytest.raises(InvalidInput, match="cannot be synced"):
        followed.follow("ftp://host/x")
    with pytest.raises(InvalidInput, match="nothing"):
        followed.follow("/elsewhere", blob_property="nothing")


def test_syncs_are_declared_with_their_bucket(followed: Followed) -> None:
    """Declaring makes, changes and forgets them; whoever declared them owns them; HTTP cannot declare them so."""
    buckets, namespace_id = followed.warehouse.buckets, followed.bucket.namespace_id

    def spec(*syncs: dict[str, Any]) -> BucketSpec:
        schema = {"properties": {"body": {"type": "text"}}}
        return BucketSpec(bucket_name="declared", bucket_schema=schema, syncs=list(syncs))

    place = {"source_path": str(followed.folder)}
    with pytest.raises(InvalidInput, match="on their own"):
        buckets.create(namespace_id, spec(place))
    bucket = buckets.create(namespace_id, spec(place), managed_by="yaml")
    (sync,) = followed.warehouse.syncs.of(bucket)
    with pytest.raises(ManagedElsewhere):
        followed.warehouse.syncs.delete(sync)
    bucket = buckets.update(bucket, spec({**place, "batch_size": 7}), managed_by="yaml")
    (changed,) = followed.warehouse.syncs.of(bucket)
    assert (changed.sync_id, changed.rules.batch_size) == (sync.sync_id, 7)
    assert spec_of(changed.rules) == {**place, "batch_size": 7}
    followed.warehouse.catalog.syncs.delete(sync.sync_id)
    assert [one.rules for one in followed.warehouse.syncs.due()] == [changed.rules]
    buckets.update(bucket, spec(), managed_by="yaml")
    assert followed.warehouse.syncs.of(bucket) == []


def test_rules_survive_being_written_down_and_read() -> None:
    """What `spec_of` writes means the same rules again."""
    said = {
        "source_path": "s3://bucket/prefix/",
        "sync_mode": "initial_only",
        "file_filters": {"include": ["*.md"], "max_size_bytes": 5, "modified_after": "2026-01-01T00:00:00Z"},
        "reconcile": {"on_delete": False, "max_deletes": 3},
        "batch_collection_ids": ["words"],
    }
    rules = SyncSpec.model_validate(said).rules
    assert SyncSpec.model_validate(spec_of(rules)).rules == rules
    assert rules.source_path == "s3://bucket/prefix"


def test_a_prefix_on_s3_is_followed(followed: Followed, s3_options: dict[str, Any]) -> None:
    """Objects below the prefix become objects of the bucket; an edit, a deletion and a missing bucket are noticed."""
    import s3fs

    from mixpeek_orchestration.stores.sources import open_source

    remote = s3fs.S3FileSystem(**s3_options)
    prefix = f"warehouse/{followed.folder.parent.name}"
    remote.pipe_file(f"{prefix}/a.md", b"alpha")
    remote.pipe_file(f"{prefix}/deep/b.md", b"beta")
    remote.pipe_file(f"{prefix}-other/c.md", b"gamma")
    parts = replace(followed.warehouse.parts, open_source=partial(open_source, options=s3_options))
    warehouse = Warehouse(parts)
    sync = followed.follow(f"s3://{prefix}")
    warehouse.syncs.run(sync.sync_id)
    assert sorted(followed.objects) == ["a.md", "deep/b.md"]

    remote.pipe_file(f"{prefix}/a.md", b"another")
    remote.rm_file(f"{prefix}/deep/b.md")
    job = warehouse.syncs.run(sync.sync_id)
    assert (job.synced, job.removed, list(followed.objects)) == (1, 1, ["a.md"])
    listed = list(open_source(f"s3://{prefix}", options=s3_options).list())
    assert [(one.path, one.size, bool(one.etag)) for one in listed] == [("a.md", 7, True)]
    with pytest.raises(NotFound, match="no-such-bucket"):
        open_source("s3://no-such-bucket/x", options=s3_options).list()
    assert isinstance(listed[0], Listed)

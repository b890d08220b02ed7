"""What a data engineer sees and clicks in the Dagster UI, in headless Chromium."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from assets_tests.e2e.application import Application, account, done, text_blob
from assets_tests.e2e.dagster_pages import CollectionPage, browser_page
from assets_tests.e2e.dagster_site import DagsterSite
from assets_tests.e2e.running_stack import PACKAGES, RunningStack, wait_until
from assets_tests.e2e.working_copies import copy_package

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(900)]

EXTRACTOR = "shown_vectors"
KEY = ("default", "collections", "note-vectors")
TEXTS = ["rain over the hills", "ships in the harbour", "bread from the oven"]


@dataclass(frozen=True)
class Shown:
    """A bucket with a batch per object, its collection and its retriever."""

    bucket: str
    objects: list[str]
    collection: str
    batches: list[str]


@pytest.fixture(scope="module")
def shown(application: Application, packages: Path) -> Shown:
    """Three objects in two batches, processed; the endpoint answers."""
    copy_package(PACKAGES / "word_vectors", packages, name=EXTRACTOR)
    bucket = application.bucket("field-notes")
    objects = application.put(bucket, TEXTS)
    collection = application.collection("note-vectors", bucket, extractor=EXTRACTOR)
    retriever = application.retriever("note-search", collection, extractor=EXTRACTOR)
    batches = [
        application.submitted(bucket, objects=objects[:1]),
        application.submitted(bucket, objects=objects[1:]),
    ]
    for batch in batches:
        assert application.ended(batch)["status"] == "COMPLETED"
    assert application.search(retriever, "rain")["status"] == "completed"
    return Shown(bucket, objects, collection, batches)


@pytest.fixture
def collection_page(shared_stack: RunningStack) -> Iterator[CollectionPage]:
    """The collection's page in a browser of its own."""
    with browser_page() as page:
        yield CollectionPage(page, shared_stack.url("webserver"), "default", "note-vectors")


def edit(application: Application, shown: Shown, numbers: list[int]) -> None:
    """New content in some objects, with no batch submitted."""
    for number in numbers:
        target = f"/buckets/{shown.bucket}/objects/{shown.objects[number]}"
        before = done(application.http.get(target))["updated_at"]
        done(application.http.put(target, json=text_blob(f"{TEXTS[number]}, edited after {before}")))


def newest(dagster: DagsterSite, *, after: set[str]) -> list[dict[str, object]]:
    """The materializations of the collection that came since, one per partition."""
    return [one for one in dagster.materializations(KEY) if one["run_id"] not in after]


def runs(dagster: DagsterSite) -> set[str]:
    """The runs that have materialized the collection."""
    return {one["run_id"] for one in dagster.materializations(KEY)}


@pytest.mark.usefixtures("shown")
def test_the_lineage_goes_from_bucket_to_retriever(collection_page: CollectionPage, tmp_path: Path) -> None:
    """Bucket, collection, endpoint and retriever are in one picture, and every partition is materialized."""
    page = collection_page.page
    collection_page.open("lineage")
    for name in ("field-notes", "note-vectors", "note-search", "v1"):
        expect(page.get_by_text(name, exact=True).last).to_be_visible()
    for kind in ("bucket", "endpoint", "retriever"):
        expect(page.get_by_text(kind, exact=True).last).to_be_visible()
    expect(page.get_by_text("2 partitions").first).to_be_visible()
    expect(page.get_by_text("100% filled").first).to_be_visible()
    picture = page.screenshot(path=tmp_path / "lineage.png")
    if wanted := os.environ.get("MIXPEEK_PICTURES"):
        (Path(wanted) / "lineage.png").write_bytes(picture)


def test_a_click_on_materialize_does_the_work(
    shown: Shown, application: Application, dagster: DagsterSite, collection_page: CollectionPage
) -> None:
    """After an edit, materializing its partition by mouse extracts that one object and shows the row count."""
    edit(application, shown, [0])
    before = runs(dagster)

    collection_page.materialize(shown.batches[0])

    (made,) = wait_until(lambda: newest(dagster, after=before), "the materialization")
    assert made["partition"] == shown.batches[0]
    assert (made["metadata"]["written"], made["metadata"]["unchanged"]) == (1, 0)
    assert "edited" in " ".join(document["text"] for document in application.documents(shown.collection))
    assert collection_page.row_count() == str(len(TEXTS))


def test_a_backfill_from_the_ui_does_the_same_work_as_the_api(
    shown: Shown, application: Application, dagster: DagsterSite, collection_page: CollectionPage
) -> None:
    """After an edit of all objects one backfill over all partitions extracts all, and leaves nothing to the API."""
    edit(application, shown, [0, 1, 2])
    before = runs(dagster)

    collection_page.backfill()

    made = wait_until(lambda: newest(dagster, after=before), "the materializations of the backfill")
    assert {one["partition"] for one in made} == set(shown.batches)
    assert len({one["run_id"] for one in made}) == 1
    assert made[0]["metadata"]["written"] == len(TEXTS)
    assert account(application.batch(shown.batches[0]))["written"] == 1
    assert account(application.batch(shown.batches[1]))["written"] == 2

    again = application.processed(shown.bucket)
    assert account(again) == {"fetched": 3, "unchanged": 3, "submitted": 0, "written": 0, "deleted": 0}

"""What a data engineer sees and clicks in the Dagster UI, in headless Chromium."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from assets_tests.e2e.application import Application, account, done, text_blob
from assets_tests.e2e.dagster_pages import CollectionPage, browser_page
from assets_tests.e2e.dagster_site import DagsterSite
from assets_tests.e2e.pictures import keep_picture
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


def newest(dagster: DagsterSite, *, after: set[str]) -> list[dict[str, Any]]:
    """The materializations of the collection that came since, one per partition."""
    return [one for one in dagster.materializations(KEY) if one["run_id"] not in after]


def key_of(stack: RunningStack) -> str:
    """The key that `mixpeek up` made."""
    return str(json.loads((stack.home / "credentials.json").read_text())["api_key"])


def runs_of(made: list[dict[str, Any]]) -> set[str]:
    """The runs that made these."""
    return {one["run_id"] for one in made}


def runs(dagster: DagsterSite) -> set[str]:
    """The runs that have materialized the collection."""
    return {one["run_id"] for one in dagster.materializations(KEY)}


@pytest.mark.usefixtures("shown")
def test_the_lineage_goes_from_bucket_to_retriever(collection_page: CollectionPage) -> None:
    """Bucket, collection, endpoint and retriever are in one picture, and every partition is materialized."""
    page = collection_page.page
    collection_page.open("lineage")
    for name in ("field-notes", "note-vectors", "note-search", "v1"):
        expect(page.get_by_text(name, exact=True).last).to_be_visible()
    for kind in ("bucket", "endpoint", "retriever"):
        expect(page.get_by_text(kind, exact=True).last).to_be_visible()
    expect(page.get_by_text("2 partitions").first).to_be_visible()
    expect(page.get_by_text("100% filled").first).to_be_visible()
    keep_picture(page, "lineage")


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
    keep_picture(collection_page.page, "asset")
    collection_page.open("partitions", partition=shown.batches[0])
    expect(collection_page.page.get_by_text("Materialized (2)")).to_be_visible()
    expect(collection_page.page.get_by_text("Failed (0)")).to_be_visible()
    keep_picture(collection_page.page, "partitions")


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
    assert sorted(one["metadata"]["written"] for one in made) == [1, 2]
    (backfill,) = {run["tags"]["dagster/backfill"] for run in dagster.runs() if run["runId"] in runs_of(made)}
    in_backfill = {"dagster/backfill": backfill}
    wait_until(
        lambda: [r["status"] for r in dagster.runs(in_backfill)] == ["SUCCESS"], "the one run has ended"
    )
    collection_page.page.goto(f"{collection_page.site}/runs/b/{backfill}")
    expect(collection_page.page.get_by_text("100% completed")).to_be_visible()
    keep_picture(collection_page.page, "backfill")
    assert account(application.batch(shown.batches[0]))["written"] == 1
    assert account(application.batch(shown.batches[1]))["written"] == 2

    again = application.processed(shown.bucket)
    assert account(again) == {"fetched": 3, "unchanged": 3, "submitted": 0, "written": 0, "deleted": 0}


def test_links_lead_to_samples_and_failures_for_who_has_a_key(
    shown: Shown, shared_stack: RunningStack, application: Application, collection_page: CollectionPage
) -> None:
    """A click on a link asks for a key and then shows documents; another shows failures and asks no more."""
    samples = collection_page.follow("samples")
    samples.get_by_label("API key").fill(key_of(shared_stack))
    samples.get_by_role("button", name="Open").click()
    expect(samples.get_by_role("heading")).to_have_text("samples of note-vectors")
    known = {document["document_id"] for document in application.documents(shown.collection)}
    assert set(re.findall(r"doc_\w+", samples.locator("#rows").inner_text())) <= known
    keep_picture(samples, "samples", height=360)

    failures = collection_page.follow("failures")
    expect(failures.get_by_text("None.")).to_be_visible()

    picture = collection_page.follow("lineage")
    assert "note-vectors" in picture.content()


@pytest.mark.usefixtures("shown")
def test_counts_are_drawn_over_time_and_checks_are_green(collection_page: CollectionPage) -> None:
    """The overview describes the asset and draws its numbers; every check of the collection has passed."""
    page = collection_page.page
    collection_page.open("overview")
    expect(page.get_by_text("Materializing plans first", exact=False).first).to_be_visible()
    page.get_by_role("button", name="Plots").click()
    expect(page.get_by_text("wall_seconds", exact=True).first).to_be_visible()
    page.get_by_text("dagster/row_count", exact=True).last.scroll_into_view_if_needed()
    keep_picture(page, "plots")
    collection_page.open("checks")
    expect(page.get_by_text("nothing_failed").first).to_be_visible()
    expect(page.get_by_text("Passed").first).to_be_visible()
    keep_picture(page, "checks")

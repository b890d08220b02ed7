"""An object through its life over HTTP: put, edited, deleted, poisoned, and its extractor edited under it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assets_tests.e2e.application import Application, account, done, text_blob
from assets_tests.e2e.dagster_site import DagsterSite
from assets_tests.e2e.running_stack import PACKAGES, RunningStack, wait_until
from assets_tests.e2e.working_copies import copy_package, edit

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(900)]

TEXTS = ["rain over the hills", "ships in the harbour", "bread from the oven", "snow on the roof"]


@dataclass(frozen=True)
class Notes:
    """A bucket of texts, processed once, with a collection and a retriever over it."""

    bucket: str
    objects: list[str]
    collection: str
    retriever: str


def notes(application: Application, name: str, extractor: str = "word_vectors") -> Notes:
    """New notes under a name of their own."""
    bucket = application.bucket(name)
    objects = application.put(bucket, TEXTS)
    collection = application.collection(name, bucket, extractor=extractor)
    retriever = application.retriever(f"{name}-search", collection, extractor=extractor)
    first = application.processed(bucket)
    assert account(first) == {"fetched": 4, "unchanged": 0, "submitted": 4, "written": 4, "deleted": 0}
    return Notes(bucket, objects, collection, retriever)


def ids_by_text(documents: list[dict[str, Any]]) -> dict[str, str]:
    """Which document holds which text."""
    return {document["text"]: document["document_id"] for document in documents}


def test_editing_and_deleting_touch_exactly_one_object(application: Application) -> None:
    """An edit extracts that object again under the same id; a delete takes its documents out of search and list."""
    made = notes(application, "edited-notes")
    before = ids_by_text(application.documents(made.collection))

    target = f"/buckets/{made.bucket}/objects/{made.objects[1]}"
    done(application.http.put(target, json=text_blob("submarines under the harbour")))
    edited = application.processed(made.bucket)

    assert account(edited) == {"fetched": 4, "unchanged": 3, "submitted": 1, "written": 1, "deleted": 0}
    after = ids_by_text(application.documents(made.collection))
    assert after.pop("submarines under the harbour") == before.pop("ships in the harbour")
    assert after == before
    best = application.search(made.retriever, "submarines under the harbour")["documents"][0]
    assert best["text"] == "submarines under the harbour"

    removal = done(application.http.delete(f"/buckets/{made.bucket}/objects/{made.objects[0]}"))["batch_id"]
    removed = application.ended(removal)

    assert removed["status"] == "COMPLETED"
    assert account(removed)["deleted"] == 1
    left = {"submarines under the harbour", "bread from the oven", "snow on the roof"}
    assert set(ids_by_text(application.documents(made.collection))) == left
    found = application.search(made.retriever, "rain over the hills")
    assert {document["text"] for document in found["documents"]} == left
    assert application.http.get(f"/buckets/{made.bucket}/objects/{made.objects[0]}").status_code == 404


def test_one_poisoned_object_shows_everywhere_and_costs_only_itself(
    application: Application, dagster: DagsterSite
) -> None:
    """It is in the failed documents, the batch's status, the check and the run's metadata; the others are written."""
    bucket = application.bucket("poisoned-notes", TEXTS)
    (poisoned,) = application.put(bucket, ["a text with POISON in it"])
    collection = application.collection("poisoned-notes", bucket, extractor="word_vectors")

    batch = application.processed(bucket)

    assert batch["status"] == "COMPLETED_WITH_ERRORS"
    assert account(batch) == {"fetched": 5, "unchanged": 0, "submitted": 5, "written": 4, "deleted": 0}
    assert batch["failed_object_count"] == 1
    target = f"/buckets/{bucket}/batches/{batch['batch_id']}/failed-documents"
    (failed,) = done(application.http.get(target))["results"]
    assert (failed["source_item"], failed["error_class"]) == (poisoned, "ValueError")
    assert "a poisoned row" in failed["error"]
    assert len(application.documents(collection)) == 4
    key = ("default", "collections", "poisoned-notes")
    (materialized,) = wait_until(lambda: dagster.materializations(key), "the materialization")
    assert materialized["metadata"]["failed"] == 1
    assert materialized["metadata"]["open_failures"] == 1
    assert materialized["metadata"]["outcome"] == "COMPLETED_WITH_ERRORS"
    checks = wait_until(lambda: _all_judged(dagster.checks(key)), "the checks")
    assert checks == {
        "accounting_balances": "SUCCEEDED",
        "nothing_drifted": "SUCCEEDED",
        "nothing_failed": "FAILED",
        "vectors_are_valid": "SUCCEEDED",
    }


def _all_judged(checks: dict[str, str | None]) -> dict[str, str | None] | None:
    return checks if checks and {"IN_PROGRESS", None}.isdisjoint(checks.values()) else None


def test_a_comment_runs_nothing_again_and_a_helper_runs_everything(
    application: Application, shared_stack: RunningStack, packages: Path
) -> None:
    """`plan` says why; until the documents are made again the endpoint runs other code, and answers say `degraded`."""
    code = copy_package(PACKAGES / "word_vectors", packages, name="edited_vectors") / "processors" / "core.py"
    made = notes(application, "edited-code", extractor="edited_vectors")
    assert application.search(made.retriever, "bread")["status"] == "completed"

    edit(code, "import pandas as pd\n", "import pandas as pd  # tables\n\n# A remark.\n")
    assert "4 items: 4 unchanged" in plan(shared_stack)
    assert account(application.processed(made.bucket))["submitted"] == 0

    edit(code, "% 8", "% 7")
    planned = plan(shared_stack)
    assert "4 items: 4 stale" in planned
    assert "code: " in planned
    assert "core.py" in planned
    degraded = wait_until(lambda: _degraded(application, made.retriever), "an endpoint with the new code")
    assert (degraded[0]["resource"], "runs code" in degraded[0]["reason"]) == ("endpoint", True)

    batch = application.processed(made.bucket)

    assert account(batch) == {"fetched": 4, "unchanged": 0, "submitted": 4, "written": 4, "deleted": 0}
    assert application.search(made.retriever, "bread from the oven")["status"] == "completed"
    assert "4 items: 4 unchanged" in plan(shared_stack)


def plan(stack: RunningStack) -> str:
    """What `mixpeek plan` says about the collection."""
    ran = stack.mixpeek("plan", "edited-code")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _degraded(application: Application, retriever: str) -> list[dict[str, Any]] | None:
    answer = application.search(retriever, "bread")
    return answer["degraded"] if answer["status"] == "degraded" else None

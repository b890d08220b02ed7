"""What people do in the UI, over the webserver's own API."""

from __future__ import annotations

from typing import Any

import dagster as dg
import httpx
import pytest

from assets_tests.dagster.services import Services, until
from assets_tests.dagster.site import Site
from mixpeek_orchestration.warehouse.snapshots.reload import Reload, reload_definitions

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_ASSETS = "{ assetNodes { assetKey { path } } }"
_BACKFILL = """
mutation Backfill($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""


def test_resources_appear_after_a_reload_and_a_backfill_does_the_work_of_the_api(
    services: Services, site: Site
) -> None:
    """A collection made while all runs appears after one reload, its batches run, and a backfill of them from the UI
    is one run through the same body that finds everything unchanged."""
    site.warehouse.publish()
    services.start("code_server", "daemon", "webserver")
    until(lambda: _ask(services, _ASSETS) is not None, "the webserver answers")

    bucket = site.bucket("texts")
    collection = site.collection("words", bucket)
    site.warehouse.publish()
    assert reload_definitions(services.webserver) == Reload("reloaded")
    shown = {tuple(node["assetKey"]["path"]) for node in _ask(services, _ASSETS)["assetNodes"]}
    words = ("testing", "collections", "words")
    assert shown == {("testing", "buckets", "texts"), words, (*words, "failures"), (*words, "index")}

    batches = [site.submitted(bucket, f"text {number}").batch_id for number in range(2)]
    until(lambda: all(site.batch(b).is_terminal for b in batches), "both batches have ended")
    assert [site.batch(b).status for b in batches] == ["COMPLETED", "COMPLETED"]

    answer = _ask(services, _BACKFILL, params=_backfill(batches))["launchPartitionBackfill"]
    assert answer["__typename"] == "LaunchBackfillSuccess", answer
    tags = {"dagster/backfill": answer["backfillId"]}
    with services.instance() as instance:
        finished = dg.RunsFilter(tags=tags, statuses=[dg.DagsterRunStatus.SUCCESS])
        until(lambda: instance.get_runs(finished), "the backfill's run has succeeded")
        assert len(instance.get_runs(dg.RunsFilter(tags=tags))) == 1
    newest = site.warehouse.history(collection, limit=2)
    assert [(report.written, report.unchanged) for report in newest] == [(0, 1), (0, 1)]


def _backfill(batches: list[str]) -> dict[str, Any]:
    return {
        "partitionNames": batches,
        "assetSelection": [
            {"path": ["testing", "buckets", "texts"]},
            {"path": ["testing", "collections", "words"]},
        ],
    }


def _ask(services: Services, query: str, **variables: Any) -> Any:
    try:
        answer = httpx.post(
            f"{services.webserver}/graphql", json={"query": query, "variables": variables}, timeout=60
        )
    except httpx.HTTPError:
        return None
    body = answer.json()
    assert "errors" not in body, body
    return body["data"]

"""What is declared, over HTTP or by the command line, is an asset soon, in a stack that goes on running."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from assets_tests.e2e.application import Application
from assets_tests.e2e.dagster_site import DagsterSite
from assets_tests.e2e.running_stack import RunningStack, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(900)]
MANIFEST = {
    "buckets": [
        {"bucket_name": "declared-notes", "bucket_schema": {"properties": {"body": {"type": "text"}}}}
    ],
    "collections": [
        {
            "collection_name": "declared-words",
            "source": {"type": "bucket", "bucket_ids": ["declared-notes"]},
            "feature_extractor": {"feature_extractor_name": "word_vectors", "version": "v1"},
        }
    ],
}


def shown(stack: RunningStack) -> set[str]:
    """The keys of all assets that the webserver knows."""
    answer = DagsterSite(stack.url("webserver")).ask("{ assetNodes { assetKey { path } } }")
    return {"/".join(node["assetKey"]["path"]) for node in answer["assetNodes"]}


def pids(stack: RunningStack) -> dict[str, int]:
    """The process of each service that the keeper holds up."""
    return {name: service["pid"] for name, service in stack.status().items()}


def test_resources_become_assets_without_a_restart(
    shared_stack: RunningStack, application: Application, tmp_path: Path
) -> None:
    """Made over HTTP or applied from a file, they are shown by the same processes; pruned ones are shown no more."""
    before = pids(shared_stack)
    bucket = application.bucket("appearing-notes")
    for number in range(3):
        application.collection(f"appearing-{number}", bucket, extractor="word_vectors")
    by_http = {f"default/collections/appearing-{number}" for number in range(3)}
    wait_until(lambda: by_http <= shown(shared_stack), "the collections to be assets")
    file = tmp_path / "mixpeek.yaml"
    file.write_text(yaml.safe_dump(MANIFEST))
    shared_stack.mixpeek("apply", str(file))
    by_file = {"default/buckets/declared-notes", "default/collections/declared-words"}
    wait_until(lambda: by_file <= shown(shared_stack), "what the file declares to be assets")
    file.write_text("{}")
    shared_stack.mixpeek("apply", str(file), "--prune")
    wait_until(lambda: not by_file & shown(shared_stack), "what was pruned to be gone")
    assert by_http <= shown(shared_stack)
    assert pids(shared_stack) == before

"""One Dagster run through a graph: every tier in its place, and what a batch selects in each of them."""

from __future__ import annotations

import dagster as dg

from assets_tests.dagster.driving import metadata_of, run, tick
from assets_tests.dagster.site import Site
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.selection import METADATA, Selection
from mixpeek_orchestration.warehouse.specs import BatchSpec


def _run_submitted(site: Site, instance: dg.DagsterInstance) -> None:
    defs = site.definitions
    (request,) = tick(defs, instance, "submitted_batches").run_requests
    assert run(defs, instance, request).success


def _resubmit(site: Site, bucket: Bucket, selection: Selection) -> str:
    spec = BatchSpec(auto_submit=True, metadata={METADATA: selection.as_metadata()})
    return site.warehouse.batches.create(bucket, spec).batch_id


def test_a_selection_travels_with_its_batch_through_all_tiers(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """A batch that forces one collection runs all of that and, below it, only what came out other than before."""
    bucket = site.bucket("texts")
    lines = site.collection("lines", bucket, split_lines=True)
    site.collection("words", lines)
    site.submitted(bucket, "one\ntwo", "three")
    _run_submitted(site, instance)

    forced = Selection(force=True, collection_ids=(lines.collection_id,))
    batch_id = _resubmit(site, bucket, forced)
    _run_submitted(site, instance)

    tiers = list(site.batch(batch_id).tiers.values())
    assert [(tier.submitted, tier.unchanged) for tier in tiers] == [(2, 0), (0, 3)]
    assert site.batch(batch_id).status == "COMPLETED"
    words = metadata_of(instance, dg.AssetKey(["testing", "collections", "words"]))
    assert (words["submitted"], words["unchanged"]) == (0, 3)

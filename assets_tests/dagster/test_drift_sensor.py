"""The drift sensor shows what somebody else did to a table, and has it healed."""

from __future__ import annotations

import dagster as dg
import lancedb

from assets_tests.dagster.driving import run, tick
from assets_tests.dagster.site import Site
from mixpeek_orchestration.defs.sensors.drift import is_news


def test_a_strangers_commit_is_shown_and_healed(site: Site, instance: dg.DagsterInstance) -> None:
    """A row is deleted behind our back: the check is red, a run is asked for once, afterwards the check is green."""
    bucket = site.bucket("texts")
    collection = site.collection("words", bucket)
    site.submitted(bucket, "one", "two")
    defs = site.definitions
    (request,) = tick(defs, instance, "submitted_batches").run_requests
    assert run(defs, instance, request).success
    calm = tick(defs, instance, "drifted_tables")
    assert (calm.run_requests, calm.asset_events) == ([], [])

    table = site.warehouse.collections.generation(collection).table
    lancedb.connect(site.settings.documents).open_table(table).delete("true")

    found = tick(defs, instance, "drifted_tables", cursor=calm.cursor)
    (shown,) = found.asset_events
    assert (shown.check_name, shown.passed, shown.severity) == (
        "nothing_drifted",
        False,
        dg.AssetCheckSeverity.ERROR,
    )
    (heal,) = found.run_requests
    again = tick(defs, instance, "drifted_tables", cursor=found.cursor)
    assert (again.asset_events, [one.run_key for one in again.run_requests]) == ([], [heal.run_key])

    job = defs.resolve_job_def("heal_drift")
    assert job.execute_in_process(instance=instance, run_config=heal.run_config, tags=heal.tags).success
    assert site.warehouse.documents.count(table) == 2
    healed = tick(defs, instance, "drifted_tables", cursor=found.cursor)
    assert ([one.passed for one in healed.asset_events], healed.run_requests) == ([True], [])


def test_only_a_change_of_state_is_news() -> None:
    """A state is shown once; that all is well is news only after it was not."""
    assert is_news({}, "c", {"c": "broken"})
    assert not is_news({"c": "broken"}, "c", {"c": "broken"})
    assert is_news({"c": "broken"}, "c", {"c": ""})
    assert not is_news({}, "c", {"c": ""})

"""Published versions in Dagster: deploying one is asked for by the sensor, and what nobody needs is ended by a run."""

from __future__ import annotations

import dagster as dg

from assets_tests.dagster.driving import metadata_of, run, tick
from assets_tests.dagster.site import PACKAGES, Site
from mixpeek_orchestration.core.published import DeploymentStatus
from mixpeek_orchestration.extractors.archives.archive import pack
from mixpeek_orchestration.warehouse.plugins.specs import PluginUploadSpec

NAME = "word_vectors"


def publish(site: Site, version: str) -> str:
    """The id of a version of the test package under another version than its working copy."""
    plugins = site.warehouse.plugins
    announced = plugins.announce(site.namespace_id, PluginUploadSpec(name=NAME, version=version))
    plugins.receive(announced.upload.upload_id, announced.token, pack(PACKAGES / NAME))
    confirmed = plugins.confirm(site.namespace_id, announced.upload.upload_id)
    assert confirmed.plugin is not None, confirmed.findings
    return confirmed.plugin.plugin_id


def test_a_deployment_is_an_asset_that_the_sensor_asks_for(site: Site, instance: dg.DagsterInstance) -> None:
    """No collection uses it: it is wanted because somebody deployed it, and active once its run succeeded."""
    plugin_id = publish(site, "2.0.0")
    site.warehouse.plugins.deploy(site.namespace_id, plugin_id)
    defs = site.definitions

    (request,) = tick(defs, instance, "stale_endpoints").run_requests
    key = dg.AssetKey(["testing", "endpoints", NAME, "2.0.0"])
    assert request.asset_selection == [key]
    assert run(defs, instance, request).success

    state = site.warehouse.plugins.status(site.namespace_id, plugin_id)
    assert (state.status, state.active) == (DeploymentStatus.DEPLOYED, True)
    assert metadata_of(instance, key)["endpoint_id"] == state.endpoint_id
    assert tick(defs, instance, "stale_endpoints").run_requests == []


def test_what_nobody_needs_is_ended_by_a_run(site: Site, instance: dg.DagsterInstance) -> None:
    """Undeploying asks for one run of the upkeep job, which ends the endpoint; then there is nothing to ask for."""
    plugin_id = publish(site, "2.0.0")
    site.warehouse.plugins.deploy(site.namespace_id, plugin_id)
    defs = site.definitions
    (request,) = tick(defs, instance, "stale_endpoints").run_requests
    assert run(defs, instance, request).success
    assert tick(defs, instance, "unwanted_endpoints").run_requests == []

    site.warehouse.plugins.undeploy(site.namespace_id, plugin_id)
    first = tick(defs, instance, "unwanted_endpoints")
    assert len(first.run_requests) == 1
    assert tick(defs, instance, "unwanted_endpoints", cursor=first.cursor).run_requests == []
    job = defs.resolve_job_def("retire_endpoints")
    assert job.execute_in_process(instance=instance).success

    assert site.host.removed == site.host.deployed
    assert site.warehouse.catalog.deployments.all() == []
    assert tick(defs, instance, "unwanted_endpoints", cursor=first.cursor).run_requests == []

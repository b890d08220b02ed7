"""Published extractors of a namespace: upload, confirm, list, get, delete, deploy, roll back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from mixpeek_orchestration.api.address import upload_url, url_of
from mixpeek_orchestration.api.answers.plugins import (
    activation_answer,
    announced_answer,
    confirmed_answer,
    plugin_answer,
    state_answer,
)
from mixpeek_orchestration.api.guard import House, OpenRoute, PathNamespaceRoute, There
from mixpeek_orchestration.api.paging import SearchPaging, listing_of, page_of
from mixpeek_orchestration.core.published import PublishedVersion
from mixpeek_orchestration.core.source_files import differences, files_in
from mixpeek_orchestration.warehouse.plugins.specs import (
    PluginConfirmSpec,
    PluginUploadSpec,
    RealtimeTestSpec,
    RollbackSpec,
)
from mixpeek_orchestration.warehouse.specs import Spec

router = APIRouter(
    prefix="/v1/namespaces/{namespace_id}/plugins", tags=["Plugins"], route_class=PathNamespaceRoute
)
archive_router = APIRouter(prefix="/v1/plugins/archives", tags=["Plugins"], route_class=OpenRoute)

DeploymentType = Literal["batch_only", "realtime"]


class ReconfigureBody(Spec):
    """Known to the contract; what it confirms, the loss of all points, does not happen here."""

    confirm: bool | None = None


@router.post("/uploads", summary="Announce an extractor archive")
def announce_plugin(body: PluginUploadSpec, there: There, house: House, request: Request) -> dict[str, Any]:
    """An upload with the URL that takes the archive (zip or tar.gz) until it expires."""
    announced = house.plugins.announce(there.namespace_id, body)
    return announced_answer(announced, upload_url(request, announced.upload.upload_id, announced.token))


@router.post("/uploads/{upload_id}/confirm", summary="Check and publish an extractor archive")
def confirm_plugin(
    upload_id: str, there: There, house: House, body: PluginConfirmSpec | None = None
) -> dict[str, Any]:
    """The published version; or `success: false` with every finding, and nothing kept."""
    author = there.key.key_id
    return confirmed_answer(house.plugins.confirm(there.namespace_id, upload_id, body, author=author))


@router.get("", summary="List published extractors")
def list_plugins(paging: SearchPaging, there: There, house: House) -> dict[str, Any]:
    """Every published version, by name, the newest first."""
    found = house.plugins.all(there.namespace_id)
    return _listing(there, house, found, paging)


@router.get("/available", summary="List extractors that may be used")
def available_plugins(paging: SearchPaging, there: There, house: House) -> dict[str, Any]:
    """The namespace's own published versions and the ones that all namespaces share."""
    found = house.plugins.available(there.namespace_id)
    return _listing(there, house, found, paging)


@router.post("/reconfigure", summary="Prepare the namespace for new vectors")
def reconfigure(there: There, body: ReconfigureBody | None = None) -> dict[str, Any]:
    """Nothing needs to be done: every collection has vectors of its own, so none is deleted for a new extractor."""
    return {
        "success": True,
        "namespace_id": there.namespace_id,
        "deleted_points": 0,
        "requires_retrigger": False,
        "message": "Nothing was deleted, and nothing needs to run again: new vectors get columns of their own.",
    }


@router.get("/{plugin_id}", summary="Get a published extractor")
def get_plugin(plugin_id: str, there: There, house: House, request: Request) -> dict[str, Any]:
    """One version by id, NAME or NAME@VERSION, with a URL that its archive can be downloaded from for an hour."""
    state = house.plugins.status(there.namespace_id, plugin_id)
    place = f"{state.plugin.namespace_id}/{state.plugin.plugin_id}"
    query = house.downloads.query(there.key, place)
    url = url_of(request, f"/v1/plugins/archives/{place}.zip?{query}")
    return plugin_answer(state, presigned_download_url=url)


@router.delete("/{plugin_id}", summary="Delete a published extractor")
def delete_plugin(plugin_id: str, there: There, house: House) -> dict[str, Any]:
    """The version is gone; refused while something uses it."""
    plugin = house.plugins.delete(there.namespace_id, plugin_id)
    return {
        "success": True,
        "plugin_id": plugin.plugin_id,
        "message": f"{plugin.name} {plugin.version} is deleted.",
    }


@router.post("/{plugin_id}/deploy", summary="Deploy a published extractor")
def deploy_plugin(
    plugin_id: str,
    there: There,
    house: House,
    deployment_type: Annotated[DeploymentType, Query(description="`batch_only`: no endpoint.")] = "realtime",
) -> dict[str, Any]:
    """The version is asked for; the active one serves until the new one answers. `status` tells how far it is."""
    batch_only = deployment_type == "batch_only"
    return state_answer(house.plugins.deploy(there.namespace_id, plugin_id, batch_only=batch_only))


@router.get("/{plugin_id}/status", summary="Get the deployment of an extractor")
def plugin_status(plugin_id: str, there: There, house: House) -> dict[str, Any]:
    """How far the deployment is, and why it failed where it did."""
    return state_answer(house.plugins.status(there.namespace_id, plugin_id))


@router.post("/{plugin_id}/undeploy", summary="Undeploy an extractor")
def undeploy_plugin(plugin_id: str, there: There, house: House) -> dict[str, Any]:
    """The version serves no more; refused while a collection searches with its endpoint."""
    return state_answer(house.plugins.undeploy(there.namespace_id, plugin_id))


@router.post("/{plugin_id}/realtime/test", summary="Try the endpoint of an extractor")
def try_realtime(plugin_id: str, body: RealtimeTestSpec, there: There, house: House) -> dict[str, Any]:
    """The answer of the version's endpoint; 503 while it is not deployed."""
    plugin = house.plugins.get(there.namespace_id, plugin_id)
    answer = house.plugins.realtime_test(there.namespace_id, plugin.plugin_id, body.inputs, body.parameters)
    return {"success": True, "plugin_id": plugin.plugin_id, "data": answer}


@router.get("/{name}/versions", summary="List the versions of an extractor")
def plugin_versions(name: str, there: There, house: House) -> dict[str, Any]:
    """Every version, newest first, with what it says, and when which one became active."""
    found = house.plugins.versions(there.namespace_id, name)
    moves = house.plugins.activations(there.namespace_id, name)
    activated = {move.version: move.activated_at for move in reversed(moves)}
    states = [house.plugins.status(there.namespace_id, one.plugin_id) for one in found]
    return {
        "name": name,
        "active_version": house.plugins.active(there.namespace_id, name),
        "versions": [
            plugin_answer(state, activated_at=activated.get(state.plugin.version)) for state in states
        ],
        "activations": [activation_answer(move) for move in moves],
        "total": len(found),
    }


@router.post("/{name}/rollback", summary="Roll an extractor back")
def rollback_plugin(
    name: str, there: There, house: House, body: RollbackSpec | None = None
) -> dict[str, Any]:
    """An earlier version (by default the one before) is asked to be active; no request fails meanwhile."""
    said = body or RollbackSpec()
    return state_answer(house.plugins.rollback(there.namespace_id, name, said.version, message=said.message))


@router.get("/{name}/diff", summary="Compare two versions of an extractor")
def diff_plugin(
    name: str,
    there: There,
    house: House,
    before: Annotated[str, Query(alias="from", description="A version.")],
    after: Annotated[str | None, Query(alias="to", description="Another; the active one by default.")] = None,
) -> dict[str, Any]:
    """The source files that differ, each as a unified diff."""
    old = house.plugins.get(there.namespace_id, f"{name}@{before}")
    new = house.plugins.get(there.namespace_id, f"{name}@{after}" if after else name)
    contents = [files_in(house.plugins.archive(there.namespace_id, one.plugin_id)) for one in (old, new)]
    found = differences(*contents)
    return {
        "name": name,
        "from": old.version,
        "to": new.version,
        "files": [one.as_dict() for one in found],
        "total": len(found),
    }


@archive_router.get("/{owner}/{plugin_id}.zip", summary="Download the archive of a published extractor")
def download_archive(
    owner: str, plugin_id: str, expires: int, key: str, signature: str, house: House
) -> Response:
    """The archive. The signature in the URL is the permission; no key is needed."""
    house.downloads.admit(f"{owner}/{plugin_id}", expires=expires, key_id=key, signature=signature)
    plugin = house.plugins.get(owner, plugin_id)
    headers = {
        "ETag": f'"{plugin.archive}"',
        "Content-Disposition": f'attachment; filename="{plugin.plugin_id}.zip"',
    }
    return Response(house.plugins.archive(owner, plugin_id), media_type="application/zip", headers=headers)


def _listing(
    there: There, house: House, found: list[PublishedVersion], paging: SearchPaging
) -> dict[str, Any]:
    def answer(plugin: PublishedVersion) -> dict[str, Any]:
        return plugin_answer(house.plugins.status(plugin.namespace_id, plugin.plugin_id))

    listed = listing_of(found, page_of(paging), answer, search=paging.search)
    return {**listed, "success": True, "namespace_id": there.namespace_id, "plugins": listed["results"]}

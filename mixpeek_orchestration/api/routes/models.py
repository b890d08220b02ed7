"""A namespace's own models: upload, confirm, list, get, delete."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from fastapi.routing import APIRoute

from mixpeek_orchestration.api.address import url_of
from mixpeek_orchestration.api.answers.models import (
    confirmed_answer,
    created_answer,
    listed_answer,
    model_answer,
    upload_answer,
)
from mixpeek_orchestration.api.guard import Handler, Here, House, NamespaceRoute, PathNamespaceRoute, There
from mixpeek_orchestration.api.model_upload import limited, pieces, receive_model
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.warehouse.models.specs import ModelConfirmSpec, ModelSpec, ModelUploadSpec


class FormRoute(PathNamespaceRoute):
    """A route whose body is a form with a file. Who asks is known before any of it is read."""

    def get_route_handler(self) -> Handler:
        handle = APIRoute.get_route_handler(self)

        async def guarded(request: Request) -> Response:
            request.state.caller = await run_in_threadpool(self.identify, request)
            return await handle(Request(request.scope, limited(request.receive)))

        return guarded


router = APIRouter(prefix="/v1/models/uploads", tags=["Models"], route_class=NamespaceRoute)
content_router = APIRouter(prefix="/v1/models/uploads", tags=["Models"])
namespace_router = APIRouter(
    prefix="/v1/namespaces/{namespace_id}/models", tags=["Models"], route_class=PathNamespaceRoute
)
form_router = APIRouter(prefix="/v1/namespaces/{namespace_id}/models", tags=["Models"], route_class=FormRoute)


@router.post("", summary="Announce a model")
def announce_model(body: ModelUploadSpec, here: Here, house: House, request: Request) -> dict[str, Any]:
    """An upload with the URL that takes the weights until it expires."""
    announced = house.models.announce(here.namespace_id, body)
    path = f"/v1/models/uploads/{announced.upload.upload_id}/content?token={announced.token}"
    return upload_answer(announced.upload, url_of(request, path))


@content_router.put("/{upload_id}/content", summary="Send the bytes of a model", response_class=Response)
async def receive_content(upload_id: str, token: str, request: Request, house: House) -> Response:
    """The bytes are stored under the upload. The token in the URL is the permission; no key is needed."""
    upload = await run_in_threadpool(house.models.admitted, upload_id, token)
    await receive_model(request, house.models, upload)
    return Response()


@router.post("/{upload_id}/confirm", summary="Check and keep a model")
def confirm_model(
    upload_id: str, here: Here, house: House, body: ModelConfirmSpec | None = None
) -> dict[str, Any]:
    """The model, once its bytes are what their format says."""
    return confirmed_answer(upload_id, house.models.confirm(here.namespace_id, upload_id, body))


@form_router.post("", summary="Upload a model")
def create_model(
    there: There,
    house: House,
    file: Annotated[
        UploadFile, File(description="One file, or a zip, tar or tar.gz with the files of the model.")
    ],
    name: Annotated[str, Form()],
    version: Annotated[str, Form()] = "1.0.0",
    model_format: Annotated[str, Form()] = "safetensors",
    framework: Annotated[str | None, Form()] = None,
    task_type: Annotated[str | None, Form()] = None,
    num_cpus: Annotated[float | None, Form()] = None,
    num_gpus: Annotated[int | None, Form()] = None,
    memory_gb: Annotated[float | None, Form()] = None,
) -> dict[str, Any]:
    """A model in one request; large ones are better announced."""
    wanted = {"num_cpus": num_cpus, "num_gpus": num_gpus, "memory": memory_gb and int(memory_gb * 1024**3)}
    said = {
        "name": name,
        "version": version,
        "model_format": model_format,
        "framework": framework,
        "task_type": task_type,
        "resource_requirements": {key: value for key, value in wanted.items() if value is not None} or None,
    }
    spec = validated(ModelSpec, said)
    return created_answer(house.models.add(there.namespace_id, spec, pieces(file.file)))


@namespace_router.get("", summary="List models")
def list_models(there: There, house: House) -> dict[str, Any]:
    """The models of a namespace, oldest first."""
    return listed_answer(house.models.all(there.namespace_id), there.namespace_id)


@namespace_router.get("/{model_id}", summary="Get a model")
def get_model(model_id: str, there: There, house: House) -> dict[str, Any]:
    """One model, by id, `name@version`, or the newest of a name."""
    return model_answer(house.models.get(there.namespace_id, model_id))


@namespace_router.delete("/{model_id}", summary="Delete a model")
def delete_model(model_id: str, there: There, house: House) -> dict[str, Any]:
    """The model and its bytes are gone; what uses it fails from the next run on, naming it."""
    gone = house.models.delete(there.namespace_id, model_id)
    return {"success": True, "model_id": gone.model_id, "message": f"The model {gone.model_id} is deleted."}

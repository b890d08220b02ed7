"""Secrets of the organization: create, list, update, delete. Nothing here ever answers with a value."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from mixpeek_orchestration.api.errors import validation_error
from mixpeek_orchestration.api.guard import Caller, Handler, House, Key, KeyRoute
from mixpeek_orchestration.core.errors import Forbidden, InvalidInput
from mixpeek_orchestration.warehouse.secrets import SecretSpec, SecretValueSpec


class SecretRoute(KeyRoute):
    """A route for keys of the whole organization, whose errors do not repeat what was sent: it may be a secret."""

    def identify(self, request: Request) -> Caller:
        """The caller; raises `Forbidden` for a key that is limited to some namespaces."""
        caller = super().identify(request)
        if caller.key.namespaces:
            raise Forbidden(
                "This API key is limited to some namespaces; secrets belong to all of them.",
                field="Authorization",
                fix="Use a key without limits.",
            )
        return caller

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def discreet(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                raise _without_value(validation_error(error, request)) from None
            except InvalidInput as error:
                raise _without_value(error) from None

        return discreet


router = APIRouter(prefix="/v1/organizations/secrets", tags=["Secrets"], route_class=SecretRoute)


@router.post("", summary="Create a secret")
def create_secret(body: SecretSpec, key: Key, house: House) -> dict[str, Any]:
    """A new secret, encrypted; a name that exists is refused."""
    del key
    secret = house.secrets.create(body.secret_name, body.secret_value.get_secret_value())
    return {"secret_name": secret.name, "created": True}


@router.get("", summary="List secrets")
def list_secrets(key: Key, house: House) -> dict[str, Any]:
    """The names of all secrets."""
    del key
    names = house.secrets.names()
    return {"secrets": names, "count": len(names)}


@router.put("/{secret_name}", summary="Update a secret")
def update_secret(secret_name: str, body: SecretValueSpec, key: Key, house: House) -> dict[str, Any]:
    """The secret with a new value; whoever asks for it next gets that one."""
    del key
    house.secrets.update(secret_name, body.secret_value.get_secret_value())
    return {"secret_name": secret_name, "updated": True}


@router.delete("/{secret_name}", summary="Delete a secret")
def delete_secret(secret_name: str, key: Key, house: House) -> dict[str, Any]:
    """The secret is gone for good."""
    del key
    house.secrets.delete(secret_name)
    return {"secret_name": secret_name, "deleted": True}


def _without_value(error: Any) -> Any:
    error.value = None
    return error

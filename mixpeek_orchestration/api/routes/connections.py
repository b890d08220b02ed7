"""Storage connections: create, list, change, try out, delete. Nothing here ever answers with a credential."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from mixpeek_orchestration.api.answers.connections import connection_answer
from mixpeek_orchestration.api.guard import House, Key
from mixpeek_orchestration.api.paging import Paging, listing, page_of
from mixpeek_orchestration.api.routes.secrets import SecretRoute
from mixpeek_orchestration.core.errors import MixpeekError
from mixpeek_orchestration.core.syncs.connection import Connection
from mixpeek_orchestration.warehouse.specs import Spec
from mixpeek_orchestration.warehouse.syncs.connection_specs import (
    ConnectionSpec,
    ConnectionUpdateSpec,
    Provider,
)
from mixpeek_orchestration.warehouse.warehouse import Warehouse

router = APIRouter(
    prefix="/v1/organizations/connections", tags=["Storage Connections"], route_class=SecretRoute
)


class ConnectionListBody(Spec):
    """Which connections to list; all without it."""

    provider_type: Provider | None = None
    status: str | None = None
    is_active: bool | None = None


@router.post("", summary="Create a connection")
def create_connection(body: ConnectionSpec, key: Key, house: House) -> dict[str, Any]:
    """A new connection; its credentials are encrypted, and tried out first unless `test_before_save` is off."""
    del key
    return connection_answer(house.connections.create(body))


@router.post("/list", summary="List connections")
def list_connections(
    paging: Paging, key: Key, house: House, body: ConnectionListBody | None = None
) -> dict[str, Any]:
    """The connections, by name."""
    del key
    asked, page = body or ConnectionListBody(), page_of(paging)
    found = [
        answer
        for connection in house.connections.all()
        if (answer := _shown(house, connection))
        and asked.provider_type in (None, answer["provider_type"])
        and asked.status in (None, answer["status"])
        and asked.is_active in (None, answer["is_active"])
    ]
    return listing(found[page.offset : page.offset + page.limit], page, total=len(found))


@router.get("/{connection_identifier}", summary="Get a connection")
def get_connection(connection_identifier: str, key: Key, house: House) -> dict[str, Any]:
    """A connection, by id or name."""
    del key
    return _shown(house, house.connections.get(connection_identifier))


@router.patch("/{connection_identifier}", summary="Update a connection")
def update_connection(
    connection_identifier: str, body: ConnectionUpdateSpec, key: Key, house: House
) -> dict[str, Any]:
    """The connection with what was sent; the rest stays."""
    del key
    return _shown(house, house.connections.update(house.connections.get(connection_identifier), body))


@router.delete("/{connection_identifier}", summary="Delete a connection")
def delete_connection(connection_identifier: str, key: Key, house: House) -> dict[str, Any]:
    """The connection is gone with its credentials; refused while a sync reads through it."""
    del key
    connection = house.connections.get(connection_identifier)
    house.connections.delete(connection)
    return {"success": True, "message": f"Connection {connection.name} is deleted.", "deleted": True}


@router.post("/{connection_identifier}/test", summary="Try a connection out")
def test_connection(connection_identifier: str, key: Key, house: House) -> dict[str, Any]:
    """Whether the store lets the connection in, and if not, why."""
    del key
    connection = house.connections.get(connection_identifier)
    try:
        house.connections.check(connection)
    except MixpeekError as error:
        return {"success": False, "message": str(error), "details": {"code": error.code}}
    return {"success": True, "message": "The store lets the connection in.", "details": None}


def _shown(house: Warehouse, connection: Connection) -> dict[str, Any]:
    return connection_answer(connection, house.connections.users(connection))

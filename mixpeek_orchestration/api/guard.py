"""Who is asking, and where: decided before a body is read."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Header, Path, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from mixpeek_orchestration.api.body import JsonRequest
from mixpeek_orchestration.api.pages.ticket import is_for_a_person, key_of_ticket
from mixpeek_orchestration.core.errors import Unauthenticated, UnknownField
from mixpeek_orchestration.core.ports.resources import ApiKey, Namespace
from mixpeek_orchestration.warehouse.warehouse import Warehouse

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True)
class Caller:
    """A key, and the namespace that the request is about where it is about one."""

    key: ApiKey
    namespace: Namespace | None = None

    @property
    def namespace_id(self) -> str:
        """The id of the namespace that the route is scoped to."""
        assert self.namespace is not None, "the route is not scoped to a namespace"
        return self.namespace.namespace_id

    @property
    def scope(self) -> str:
        """The id of the namespace, empty where the request is about none."""
        return self.namespace.namespace_id if self.namespace else ""


class OpenRoute(APIRoute):
    """A route that asks for no key."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        known = query_parameters(self)

        async def checked(request: Request) -> Response:
            refuse_unknown_query(request, known)
            json_request = JsonRequest(request.scope, request.receive)
            await json_request.check(request.app.state.limits.json_bytes)
            return await handle(json_request)

        return checked


class KeyRoute(OpenRoute):
    """A route that needs a key, but no namespace."""

    def identify(self, request: Request) -> Caller:
        """The caller; raises `Unauthenticated`, `Forbidden`, or `NotFound` for a namespace that the key may not see."""
        return Caller(_key_of(request))

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            request.state.caller = await run_in_threadpool(self.identify, request)
            return await handle(request)

        return guarded


class NamespaceRoute(KeyRoute):
    """A route that needs a key, and a namespace in the header; the usual one."""

    def identify(self, request: Request) -> Caller:
        key = _key_of(request)
        named = _as_text(request.headers.get("x-namespace"))
        return Caller(key, request.app.state.warehouse.access.namespace(key, named))


class MaybeNamespaceRoute(KeyRoute):
    """A route that needs a key, and shows more to a request with a namespace in its header."""

    def identify(self, request: Request) -> Caller:
        key = _key_of(request)
        named = _as_text(request.headers.get("x-namespace"))
        access = cast(Warehouse, request.app.state.warehouse).access
        return Caller(key, access.namespace(key, named) if named else None)


class PathNamespaceRoute(KeyRoute):
    """A route that needs a key, and whose path names the namespace as `{namespace_id}`, by id or name."""

    def identify(self, request: Request) -> Caller:
        key = _key_of(request)
        named = request.path_params["namespace_id"]
        return Caller(key, request.app.state.warehouse.access.namespace(key, named, field="namespace_id"))


def query_parameters(route: APIRoute) -> frozenset[str]:
    """The names of the query parameters that a route knows."""
    names: set[str] = set()
    for parameter in route.dependant.query_params:
        shape = parameter.field_info.annotation
        if isinstance(shape, type) and issubclass(shape, BaseModel):
            names |= set(shape.model_fields)
        else:
            names.add(parameter.alias)
    return frozenset(names)


def refuse_unknown_query(request: Request, known: frozenset[str]) -> None:
    """Raises `UnknownField` for a query parameter that the route does not know."""
    for name in request.query_params:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            raise UnknownField(
                f"The query parameter {name!r} is not known.",
                field=name,
                value=request.query_params[name],
                fix=f"Did you mean {near[0]!r}? Otherwise remove it." if near else "Remove it.",
            )


def _key_of(request: Request) -> ApiKey:
    warehouse = cast(Warehouse, request.app.state.warehouse)
    if is_for_a_person(request):
        return key_of_ticket(warehouse.downloads, request.cookies)
    return warehouse.access.authenticate(bearer_token(request.headers.get("authorization")))


def bearer_token(header: str | None) -> str | None:
    """The key in an `Authorization` header; raises `Unauthenticated` for another scheme."""
    if not header:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated(
            "The Authorization header is not a bearer token.",
            field="Authorization",
            value=scheme if token else None,
            fix="Send 'Authorization: Bearer sk_…'.",
        )
    return token.strip() or None


def _as_text(header: str | None) -> str | None:
    """A header as its sender meant it: names with umlauts arrive as UTF-8 read as Latin-1."""
    if header is None:
        return None
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return header


async def _warehouse(request: Request) -> Warehouse:
    return cast(Warehouse, request.app.state.warehouse)


async def _caller(
    request: Request,
    _key: Annotated[Any, Security(HTTPBearer(auto_error=False, description="An API key, sk_…"))] = None,
    _namespace: Annotated[
        str | None, Header(alias="X-Namespace", description="Name or id of a namespace.")
    ] = None,
) -> Caller:
    return cast(Caller, request.state.caller)


async def _key_only(
    request: Request,
    _key: Annotated[Any, Security(HTTPBearer(auto_error=False, description="An API key, sk_…"))] = None,
) -> Caller:
    return cast(Caller, request.state.caller)


async def _path_caller(
    request: Request,
    _namespace: Annotated[
        str, Path(alias="namespace_id", description="Id or name of a namespace; no header is needed.")
    ],
    _key: Annotated[Any, Security(HTTPBearer(auto_error=False, description="An API key, sk_…"))] = None,
) -> Caller:
    return cast(Caller, request.state.caller)


Here = Annotated[Caller, Depends(_caller)]
There = Annotated[Caller, Depends(_path_caller)]
Key = Annotated[Caller, Depends(_key_only)]
House = Annotated[Warehouse, Depends(_warehouse)]

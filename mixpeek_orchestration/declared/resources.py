"""Buckets, collections and retrievers as objects that refer to each other: thin around the specs of the wire."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.place import Place
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.retrieval.spec import RetrieverSpec
from mixpeek_orchestration.warehouse.specs import BucketSpec, CollectionSpec

AnySpec = TypeVar("AnySpec", bound=BaseModel)


class Declared(Generic[AnySpec]):
    """A resource with its spec, the resources that it reads, and the place in the source that made it."""

    spec: AnySpec
    name: str
    reads: tuple[Declared[Any], ...]
    place: Place

    def _say(
        self, model: type[AnySpec], said: Mapping[str, Any], *, name: str, reads: Iterable[Declared[Any]] = ()
    ) -> None:
        """Take on what was said; raises `InvalidInput` naming the field."""
        self.spec = validated(model, to_jsonable_python(said))
        self.name = name
        self.reads = tuple(reads)
        self.place = _caller()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class Bucket(Declared[BucketSpec]):
    """A bucket with its properties: a name and a type each, or all that `bucket_schema` can say.

    `fields` are those of the HTTP body and of `mixpeek.yaml`: `unique_key`, `description`, `metadata`.
    """

    def __init__(self, name: str, properties: Mapping[str, str | Mapping[str, Any]], **fields: Any) -> None:
        schema = {
            field: {"type": said} if isinstance(said, str) else said for field, said in properties.items()
        }
        body = {"bucket_name": name, "bucket_schema": {"properties": schema}, **fields}
        self._say(BucketSpec, body, name=name)


class Collection(Declared[CollectionSpec]):
    """What an extractor (`name` or `name@version`) makes of buckets or of other collections.

    What is said about the extractor has parameters of its own here: `parameters`, `input_mappings`,
    `field_passthrough` (a path, or all that can be said about one); `fields` are those of the collection.
    """

    def __init__(
        self,
        name: str,
        source: Bucket | Collection | Sequence[Bucket | Collection] | Mapping[str, Any],
        extractor: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        input_mappings: Mapping[str, str | Sequence[str]] | None = None,
        field_passthrough: Sequence[str | Mapping[str, Any]] = (),
        include_all_source_fields: bool = False,
        **fields: Any,
    ) -> None:
        reads = _resources(source)
        extractor_name, _, version = extractor.partition("@")
        body = {
            "collection_name": name,
            "source": source if isinstance(source, Mapping) else _source(reads, name),
            "feature_extractor": {
                "feature_extractor_name": extractor_name,
                "version": version or None,
                "parameters": parameters or {},
                "input_mappings": input_mappings or {},
                "field_passthrough": [
                    {"source_path": said} if isinstance(said, str) else said for said in field_passthrough
                ],
                "include_all_source_fields": include_all_source_fields,
            },
            **fields,
        }
        self._say(CollectionSpec, body, name=name, reads=reads)


class Retriever(Declared[RetrieverSpec]):
    """A saved search over collections, given as objects, names or ids."""

    def __init__(
        self,
        name: str,
        collections: Collection | Sequence[Collection | str],
        stages: Sequence[Mapping[str, Any]],
        **fields: Any,
    ) -> None:
        given = [collections] if isinstance(collections, Collection) else list(collections)
        body = {
            "retriever_name": name,
            "collection_identifiers": [one.name if isinstance(one, Collection) else one for one in given],
            "stages": stages,
            **fields,
        }
        reads = [one for one in given if isinstance(one, Collection)]
        self._say(RetrieverSpec, body, name=name, reads=reads)


def _resources(source: object) -> list[Bucket | Collection]:
    """The objects that a collection reads; none when its source is written out."""
    if isinstance(source, Mapping):
        return []
    given = list(source) if isinstance(source, Sequence) and not isinstance(source, str) else [source]
    other = next((one for one in given if not isinstance(one, Bucket | Collection)), None)
    if other is not None or not given:
        raise InvalidInput(
            f"A collection reads buckets or collections, not {other!r}.",
            field="source",
            value=repr(other),
            fix='Give the object, or write {"type": "bucket", "bucket_ids": ["name"]}.',
        )
    return given


def _source(reads: Sequence[Bucket | Collection], name: str) -> dict[str, Any]:
    kinds = {type(one) for one in reads}
    if len(kinds) > 1:
        raise InvalidInput(
            f"The collection {name!r} would read buckets and collections at once.",
            field="source",
            value=[one.name for one in reads],
            fix="Let it read one kind; a collection of its own can read the other.",
        )
    kind = "bucket" if kinds == {Bucket} else "collection"
    return {"type": kind, f"{kind}_ids": [one.name for one in reads]}


def _caller() -> Place:
    """The line outside this module that makes the resource."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)

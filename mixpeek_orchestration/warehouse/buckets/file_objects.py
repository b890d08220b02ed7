"""From files to objects, wherever the files come from: what their name says, and storing many of them."""

from __future__ import annotations

from collections.abc import Mapping

from mixpeek_orchestration.core.bucket import Bucket, UniquePolicy
from mixpeek_orchestration.core.errors import MixpeekError
from mixpeek_orchestration.warehouse.buckets.objects import Objects, Put
from mixpeek_orchestration.warehouse.specs import ObjectSpec


def told_by_name(bucket: Bucket, path: str) -> dict[str, str]:
    """The fields that the name of a file says, as far as the bucket has no other use for theirs."""
    said = {"path": path, "title": path.rsplit("/", 1)[-1].rsplit(".", 1)[0]}
    return {
        name: value
        for name, value in said.items()
        if name not in bucket.properties or bucket.properties[name].type == "string"
    }


def put_each(
    objects: Objects,
    bucket: Bucket,
    specs: Mapping[str, ObjectSpec],
    *,
    refused: dict[str, MixpeekError],
    policy: UniquePolicy | None = None,
) -> dict[str, Put]:
    """The objects by their names, in one transaction; one that is `refused` is taken out, and costs only itself.

    Raises what keeps objects from being stored at all.
    """
    try:
        return dict(zip(specs, objects.put_many(bucket, list(specs.values()), policy=policy), strict=True))
    except MixpeekError as error:
        if error.retryable:
            raise
    puts = {}
    for name, spec in specs.items():
        try:
            puts[name] = objects.put(bucket, spec, policy=policy)
        except MixpeekError as error:
            refused[name] = error
    return puts

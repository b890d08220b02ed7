"""`mixpeek.yaml`: a namespace's resources declared in one file."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, model_validator

from mixpeek_orchestration.core.errors import Cycle, InvalidInput
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.retrieval.spec import RetrieverSpec
from mixpeek_orchestration.warehouse.specs import BucketSpec, CollectionSpec, Spec


class Manifest(Spec):
    """A namespace's resources as one place declares them. Resources refer to each other by name."""

    namespace: str = Field(
        default="default", description="The namespace, by name or id; made when it is missing."
    )
    buckets: list[BucketSpec] = Field(default_factory=list)
    collections: list[CollectionSpec] = Field(default_factory=list)
    retrievers: list[RetrieverSpec] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_are_used_once(self) -> Manifest:
        names = {
            "buckets": [spec.bucket_name for spec in self.buckets],
            "collections": [spec.collection_name for spec in self.collections],
            "retrievers": [spec.retriever_name for spec in self.retrievers],
        }
        for kind, given in names.items():
            twice = next((name for name in given if given.count(name) > 1), None)
            if twice is not None:
                raise ValueError(f"two {kind} are named {twice!r}; rename one of them")
        return self


class _TextDates(yaml.SafeLoader):
    """YAML in which a date is the text that it is in JSON."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the class attribute that PyYAML reads
        first: [rule for rule in rules if rule[0] != "tag:yaml.org,2002:timestamp"]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read_manifest(path: Path) -> Manifest:
    """The manifest in a YAML file; raises `InvalidInput` with the place of what is wrong."""
    return validated(Manifest, read_data(path))


def read_data(path: Path) -> dict[str, Any]:
    """What a YAML file holds, not yet checked; raises `InvalidInput` when it is no mapping."""
    try:
        data = yaml.load(path.read_text(), Loader=_TextDates)
    except FileNotFoundError as error:
        raise InvalidInput(f"There is no file {path}.", field="file", value=str(path)) from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise InvalidInput(f"{path} is not YAML: {error}", field="file", value=str(path)) from error
    if not isinstance(data, dict):
        raise InvalidInput(
            f"{path} does not hold a mapping.", field="file", fix="Start with 'namespace: default'."
        )
    return data


def written_manifest(data: dict[str, Any]) -> str:
    """Plain data of a manifest as YAML, in the order given."""
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)
    return text


def upstream_first(specs: Iterable[CollectionSpec]) -> list[CollectionSpec]:
    """The collections of a file, each after those it reads; raises `Cycle` naming the circle."""
    by_name = {spec.collection_name: spec for spec in specs}
    graph = {
        name: [up for up in spec.source.identifiers if spec.source.type == "collection" and up in by_name]
        for name, spec in by_name.items()
    }
    try:
        return [by_name[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise Cycle(
            f"These collections would read from each other: {circle}.",
            field="collections",
            value=circle,
            fix="Let one of them read a bucket or a collection outside the circle.",
        ) from error

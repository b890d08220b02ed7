"""Collections: what an extractor makes of a source. A collection's documents live in generations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from mixpeek_orchestration.core.bucket import ManagedBy
from mixpeek_orchestration.core.feature_uri import FeatureUri

Distance = Literal["cosine", "euclid", "dot"]


@dataclass(frozen=True)
class Source:
    """Where a collection reads: buckets or other collections, by id, and of them what `filters` hold for."""

    type: Literal["bucket", "collection"]
    ids: tuple[str, ...]
    filters: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class FieldPassthrough:
    """A source field that documents carry along under `target` (the last part of the path unless given)."""

    source_path: str
    target_path: str | None = None
    default: object = None
    required: bool = False

    @property
    def target(self) -> str:
        return self.target_path or self.source_path.rsplit(".", 1)[-1]


@dataclass(frozen=True)
class ExtractorChoice:
    """An extractor version with parameters; `version` in the spelling it was given.

    `input_mappings` maps an input of the extractor to one source path or several; empty means every blob whose
    type the extractor supports.
    """

    name: str
    version: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    input_mappings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    passthrough: tuple[FieldPassthrough, ...] = ()
    include_all_source_fields: bool = False

    @property
    def id(self) -> str:
        """`name_vX` as lineage shows it: the name and the version in its own spelling."""
        return f"{self.name}_{self.version}"


@dataclass(frozen=True)
class VectorIndex:
    """One vector column of a collection and the feature it holds."""

    feature: str
    column: str
    dimension: int
    distance: Distance = "cosine"


@dataclass(frozen=True)
class Generation:
    """One table of documents, filled by one extractor version with one set of parameters.

    `code_fp` is the code that committed last, empty before the first commit. `input_mappings` are what this
    generation reads, `None` for what its collection says. `index_map` sends feature URIs of other generations, which
    retrievers already use, to the features of this one.
    """

    generation_id: str
    collection_id: str
    number: int
    table: str
    extractor_name: str
    extractor_version: str
    parameters: Mapping[str, Any]
    vectors: tuple[VectorIndex, ...]
    code_fp: str = ""
    created_at: str = ""
    input_mappings: Mapping[str, tuple[str, ...]] | None = None
    index_map: Mapping[str, str] = field(default_factory=dict)

    def uri(self, vector: VectorIndex) -> FeatureUri:
        return FeatureUri(self.extractor_name, self.extractor_version, vector.feature)

    def vector_for(self, uri: FeatureUri) -> VectorIndex | None:
        """The vector column that answers for `uri` in this generation: its own, or the one it is sent to."""
        same = uri.same_extractor(self.extractor_name, self.extractor_version)
        own = next((v for v in self.vectors if same and uri.feature in (v.feature, v.column)), None)
        if own is not None:
            return own
        feature = self.index_map.get(uri.canonical)
        return next((v for v in self.vectors if v.feature == feature), None)


@dataclass(frozen=True)
class Collection:
    """A collection as the catalog holds it. `active_generation` names the generation that answers."""

    collection_id: str
    namespace_id: str
    name: str
    source: Source
    extractor: ExtractorChoice
    active_generation: str = ""
    description: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True
    managed_by: ManagedBy = "api"
    schedule: str | None = None
    created_at: str = ""
    updated_at: str = ""

    def filled_by(self, generation: Generation) -> Collection:
        """This collection with the extractor version, parameters and inputs of one of its generations."""
        mappings = generation.input_mappings
        choice = replace(
            self.extractor,
            name=generation.extractor_name,
            version=generation.extractor_version,
            parameters=generation.parameters,
            input_mappings=self.extractor.input_mappings if mappings is None else mappings,
        )
        return replace(self, extractor=choice)

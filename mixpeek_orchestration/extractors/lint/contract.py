"""What the contract allows in each place, read off the modules that define it.

Their source is read and not imported: the manifest's classes need pydantic, and lint has to answer at once.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from mixpeek_orchestration.extractors import compute_profile, local_tools, processing
from mixpeek_orchestration.extractors.pipelines import conditions, pipeline

_FOLDER: Final = Path(__file__).parents[1]
TOOLS: Final = frozenset(local_tools.PACKAGES)
CONTAINER: Final = frozenset({"llm", "secrets", "inference", "models"})
COLUMNS: Final = frozenset(
    {
        *("data", "document_id", "object_id", "blob_id", "blob_property", "blob_type", "collection_id"),
        *("feature_extractor_id", "mime_type", "size_bytes"),
    }
)
"""What every batch has."""
OLDER_COLUMNS: Final = frozenset({"image_bytes", "audio_bytes", "image_url", "source_url"})
"""What batches had in older revisions of the documentation: packages that read these are not called wrong."""
RESOURCE_TYPES: Final = frozenset({"cpu", "gpu", "api"})
DIMENSIONS: Final = {
    "all-MiniLM-L6-v2": 384,
    "all-MiniLM-L12-v2": 384,
    "all-mpnet-base-v2": 768,
    "multilingual-e5-large-instruct": 1024,
    "multilingual-e5-large": 1024,
    "siglip-base-patch16-224": 768,
    "clip-vit-base-patch32": 512,
    "clip-vit-large-patch14": 768,
    "jina-embeddings-v2-base-code": 768,
    "bge-small-en-v1.5": 384,
    "bge-base-en-v1.5": 768,
    "bge-large-en-v1.5": 1024,
    "bge-m3": 1024,
}
"""The length of the vectors of well-known models, by the last part of their ids."""
DOCUMENTED_SERVICES: Final = frozenset(
    {
        *("intfloat/multilingual-e5-large-instruct", "google/siglip-base-patch16-224"),
        *("jinaai/jina-embeddings-v2-base-code", "BAAI/bge-reranker-v2-m3", "openai/whisper-large-v3-turbo"),
    }
)
ANSWERS: Final[Mapping[str, frozenset[str]]] = {
    "embedding": frozenset({"embedding", "embeddings", "vector"}),
    "rerank": frozenset({"scores"}),
    "classify": frozenset({"labels"}),
    "generate": frozenset({"text", "keep"}),
}
"""The keys under which a stage reads the answer of an inference type."""
_TYPES: Final = (
    "string",
    "number",
    "integer",
    "float",
    "boolean",
    "object",
    "array",
    "date",
    "datetime",
    "url",
)
WEIGHTS: Final = (".safetensors", ".pt", ".pth", ".bin", ".onnx", ".ckpt", ".h5", ".gguf", ".msgpack")


@cache
def manifest_fields() -> frozenset[str]:
    """The fields of a manifest, in all its styles."""
    return frozenset({*_fields_of("declaration.py", "ExtractorManifest"), "feature_uri", "name"})


@cache
def profile_keys() -> tuple[str, ...]:
    """The keys of compute_profile."""
    return tuple(field.name for field in dataclasses.fields(compute_profile.ComputeProfile))


@cache
def serve_keys() -> tuple[str, ...]:
    """The keys of serve_config."""
    return tuple(field.name for field in dataclasses.fields(processing.ServeDeploymentConfig))


@cache
def definition_arguments(name: str) -> tuple[str, ...]:
    """The arguments of StepDefinition or PipelineDefinition, in order."""
    return tuple(field.name for field in dataclasses.fields(getattr(pipeline, name)))


@cache
def row_conditions() -> tuple[str, ...]:
    """The names of the row conditions."""
    return tuple(conditions.RowCondition.__members__)


@cache
def inference_types() -> tuple[str, ...]:
    """The inference types."""
    return _constant("manifest.py", "INFERENCE_TYPES")


@cache
def modalities() -> tuple[str, ...]:
    """The blob types that an extractor can take."""
    return (*_constant("manifest.py", "MODALITIES"), *_TYPES)


@cache
def services() -> frozenset[str]:
    """The ids of the built-in services."""
    entries = (
        node
        for node in ast.walk(_tree("services/registry.py"))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Entry"
    )
    texts = (inner.value for entry in entries for inner in ast.walk(entry) if isinstance(inner, ast.Constant))
    return DOCUMENTED_SERVICES | {text for text in texts if isinstance(text, str)}


def _fields_of(file: str, name: str) -> list[str]:
    body = next(
        node.body for node in _tree(file).body if isinstance(node, ast.ClassDef) and node.name == name
    )
    return [
        node.target.id
        for node in body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    ]


def _constant(file: str, name: str) -> tuple[str, ...]:
    value = next(
        node.value
        for node in _tree(file).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name
    )
    return tuple(ast.literal_eval(value)) if value is not None else ()


@cache
def _tree(file: str) -> ast.Module:
    return ast.parse((_FOLDER / file).read_text(encoding="utf-8"))

"""Manifests: three styles, one description; and what is wrong is named by field, value and fix."""

from __future__ import annotations

import pytest

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.errors import InvalidPackage

from .conftest import MANIFEST

VARIABLES = """
from pydantic import BaseModel

class MyParams(BaseModel):
    model_size: str = "base"

feature_extractor_name = "my_extractor"
version = "1.0.0"
description = "Counts letters"
features = [{"feature_type": "embedding", "feature_name": "my_embedding", "embedding_dim": 3, "distance_metric": "cosine"}]
output_schema = {"my_embedding": "list[float]", "chunk_index": int, "label": "str", "parts": "list[str]"}
input_schema = {"properties": {"text": {"type": "string"}}}
compute_profile = {"resource_type": "cpu", "batch_size": 32, "max_concurrency": 4}
position_fields = ["chunk_index"]
"""

TYPED = """
from shared.extractors.sdk import ExtractorManifest, Feature

manifest = ExtractorManifest(
    feature_extractor_name="my_extractor",
    version="v1",
    description="Counts letters",
    dependencies=["pydantic>=2"],
    system_packages=["libmagic1"],
    features=[Feature.embedding("my_embedding", dim=3), Feature.classification("mood", labels=["good"])],
    inference_type="embedding",
)
feature_extractor_name = manifest.feature_extractor_name
version = manifest.version
description = manifest.description
dependencies = manifest.dependencies
features = manifest.features_as_dicts()
feature_uri = manifest.feature_uri
"""

BARE_PIPELINE = """
from .processors.core import MyProcessor

def build_steps(extractor_request, container=None):
    return {"steps": [MyProcessor]}
"""

VECTOR = VectorIndex("my_embedding", "my_embedding", 3, "cosine")


def test_metadata_dict_and_pydantic_classes(package, describe):
    """The documented style is read in full."""
    package()
    found = describe()
    assert (found.name, found.version, found.description) == ("my_extractor", "1.0.0", "Counts letters")
    assert found.vectors == (VECTOR,)
    assert found.supported_input_types == ("text",)
    assert (found.input_fields, found.output_fields) == (("text",), ("my_embedding",))
    assert found.inference_type == "embedding"
    assert found.parameters == {"model_size": "base", "limit": 10}


def test_metadata_with_the_older_key(package, describe):
    """`name` in the metadata dict names the extractor as `feature_extractor_name` does."""
    package(
        {"manifest.py": MANIFEST.replace('"feature_extractor_name"', '"name"'), "pipeline.py": BARE_PIPELINE}
    )
    assert describe().name == "my_extractor"


def test_module_variables(package, describe):
    """A manifest of plain variables is read, its compute profile and position fields included."""
    package({"manifest.py": VARIABLES, "pipeline.py": BARE_PIPELINE})
    found = describe()
    assert found.vectors == (VECTOR,)
    assert (found.steps[0].batch_size, found.steps[0].concurrency) == (32, 4)
    assert found.position_fields == ("chunk_index",)
    assert {name: one["type"] for name, one in found.output_schema["properties"].items()} == {
        "my_embedding": "array",
        "chunk_index": "integer",
        "label": "string",
        "parts": "array",
    }
    assert found.input_fields == ("text",)


def test_typed_manifest(package, describe):
    """A typed manifest gives the same description; classifications have no vector."""
    package({"manifest.py": TYPED, "pipeline.py": BARE_PIPELINE})
    found = describe()
    assert (found.version, found.vectors) == ("v1", (VECTOR,))
    assert found.dependencies == ("pydantic>=2",)
    assert found.supported_input_types == ("text",)


def test_the_suffixed_column_satisfies_a_feature(package, describe):
    """Where the output schema has `<feature>_embedding` and not the feature's name, that is the vector column."""
    manifest = MANIFEST.replace('"feature_name": "my_embedding"', '"feature_name": "my"')
    package({"manifest.py": manifest})
    assert describe().vectors == (VectorIndex("my", "my_embedding", 3, "cosine"),)


WRONG = [
    ('"feature_name": "my_embedding"', '"name": "my_embedding"', "features[0].name", "feature_name"),
    ('"feature_type": "embedding"', '"type": "embedding"', "features[0].type", "feature_type"),
    ('"embedding_dim": 3', '"dimensions": 3', "features[0].dimensions", "embedding_dim"),
    ('"distance_metric": "cosine"', '"distance": "cosine"', "features[0].distance", "distance_metric"),
    (', "distance_metric": "cosine"', "", "features[0].distance_metric", "distance_metric"),
    ('"embedding_dim": 3', '"embedding_dim": "3"', "features[0].embedding_dim", "length"),
    ('"embedding_dim": 3', '"embedding_dim": 0', "features[0].embedding_dim", "length"),
    ('"cosine"', '"manhattan"', "features[0].distance_metric", "cosine"),
    ('"feature_name": "my_embedding"', '"feature_name": "_code_fp"', "features[0].feature_name", "letters"),
    ('"feature_type": "embedding"', '"feature_type": "vector"', "features[0].feature_type", "embedding"),
    ('"my_extractor",', '"my extractor",', "feature_extractor_name", "letters"),
    ('"feature_extractor_name": "my_extractor",', "", "feature_extractor_name", "feature_extractor_name"),
    ('"version": "1.0.0",', "", "version", "v1"),
    ('"version": "1.0.0"', '"version": "latest"', "version", "1.2"),
    ('"inference_type": "embedding"', '"inference_type": "embed"', "inference_type", "rerank"),
    (
        "supported_input_types",
        'compute_profile = {"gpus": 1}\nsupported_input_types',
        "compute_profile.gpus",
        "batch_size",
    ),
    (
        "supported_input_types",
        'compute_profile = {"batch_size": 0}\nsupported_input_types',
        "compute_profile.batch_size",
        "64",
    ),
    ("output_schema = MyOutput", "output_schema = 3", "output_schema", "BaseModel"),
    ("supported_input_types", 'dependencies = "numpy"\nsupported_input_types', "dependencies", "["),
    (
        "supported_input_types",
        'dependencies = ["not-a-real-distribution-name"]\nsupported_input_types',
        "dependencies",
        "container_image",
    ),
    (
        "supported_input_types",
        'dependencies = ["pillow @ https://example.com/pillow.whl"]\nsupported_input_types',
        "dependencies",
        "pillow>=1.0",
    ),
    (
        "supported_input_types",
        'system_packages = ["no-such-system-package"]\nsupported_input_types',
        "system_packages",
        "apt-get install no-such-system-package",
    ),
    (
        "supported_input_types",
        'feature_uri = "mixpeek://other@v1/my_embedding"\nsupported_input_types',
        "feature_uri",
        "mixpeek://my_extractor@1.0.0/",
    ),
    (
        "supported_input_types",
        'serve_config = {"replicas": 2}\nsupported_input_types',
        "serve_config.replicas",
        "num_replicas",
    ),
    (
        "supported_input_types",
        'compute_profile = {"actor_memory_gb": "2"}\nsupported_input_types',
        "compute_profile.actor_memory_gb",
        "2.0",
    ),
    (
        "supported_input_types",
        'position_fields = ["page"]\nsupported_input_types',
        "position_fields",
        "my_embedding",
    ),
    ("supported_input_types", "input_mappings = [1]\nsupported_input_types", "input_mappings", "title"),
    ("supported_input_types", "example_input = 3\nsupported_input_types", "example_input", "{"),
    ("supported_input_types", "container_image = 3\nsupported_input_types", "container_image", "…"),
    (
        "supported_input_types",
        'container_image = "image; rm -rf /"\nsupported_input_types',
        "container_image",
        "registry.example.com",
    ),
    (
        "features = [",
        'features = [{"feature_type": "embedding", "feature_name": "my_embedding", "embedding_dim": 3, "distance_metric": "dot"},',
        "features",
        "differently",
    ),
    (
        "supported_input_types",
        'dependencies = ["pydantic<1"]\nsupported_input_types',
        "dependencies",
        "Accept pydantic==2",
    ),
]


@pytest.mark.parametrize(
    ("right", "wrong", "field", "fix"), WRONG, ids=[f"{w[2]}-{i}" for i, w in enumerate(WRONG)]
)
def test_a_wrong_manifest_is_refused_by_field_and_fix(
    package, registry, monkeypatch, right, wrong, field, fix
):
    """Every mistake is an `InvalidPackage` that names the field and what to write, before any run."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert right in MANIFEST
    package({"manifest.py": MANIFEST.replace(right, wrong, 1), "pipeline.py": BARE_PIPELINE})
    with pytest.raises(InvalidPackage) as caught:
        registry.describe("my_extractor")
    assert caught.value.field == field
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("right", "wrong", "field"),
    [
        (
            'Feature.embedding("my_embedding", dim=3)',
            'Feature(feature_type="embedding", name="x")',
            "feature_name",
        ),
        ('inference_type="embedding"', 'inference="embedding"', "inference"),
    ],
)
def test_a_wrong_typed_manifest_names_the_field(package, registry, right, wrong, field):
    """What the typed classes refuse is told by field, with the fields that there are."""
    package({"manifest.py": TYPED.replace(right, wrong), "pipeline.py": BARE_PIPELINE})
    with pytest.raises(InvalidPackage) as caught:
        registry.describe("my_extractor")
    assert caught.value.field == field
    assert "feature" in caught.value.fix


def test_a_package_without_a_pipeline_says_so(package, registry):
    """`pipeline.py` is required, and named when it is missing."""
    package({"pipeline.py": None})
    with pytest.raises(InvalidPackage, match=r"pipeline\.py"):
        registry.describe("my_extractor")

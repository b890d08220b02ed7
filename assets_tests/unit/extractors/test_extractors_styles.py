"""Every documented style of a package loads, describes itself, runs and answers, unmodified."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.extractors.import_roots import ROOTS
from mixpeek_orchestration.extractors.jailed.jailed import describe_jailed

from .sample_styles import EMBEDDING, NAMES, PACKAGES, STYLES, TEXTS, asked, described, extracted, rows_of

DOCUMENTED = PACKAGES / "documented"


@pytest.mark.parametrize("name", NAMES)
def test_a_package_of_every_style_runs(name: str, tmp_path: Path) -> None:
    """A batch goes through with every promised vector in every row, and no documented root is ever imported."""
    description = described(STYLES / name, tmp_path)
    rows = rows_of(extracted(description))
    assert set(rows.column("_source_item").to_pylist()) == {"item_0", "item_1"}
    for vector in description.vectors:
        column = rows.column(vector.column)
        assert column.null_count == 0
        assert column.type.list_size == vector.dimension
    assert not ROOTS & {module.split(".", 1)[0] for module in sys.modules}


@pytest.mark.parametrize("name", EMBEDDING)
def test_a_query_has_the_vector_of_a_document(name: str, tmp_path: Path) -> None:
    """The realtime half of each style gives a text the vector that the batch half gave it, under `embedding`, and
    under the feature's name where there are several."""
    description = described(STYLES / name, tmp_path)
    rows = rows_of(extracted(description))
    answer = asked(description, {"text": TEXTS[0]})
    for vector in description.vectors:
        found = answer[vector.feature if len(description.vectors) > 1 else "embedding"]
        assert found == pytest.approx(rows.column(vector.column)[0].as_py())


@pytest.mark.parametrize(
    ("name", "inputs", "expected"),
    [
        ("rerank_words", {"pairs": [["a b", "b c"], ["a", "z"]]}, {"scores": [1.0, 0.0]}),
        ("classify_words", {"text": "brief"}, {"labels": [{"label": "short", "confidence": 1.0}]}),
        ("generate_words", {"prompt": "loud"}, {"text": "LOUD"}),
    ],
)
def test_other_inference_types_answer_their_contract(
    name: str, inputs: dict[str, object], expected: dict[str, object], tmp_path: Path
) -> None:
    """Reranking, classification and generation answer in the keys that stages read."""
    assert asked(described(STYLES / name, tmp_path), inputs) == expected


@pytest.mark.parametrize("name", NAMES)
def test_the_description_of_every_style_survives_json(name: str, tmp_path: Path) -> None:
    """What the catalog keeps of a package is what the package said."""
    description = described(STYLES / name, tmp_path)
    written = json.loads(json.dumps(description.as_dict()))
    assert ExtractorDescription.from_dict(written).as_dict() == description.as_dict()


def test_module_variables_are_all_read(tmp_path: Path) -> None:
    """What a manifest of variables says reaches the description, from the compute profile to the example."""
    found = described(STYLES / "variables", tmp_path)
    step = found.steps[0]
    assert (step.name, step.batch_size, step.concurrency, step.resources.memory_bytes) == (
        "count",
        8,
        1,
        1 << 29,
    )
    assert found.serve_config == {"num_replicas": 1, "num_cpus": 0.1}
    assert found.input_mappings == {"text": "title"}
    assert found.feature_uri == "mixpeek://variables@v1/variables_embedding"
    assert found.example_input == {"text": "an example"}
    assert found.supported_input_types == ("text", "string")
    assert [feature["feature_name"] for feature in found.features] == ["variables_embedding"]


def test_steps_run_on_their_rows_only(tmp_path: Path) -> None:
    """Conditions, batch sizes and disabled steps hold, rows multiply, and a vector is found under both its names."""
    description = described(STYLES / "two_vectors", tmp_path)
    assert [step.condition for step in description.steps] == [
        "IS_VISUAL",
        "IS_TEXT",
        "IS_TEXT",
        "IS_VIDEO_OR_AUDIO",
    ]
    rows = rows_of(extracted(description, ["first one. second one. third", "alone"]))
    assert rows.column("sentence_index").to_pylist() == [0, 1, 2, 0]
    assert description.position_fields == ("sentence_index",)


def test_live_handles_are_built_where_they_run(tmp_path: Path) -> None:
    """A config with `container.llm` and `container.secrets` is described without a platform; without one, a run says
    that a service was asked for."""
    described_alone = described(STYLES / "live_handles", tmp_path)
    assert described_alone.steps[0].resource_type == "api"
    assert described_alone.steps[0].concurrency == 8
    with pytest.raises(InvalidPackage, match=r"container\.llm"):
        asked(replace(described_alone, platform=None), {"text": "a"})


def test_the_documented_plugin_runs_as_printed(tmp_path: Path) -> None:
    """The plugin of the CLI's documentation, with its defaults and with parameters."""
    description = described(DOCUMENTED / "plugin", tmp_path, {"threshold": 0.7, "text_column": "text"})
    assert (description.name, description.version, description.author) == ("my_extractor", "v1", "Your Name")
    rows = rows_of(extracted(description))
    assert rows.column("output")[0].as_py() == {"result": f"Processed: {TEXTS[0]}", "confidence": 0.95}
    assert asked(description, {"text": "a"}) == {"result": "Processed: a", "confidence": 0.95}


def test_the_parameter_text_column_names_a_column_with_the_text(tmp_path: Path) -> None:
    """With the value of the documentation the processor finds the text under that name, and no document stores it twice."""
    description = described(DOCUMENTED / "plugin", tmp_path, {"threshold": 0.7, "text_column": "content"})
    rows = rows_of(extracted(description))
    assert rows.column("output")[0].as_py()["result"] == f"Processed: {TEXTS[0]}"
    assert "content" not in rows.column_names


@pytest.mark.slow
@pytest.mark.parametrize("name", ["untyped", "typed"])
def test_the_documented_embedders_run_as_printed(name: str, tmp_path: Path) -> None:
    """The two packages of the extractor documentation embed a batch with real weights, and a query as a document."""
    description = described(DOCUMENTED / name, tmp_path)
    (vector,) = description.vectors
    rows = rows_of(extracted(description))
    answer = asked(description, {"text": TEXTS[0]})
    assert answer["embedding"] == pytest.approx(rows.column(vector.column)[0].as_py(), abs=1e-5)


def test_columns_of_older_documentation_are_found_in_the_code(tmp_path: Path) -> None:
    """A package that reads `image_bytes` gets that column; a mere word in a docstring or an output does no harm."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "manifest.py").write_text('feature_extractor_name = "pictures"\nversion = "v1"\n')
    (folder / "pipeline.py").write_text(
        '"""Reads image_bytes."""\n'
        "def size(batch):\n"
        "    return batch.assign(size=[len(b) for b in batch['image_bytes']])\n"
        "def build_steps(extractor_request):\n"
        "    return [size]\n"
    )
    assert described(folder, tmp_path / "cache").older_columns == ("image_bytes",)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_style_runs_in_a_jail(name: str, tmp_path: Path) -> None:
    """A package of each style is described, runs and answers in a process that may do little, with the same vectors."""
    trusted = described(STYLES / name, tmp_path)
    made = describe_jailed(STYLES / name, {}, level="reviewed", model_cache=tmp_path)
    jailed = replace(made, platform=trusted.platform)
    assert jailed.as_dict() == replace(trusted, isolation="reviewed", model_cache=str(tmp_path)).as_dict()
    rows, expected = rows_of(extracted(jailed)), rows_of(extracted(trusted))
    for vector in jailed.vectors:
        assert rows.column(vector.column).to_pylist() == expected.column(vector.column).to_pylist()
    asks = {"text": TEXTS[0], "prompt": "say", "pairs": [["a", "b"]]}
    assert asked(jailed, asks) == asked(trusted, asks)

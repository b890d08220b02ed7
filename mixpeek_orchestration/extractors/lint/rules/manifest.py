"""Rules about the manifest."""

from __future__ import annotations

from functools import partial
from typing import Final

from mixpeek_orchestration.core.finding import Severity
from mixpeek_orchestration.extractors.lint.rule import Category, Rule

_error = partial(Rule, category=Category.CORRECTNESS, severity=Severity.ERROR, file="manifest.py")
_warning = partial(Rule, category=Category.CORRECTNESS, severity=Severity.WARNING, file="manifest.py")

RULES: Final = (
    _error(
        id="MAN001",
        title="The manifest names no extractor",
        why="Collections, feature URIs and endpoints refer to an extractor by its name.",
        bad='metadata = {"version": "v1", "description": "Counts words."}\n',
        good='metadata = {"name": "word_counter", "version": "v1", "description": "Counts words."}\n'
        "input_schema = output_schema = {}\n",
        whole_file=True,
    ),
    _error(
        id="MAN002",
        title="The name cannot name an extractor",
        why="It becomes part of feature URIs, paths and ids: a letter, then letters, digits, `_` or `-`.",
        bad='feature_extractor_name = "my extractor!"\n',
        good='feature_extractor_name = "word_counter"\n',
    ),
    _error(
        id="MAN003",
        title="The manifest has no version",
        why="Collections pin the version that they were made with.",
        bad='metadata = {"name": "word_counter", "description": "Counts words."}\n',
        good='metadata = {"name": "word_counter", "version": "v1", "description": "Counts words."}\n'
        "input_schema = output_schema = {}\n",
        whole_file=True,
    ),
    _error(
        id="MAN004",
        title="The version is not one",
        why="Versions are compared: `v1`, `1` and `1.0.0` are the same, `latest` is nothing.",
        bad='version = "latest"\n',
        good='version = "v1"\n',
    ),
    Rule(
        id="MAN005",
        category=Category.STYLE,
        severity=Severity.WARNING,
        title="The manifest has no description",
        why="People choose extractors from a list by their descriptions.",
        file="manifest.py",
        bad='description = ""\n',
        good='description = "Counts the words of a text."\n',
    ),
    _warning(
        id="MAN006",
        title="A schema is missing",
        why="The input schema says which columns a batch has besides `data`; the output schema which are stored, "
        "with their types.",
        bad='metadata = {"name": "word_counter", "version": "v1", "description": "Counts words."}\n'
        "input_schema = {}\n",
        good='metadata = {"name": "word_counter", "version": "v1", "description": "Counts words."}\n'
        "input_schema = output_schema = {}\n",
        whole_file=True,
    ),
    _error(
        id="MAN007",
        title="A declaration has the wrong type",
        why="A schema is a pydantic model or a dict, a list of names is a list of strings, `metadata` is a dict.",
        bad="class Words:\n    text: str\n\n\ninput_schema = Words\n",
        good="class Words(BaseModel):\n    text: str\n\n\ninput_schema = Words\n",
    ),
    _error(
        id="MAN008",
        title="The inference type is not known",
        why="Retriever stages choose extractors by it.",
        bad='inference_type = "embeddings"\n',
        good='inference_type = "embedding"\n',
    ),
    _error(
        id="MAN009",
        title="compute_profile has an unknown key or a bad value",
        why="A misspelled key would leave the default in force without a word.",
        bad='compute_profile = {"resource_type": "cpu", "batchsize": 32}\n',
        good='compute_profile = {"resource_type": "cpu", "batch_size": 32}\n',
    ),
    _error(
        id="MAN010",
        title="serve_config has an unknown key or a bad value",
        why="A misspelled key would leave the default in force without a word.",
        bad='serve_config = {"replicas": 2}\n',
        good='serve_config = {"num_replicas": 2}\n',
    ),
    _warning(
        id="MAN011",
        title="An input type is not known",
        why="Objects reach the extractor by their blob type.",
        bad='supported_input_types = ["texts"]\n',
        good='supported_input_types = ["text"]\n',
    ),
    _error(
        id="MAN012",
        title="feature_uri does not point at this extractor",
        why="Retrievers that search by it would find nothing.",
        bad='feature_uri = "mixpeek://word_counter@1.0.0/embedding"\n',
        good='feature_uri = "mixpeek://word_counter@1.0.0/word_vector"\n',
    ),
    _error(
        id="MAN013",
        title="A dependency is not a requirement",
        why="Dependencies are installed with pip.",
        bad='dependencies = ["tokenizers >> 0.22"]\n',
        good='dependencies = ["tokenizers>=0.22"]\n',
    ),
    _warning(
        id="MAN014",
        title="A dependency has no version",
        why="The next release of the library may give other vectors, and nothing would say so.",
        bad='dependencies = ["tokenizers"]\n',
        good='dependencies = ["tokenizers>=0.22,<1"]\n',
    ),
    _error(
        id="MAN015",
        title="The typed manifest has an unknown field",
        why="ExtractorManifest and Feature refuse what they do not know when the package is loaded.",
        bad="from shared.extractors.sdk import ExtractorManifest\n\n"
        'manifest = ExtractorManifest(feature_extractor_name="word_counter", features=features, outputs=[])\n',
        good="from shared.extractors.sdk import ExtractorManifest\n\n"
        'manifest = ExtractorManifest(feature_extractor_name="word_counter", features=features, position_fields=[])\n',
    ),
    _warning(
        id="MAN016",
        title="A key of metadata is not known",
        why="It is ignored: a misspelled key leaves the field undeclared.",
        bad='metadata = {"inference_typ": "embedding"}\n',
        good='metadata = {"inference_type": "embedding"}\n',
    ),
    _error(
        id="MAN017",
        title="A position field is not an output",
        why="Documents get their ids from the position fields, so each must be a column of the output.",
        bad='position_fields = ["chunk"]\n',
        good='position_fields = ["words"]\n',
    ),
    _warning(
        id="MAN018",
        title="The pipeline has another name or version than the manifest",
        why="The manifest decides; the other one misleads readers and logs.",
        file="pipeline.py",
        bad='OTHER = PipelineDefinition(name="word_count", version="1.0.0", steps=[])\n',
        good='SAME = PipelineDefinition(name="word_counter", version="v1", steps=[])\n',
    ),
)

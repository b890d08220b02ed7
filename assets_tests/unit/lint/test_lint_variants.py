"""Other forms of the mistakes that the rules' examples show, and code that only looks like one."""

from __future__ import annotations

import pytest

from mixpeek_orchestration.extractors.lint import lint_files

from .base_package import PACKAGE
from .documented_packages import TYPED

MANIFEST = "manifest.py"
PIPELINE = "pipeline.py"
CORE = "processors/core.py"
REALTIME = "realtime.py"


def step(*lines: str) -> str:
    """A processor whose `__call__` has these lines."""
    return "class WordCounter(Base):\n    def __call__(self, batch):\n" + "".join(
        f"        {x}\n" for x in lines
    )


def build(*lines: str) -> str:
    """A build_steps with these lines."""
    return "def build_steps(extractor_request, **kwargs):\n" + "".join(f"    {x}\n" for x in lines)


def rules(file: str, code: str) -> set[str]:
    """The rules broken by the sound package with the code at the end of one of its files."""
    return {one.rule for one in lint_files({**PACKAGE, file: f"{PACKAGE[file]}\n\n{code}"})}


def typed_rules(features: str) -> set[str]:
    """The rules broken by the documented typed manifest with these features."""
    text = TYPED[MANIFEST].replace('[Feature.embedding("my_embedder_v1", dim=384)]', features)
    return {one.rule for one in lint_files({**TYPED, MANIFEST: text})}


REPORTED = [
    ("MAN002", MANIFEST, "feature_extractor_name = 7"),
    ("MAN004", MANIFEST, 'version = "1.0.0-beta"'),
    ("MAN004", MANIFEST, 'metadata = {"version": "newest"}'),
    ("MAN007", MANIFEST, 'dependencies = "torch"'),
    ("MAN007", MANIFEST, "position_fields = [1]"),
    ("MAN007", MANIFEST, 'compute_profile = "cpu"'),
    ("MAN007", MANIFEST, 'input_schema = "text"'),
    ("MAN007", MANIFEST, 'metadata = ["word_counter"]'),
    ("MAN009", MANIFEST, 'compute_profile = {"batch_size": 0}'),
    ("MAN009", MANIFEST, 'compute_profile = {"batch_size": "32"}'),
    ("MAN009", MANIFEST, 'compute_profile = {"resource_type": "tpu"}'),
    ("MAN010", MANIFEST, 'serve_config = {"max_replicas": 0}'),
    ("MAN012", MANIFEST, 'feature_uri = "word_counter/word_vector"'),
    ("MAN012", MANIFEST, 'feature_uri = "mixpeek://other@1.0.0/word_vector"'),
    ("FEA001", MANIFEST, 'features = [{"type": "embedding", "name": "word_vector", "dimensions": 8}]'),
    ("FEA002", MANIFEST, "metadata = {'features': [{'feature_type': 'embedding'}]}"),
    ("FEA004", MANIFEST, "features[0]  # unchanged\nfeatures = [dict(feature_type='embedding', embedding_dim=True)]"),
    ("FEA008", MANIFEST, "features = ['word_vector']"),
    ("FEA010", MANIFEST, 'MODEL = "google/siglip-base-patch16-224"'),
    ("PIP002", PIPELINE, "def build_steps():\n    return {'steps': [WordCounter]}"),
    ("PIP002", PIPELINE, "def build_steps(extractor_request, *, tokenizer):\n    return {'steps': [WordCounter]}"),
    ("PIP003", PIPELINE, "async def build_steps(extractor_request):\n    return {'steps': [WordCounter]}"),
    ("PIP003", PIPELINE, build("return {'step': [WordCounter]}")),
    ("PIP003", PIPELINE, build("return {'steps': [], 'features': []}")),
    ("PIP003", PIPELINE, build("return {'steps': [WordCounter], 'columns': []}")),
    ("PIP004", PIPELINE, build("return {'steps': [StepDefinition(WordCounter, batch_size=0)]}")),
    ("PIP005", PIPELINE, build("return {'steps': [StepDefinition(WordCounter, resource_type='tpu')]}")),
    ("PIP005", PIPELINE, build("return {'steps': [StepDefinition(WordCounter, condition='IS_TXT')]}")),
    ("PIP007", PIPELINE, build("return {'steps': [StepDefinition('WordCounter')]}")),
    ("PIP007", PIPELINE, build("return {'steps': [StepDefinition(service_class='WordCounter')]}")),
    ("PIP011", PIPELINE, "def prep(ds):\n    return ds.limit(1)\n\n" + build("return {'steps': [1], 'prepare': prep}")),
    ("BAT001", CORE, step("if batch.empty:", "    return", "return counted(batch)")),
    ("BAT001", CORE, step("return None")),
    ("BAT003", CORE, "class WordCounter(Base):\n    def __call__(self):\n        return None"),
    ("BAT004", CORE, "try:\n    import fast\nexcept:\n    pass"),
    ("BAT005", CORE, step("return counted(batch), 1")),
    ("SEQ001", CORE, step('batch["x"] = batch["data"].apply(self._model.encode)', "return counted(batch)")),
    ("SEQ001", CORE, step('batch["x"] = batch["data"].map(lambda t: self._model.encode(t))', "return counted(batch)")),
    ("SEQ001", CORE, step('for text in batch["data"]:', "    self._model(text)", "return counted(batch)")),
    ("SEQ001", CORE, step("for i in range(len(batch)):", '    self._model.predict(batch["data"][i])', "return counted(batch)")),
    ("SEQ001", CORE, step("import requests", 'for url in batch["data"].tolist():', "    requests.get(url)", "return counted(batch)")),
    ("SEQ001", CORE, step("for text in batch['data']:", "    self.embed(text)", "return counted(batch)") + "\n    def embed(self, text):\n        return self._model.encode(text)\n"),
    ("SEQ001", CORE, step("return self.embed(batch['data'].tolist(), batch)") + "\n    def embed(self, texts, batch):\n        batch['x'] = [self._model.encode(t) for t in texts]\n        return counted(batch)\n"),
    ("SEQ003", CORE, step("for text in batch['data']:", "    self.tokenizer.encode(text)", "return counted(batch)")),
    ("SEQ005", CORE, step("from transformers import AutoModel", "model = AutoModel.from_pretrained('x')", "return counted(batch)")),
    ("SEQ006", CORE, "import requests\n\nWORDS = requests.get('https://example.com/words').json()"),
    ("RT005", REALTIME, "class OtherInference(InferenceService):\n    def __init__(self, model):\n        self.m = model\n\n    async def infer(self, inputs, parameters):\n        return {'embedding': []}"),
    ("RT005", REALTIME, "class OtherInference(InferenceService):\n    def predict(self):\n        return {'embedding': []}"),
    ("RT006", REALTIME, "class OtherInference(InferenceService):\n    async def infer(self, inputs, parameters):\n        inputs['x'] = 1"),
    ("IMP001", CORE, "from shared.nothing import anything"),
    ("IMP001", CORE, "import engine.secret"),
    ("IMP002", CORE, "from .nowhere import anything"),
    ("IMP002", CORE, "from .... import anything"),
    ("NAM001", CORE, "__all__ = ['nothing']"),
    ("NAM002", CORE, "assert (1, 'always true')"),
]  # fmt: skip
SILENT = [
    (MANIFEST, "import os\n\nversion = os.environ.get('VERSION', '1.0.0')"),
    (MANIFEST, "if version:\n    version = 'whatever'"),
    (MANIFEST, "features = [{'feature_type': 'embedding', 'feature_name': name} for name in ('word_vector',)]"),
    (MANIFEST, "features.append({'name': 'added later'})"),
    (MANIFEST, "metadata = {}\nmetadata['version'] = '1.0.0'"),
    (MANIFEST, "from pydantic import create_model\n\ninput_schema = create_model('Words', text=(str, ...))"),
    (MANIFEST, "from shared.extractors.sdk import ResourceType\n\ncompute_profile = {'resource_type': ResourceType.GPU}"),
    (MANIFEST, "feature_uri = f'mixpeek://{feature_extractor_name}@{version}/word_vector'"),
    (MANIFEST, "dependencies = ['torch>=2', 'x @ https://example.com/x.whl', 'numpy==2.*; python_version > \"3\"']"),
    (PIPELINE, build("return [StepDefinition(WordCounter)]")),
    (PIPELINE, build("raise NotImplementedError")),
    (PIPELINE, "def build_steps(request, base_steps, dataset_size, content_flags, container):\n    return {'steps': [WordCounter]}"),
    (PIPELINE, "def build_steps(*args, **kwargs):\n    return {'steps': [StepDefinition(WordCounter)]}"),
    (PIPELINE, "del build_steps\n\n\ndef extract(extractor_request):\n    return {'steps': [StepDefinition(WordCounter)]}"),
    (PIPELINE, "NAME = 'x'\n" + build("return {'steps': [StepDefinition(WordCounter, condition=kwargs['when'])]}")),
    (CORE, step("for start in range(0, len(batch), 32):", "    self._model.encode(batch['data'].tolist()[start : start + 32])", "return counted(batch)")),
    (CORE, step("for chunk in self.chunks(batch['data'].tolist()):", "    self._model.encode(chunk)", "return counted(batch)") + "\n    def chunks(self, texts):\n        yield texts\n"),
    (CORE, step("batch['x'] = batch['data'].apply(len)", "return counted(batch)")),
    (CORE, step("batch['x'] = [text.encode('utf-8') for text in batch['data']]", "return counted(batch)")),
    (CORE, step("vectors = self._model.encode(batch['data'].tolist())", "batch['x'] = [v.tolist() for v in vectors]", "return counted(batch)")),
    (CORE, "async def ask(self, texts):\n    import asyncio\n\n    return await asyncio.gather(*[self.llm.generate(text) for text in texts])"),
    (CORE, step("if self._model is None:", "    from transformers import AutoModel", "    self._model = AutoModel.from_pretrained('x')", "return counted(batch)")),
    (CORE, "class WordCounter(Base):\n    @property\n    def process(self):\n        return 1"),
    (CORE, "try:\n    import simdjson as json\nexcept ImportError:\n    import json\nprint(json)"),
    (CORE, "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import unheard_of\n\n    WORDS: unheard_of.Words"),
    (CORE, "try:\n    print(1)\nexcept ValueError:\n    pass"),
    (REALTIME, "def get_inference_service(**kwargs):\n    return WordInference()"),
    (REALTIME, "from functools import partial\n\nInferenceService = partial(WordInference)"),
    (REALTIME, "class WordRealtimeService:\n    def predict(self, request):\n        return {'embedding': vector_of(request['text'])}"),
    (REALTIME, "class WordHandler(WordInference):\n    pass"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "file", "code"), REPORTED)
def test_other_forms_are_reported(rule: str, file: str, code: str) -> None:
    """A mistake is found in every form that its rule is about."""
    assert rule in rules(file, code)


@pytest.mark.parametrize(("file", "code"), SILENT)
def test_what_is_right_or_cannot_be_known_is_left_alone(file: str, code: str) -> None:
    """Code that is right, and declarations that only running them would tell, give no finding."""
    assert rules(file, code) == set()


@pytest.mark.parametrize(
    ("rule", "features"),
    [
        ("FEA004", '[Feature.embedding("my_embedder_v1", dim=0)]'),
        ("FEA005", '[Feature.embedding("my_embedder_v1", 384, "manhattan")]'),
        ("FEA006", '[Feature.embedding("my_embedder_v1", 384), Feature.classification("my_embedder_v1")]'),
        ("FEA007", '[Feature.embedding("my-embedder", dim=384)]'),
        ("FEA009", '[Feature.classification("kind", ["a", "b"])]'),
        ("MAN015", '[Feature.embedding("my_embedder_v1", dimension=384)]'),
        ("FEA010", '[Feature.embedding("my_embedder_v1", dim=768)]'),
        ("COL001", '[Feature.embedding("my_embedder", dim=384)]'),
    ],
)
def test_typed_manifests_are_read_too(rule: str, features: str) -> None:
    """Features made with Feature.embedding and Feature.classification are checked like dicts."""
    assert rule in typed_rules(features)


def test_a_suppressed_finding_is_gone_from_its_line_only() -> None:
    """`# mixpeek: ignore[RULE]` takes one rule off one line."""
    code = "import unidecode  # mixpeek: ignore[IMP003]\nimport unidecode\nimport socket, other  # mixpeek: ignore[imp003]"
    found = [(one.rule, one.line) for one in lint_files({**PACKAGE, "helper.py": code})]
    assert found == [("IMP003", 2), ("SEC005", 3)]


def test_dependencies_of_a_project_file_count() -> None:
    """A library is declared in the manifest, in pyproject.toml or in requirements.txt."""
    code = {"helper.py": "import sklearn, faiss, google.cloud.vision, unidecode\n"}
    project = '[project]\ndependencies = ["scikit-learn>=1", "faiss-cpu"]\n'
    listed = {"pyproject.toml": project, "requirements.txt": "google-cloud-vision\n# ours\nUnidecode==1.0\n"}
    assert len(lint_files({**PACKAGE, **code})) == 4
    assert lint_files({**PACKAGE, **code, **listed}) == []


def test_findings_come_in_order() -> None:
    """Findings are sorted by file and line, each once."""
    found = lint_files({**PACKAGE, "a.py": "import socket\nimport ctypes\n", "pipeline.py": "x = y\n"})
    assert found == sorted(set(found))
    assert [one.file for one in found] == sorted(one.file for one in found)


def test_a_misspelled_import_names_what_was_meant() -> None:
    """Of the many names of the SDK the fix gives the one that is near."""
    code = "from shared.extractors.sdk import download_assets\n"
    (found,) = lint_files({**PACKAGE, "helper.py": code})
    assert (found.rule, found.fix) == ("IMP001", "Did you mean 'download_asset'?")


def test_steps_are_found_however_the_pipeline_lists_them() -> None:
    """A class, an instance, a function and a definition in a variable are steps, and their faults are found."""
    head = "from shared.extractors.sdk import StepDefinition\n\nfrom .processors.core import Silent, silent\n\n\n"
    core = (
        "class Silent:\n    def __call__(self, batch):\n        batch['words'] = 1\n\n\n"
        "def silent(batch):\n    batch['words'] = 1\n\n\ndef vector_of(text):\n    return [1.0] * 8\n"
    )
    for listed in ("[Silent]", "[Silent()]", "[silent]", "[StepDefinition(silent)]"):
        pipeline = f'{head}def build_steps(extractor_request):\n    return {{"steps": {listed}}}\n'
        found = {
            one.rule for one in lint_files({**PACKAGE, "pipeline.py": pipeline, "processors/core.py": core})
        }
        assert {"BAT001", "COL001"} <= found, listed

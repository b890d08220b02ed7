"""Every module and name that the documentation gives to packages can be imported, in every form and at any time."""

from __future__ import annotations

import functools
import sys

import pytest

from mixpeek_orchestration.extractors.import_roots import ROOTS, resolve_name, resolve_root
from mixpeek_orchestration.extractors.loader import load_module
from mixpeek_orchestration.extractors.package_source import read_package

PIPELINE = "PipelineDefinition StepDefinition ResourceType RowCondition build_pipeline_steps"
SDK = (
    "open_asset download_asset parallel_io concurrent_api_calls run_tool upload_asset prefetch_hf_model "
    "ExtractorManifest Feature BatchProcessor InferenceService"
)
MODELS = "load_hf_model load_hf_model_async is_hf_model_cached load_namespace_model LazyModelMixin lazy_model"
DOCUMENTED = {
    "engine.extractors.my_extractor.pipeline": PIPELINE,
    "engine.extractors.any_name.pipeline": PIPELINE,
    "engine.plugins.extractors.pipeline": PIPELINE,
    "engine.plugins.extractors.builder": "BaseExtractorBuilder DatasetPreparationBuilder InputFieldType",
    "engine.pipelines.models": "ExtractorRequest PipelineStepsAndPrepare",
    "engine.services.batch": "BaseBatchInferenceService BaseInferenceService",
    "engine.inference.services": "BaseBatchInferenceService BaseInferenceService",
    "shared.plugins.inference.batch": "BaseBatchInferenceService BaseInferenceService",
    "engine.services.container": "ServiceContainer",
    "shared.extractors": SDK,
    "shared.extractors.sdk": SDK,
    "shared.plugins": SDK,
    "shared.plugins.sdk": SDK,
    "shared.extractors.inference.serve": "BaseInferenceService ServeDeploymentConfig",
    "shared.plugins.inference.serve": "BaseInferenceService ServeDeploymentConfig",
    "shared.inference.registry": "get_batch_service",
    "shared.inference.openai.whisper_api.models": "InferenceConfigs",
    "shared.inference.intfloat.multilingual_e5_large_instruct.models": "InferenceConfigs",
    "engine.inference.openai.whisper_api.services": "WhisperTranscriptionBatch",
    "engine.inference.intfloat.multilingual_e5_large_instruct.services": "E5TextEmbeddingBatch",
    "engine.inference.google.any_model.services": "SigLIPEmbeddingBatch VertexAIBatch",
    "engine.inference.other.any_model.services": (
        "MiniLMEmbeddingBatch CLIPEmbeddingBatch FFmpegParallelChunking FaceDetectionBatch FaceEmbeddingBatch "
        "BGERerankerBatch"
    ),
    "engine.models": MODELS,
    "engine.models.lazy": "LazyModelMixin lazy_model",
    "engine.models.loader": MODELS,
    "shared.models.loader": MODELS,
    "shared.collection.features.extractors.models": "ExtractorDefinition FeatureExtractorModel CostsInfo",
    "shared.collection.features.vectors.models": "VectorIndex VectorIndexDefinition VectorType",
    "shared.billing.models": "CostRate CostUnit",
    "shared.loggers.services": "get_logger",
    "shared.utilities.files": "resolve_url_to_local_path",
    "shared.utilities.content.enums": "ContentCategory",
    "mixpeek_dev.models": "load_custom_model",
    "api.namespaces.plugins.security.scanner": "PluginSecurityScanner",
}
FORMS = {
    "from": "from {module} import {name} as it",
    "module": "import {module} as m\nit = m.{name}",
    "dotted": "import {module}\nit = {module}.{name}",
    "parent": "from {parent} import {last}\nit = {last}.{name}",
    "star": "from {module} import *\nit = {name}",
    "late": "def f():\n    class C:\n        def g(self):\n            from {module} import {name}\n            return {name}\n    return C().g()\nit = f()",
}


@pytest.mark.parametrize("module", DOCUMENTED)
def test_every_documented_name_resolves(module: str) -> None:
    """The table leads each documented import to a module of ours that has the name, without importing it."""
    for name in DOCUMENTED[module].split():
        found = resolve_name(module, name)
        assert found is not None, f"{module}.{name}"
        target, is_module = found
        assert name in target.names
        assert not is_module


@pytest.mark.parametrize("form", FORMS)
def test_every_documented_name_can_be_imported_in_every_form(package, form):  # type: ignore[no-untyped-def]
    """Any kind of import statement, at any depth, gives a package the object; nothing enters `sys.modules` for it."""
    lines, count = [], 0
    for module, names in DOCUMENTED.items():
        parent, _, last = module.rpartition(".")
        for name in names.split() if form == "from" else names.split()[:1]:
            lines.append(FORMS[form].format(module=module, name=name, parent=parent, last=last))
            lines.append(f"assert it is not None and it.__name__, '{module}.{name}'")
            count += 1
    source = read_package(
        package({"processors/letters.py": "\n".join(lines) + "\ndef count(t):\n    return 1\n"})
    )
    assert load_module(source, "processors.letters").it is not None
    assert count >= len(DOCUMENTED)
    assert not ROOTS & {name.split(".", 1)[0] for name in sys.modules}


@pytest.mark.parametrize(
    "module",
    ["engine", "shared", "shared.extractors.nothing", "engine.extractors", "mixpeek_dev", "api.other"],
)
def test_what_no_document_knows_leads_nowhere(module: str) -> None:
    """A root alone, or a module below it that is not documented, has no names."""
    target = resolve_root(module)
    assert target is not None
    assert not target.exists
    assert not target.names


def test_other_libraries_are_left_alone() -> None:
    """Only the documented roots are rewritten."""
    assert resolve_root("pandas.api") is None
    assert resolve_root("sharedmemory") is None


def test_the_older_scanner_says_what_lint_says(package):  # type: ignore[no-untyped-def]
    """The documented scanner class passes a clean package and lists what it found in another."""
    from mixpeek_orchestration.extractors.documented.scanner import PluginSecurityScanner

    assert PluginSecurityScanner(strict_mode=True).scan_directory(package()).passed
    bad = PluginSecurityScanner().scan_directory(package({"processors/letters.py": "import subprocess\n"}))
    assert not bad.passed
    assert any("subprocess" in finding.message for finding in bad.violations)


def test_a_dotted_path_leads_where_the_import_would_lead() -> None:
    """After `import shared.extractors.sdk`, attributes of `shared` are documented names and modules, and nothing else."""
    from mixpeek_orchestration.extractors import import_roots, sdk

    assert import_roots.shared.extractors.inference.serve.BaseInferenceService is sdk.BaseInferenceService
    for path in ("shared.extractors.sdk.Nothing", "shared.nowhere", "engine.extractors.a.other"):
        root, *names = path.split(".")
        with pytest.raises(AttributeError, match=names[-1]):
            functools.reduce(getattr, names, getattr(import_roots, root))

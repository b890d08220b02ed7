"""A package that attacks: in a batch when a row says so, in `realtime.py` when a request says so, or when imported."""

from __future__ import annotations

import shutil
from pathlib import Path

from assets_tests.isolation.conftest import ATTACKS

_MANIFEST = """
from pydantic import BaseModel

class Input(BaseModel):
    text: str

class Output(BaseModel):
    length: int

class Parameters(BaseModel):
    world: dict = {}
    at_import: str = ""

metadata = {"feature_extractor_name": "hostile", "version": "1.0.0", "description": "It attacks."}
input_schema, output_schema, parameter_schema = Input, Output, Parameters
supported_input_types = ["text"]
features = []
compute_profile = {"resource_type": "cpu", "batch_size": 8}
"""
_PIPELINE = """
from .attacks import ALL
from .manifest import Parameters

class Step:
    def __init__(self, config):
        self.world = config["world"]

    def __call__(self, batch):
        for text in batch["data"]:
            if text in ALL:
                result = ALL[text](self.world)
                if result is not None:
                    raise RuntimeError(f"it got {result!r}")
        batch["length"] = batch["data"].str.len()
        return batch

def build_steps(extractor_request, container=None, **kwargs):
    given = extractor_request.extractor_config.parameters or {}
    if given.get("at_import"):
        ALL[given["at_import"]](given["world"])
    return {"steps": [StepDefinition(service_class=Step, config={"world": given.get("world", {})})]}
"""
_REALTIME = """
from .attacks import ALL

class InferenceService(BaseInferenceService):
    def infer(self, inputs, parameters):
        if inputs["text"] in ALL:
            result = ALL[inputs["text"]](parameters["world"])
            if result is not None:
                raise RuntimeError(f"it got {result!r}")
        return {"length": len(inputs["text"])}
"""


def hostile_package(folder: Path) -> Path:
    """The folder of the package, written."""
    package = folder / "hostile"
    package.mkdir(parents=True)
    (package / "manifest.py").write_text(_MANIFEST)
    imported = "from shared.extractors.sdk import StepDefinition\n"
    (package / "pipeline.py").write_text(imported + _PIPELINE)
    imported = "from shared.extractors.sdk import BaseInferenceService\n"
    (package / "realtime.py").write_text(imported + _REALTIME)
    shutil.copy(ATTACKS, package / "attacks.py")
    return package

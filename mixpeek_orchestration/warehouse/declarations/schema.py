"""The JSON schema of `mixpeek.yaml`, for editors."""

from __future__ import annotations

from typing import Any

from mixpeek_orchestration.retrieval.stages.registry import FORMER_NAMES, STAGES
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest


def schema() -> dict[str, Any]:
    """The schema, generated from the models that parse the file."""
    whole = Manifest.model_json_schema(by_alias=True)
    definitions = whole["$defs"]
    for stage in STAGES.values():
        parameters = stage.parameter_schema()
        definitions |= parameters.pop("$defs", {})
        definitions[_definition_of(stage.stage_id)] = parameters
    for place in ("StageConfig", "StageInput"):
        definitions[place]["allOf"] = [_parameters_of(stage_id) for stage_id in STAGES]
        definitions[place]["properties"]["stage_id"] = {"enum": [*STAGES, *FORMER_NAMES, None]}
    _also_spelled(definitions["ExtractorSpec"], "parameters", "params")
    _also_spelled(definitions["StageConfig"], "stage_id", "stage_name")
    _also_spelled(definitions["StageInput"], "stage_name", "name")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole, "title": "mixpeek.yaml"}


def _also_spelled(definition: dict[str, Any], newest: str, older: str) -> None:
    """Let an older spelling of a field pass, in place of the newest one where that is required."""
    definition["properties"][older] = definition["properties"][newest]
    if newest in definition.get("required", ()):
        definition["required"].remove(newest)
        definition["anyOf"] = [{"required": [newest]}, {"required": [older]}]


def _parameters_of(stage_id: str) -> dict[str, Any]:
    """The rule that a stage's parameters have that stage's schema."""
    return {
        "if": {"properties": {"stage_id": {"const": stage_id}}, "required": ["stage_id"]},
        "then": {"properties": {"parameters": {"$ref": f"#/$defs/{_definition_of(stage_id)}"}}},
    }


def _definition_of(stage_id: str) -> str:
    return f"{stage_id}_parameters"

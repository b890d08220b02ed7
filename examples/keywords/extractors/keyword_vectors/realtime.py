"""A query is embedded as the documents are."""

from shared.extractors.inference.serve import BaseInferenceService

from .processors.spelling import vector_of


class InferenceService(BaseInferenceService):
    async def run_inference(self, inputs: dict, parameters: dict) -> dict:
        return {"embedding": vector_of(inputs.get("text") or inputs.get("keywords") or "")}

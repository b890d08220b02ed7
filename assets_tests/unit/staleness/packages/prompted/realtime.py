from shared.extractors.inference.serve import BaseInferenceService


class InferenceService(BaseInferenceService):
    async def run_inference(self, inputs: dict, parameters: dict) -> dict:
        return {"embedding": [1.0, 1.0]}

from shared.extractors.sdk import InferenceService


class Answer(InferenceService):
    async def infer(self, inputs, parameters):
        return {"text": inputs["prompt"].upper()}

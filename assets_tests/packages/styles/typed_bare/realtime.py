from shared.extractors.sdk import InferenceService


class Bare(InferenceService):
    def setup(self):
        from .vectors import vector_of

        self.vector_of = vector_of

    async def infer(self, inputs, parameters):
        texts = inputs.get("texts") or [inputs["text"]]
        return {"embeddings": [self.vector_of(text) for text in texts]}

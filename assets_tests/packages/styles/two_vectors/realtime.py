from shared.plugins.sdk import InferenceService

from .vectors import vector_of


class TwoVectors(InferenceService):
    def infer(self, inputs, parameters):
        return {"words": vector_of(inputs["text"], 8), "letters_embedding": vector_of(inputs["text"], 4)}

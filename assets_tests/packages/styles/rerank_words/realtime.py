from shared.extractors.sdk import InferenceService


class Answer(InferenceService):
    async def infer(self, inputs, parameters):
        return {"scores": [float(len(set(q.split()) & set(d.split()))) for q, d in inputs["pairs"]]}

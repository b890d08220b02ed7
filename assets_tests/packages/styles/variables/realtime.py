from .counting import vector_of


class VariablesInferenceService:
    async def __call__(self, inputs, parameters):
        return {"vector": vector_of(inputs["text"])}

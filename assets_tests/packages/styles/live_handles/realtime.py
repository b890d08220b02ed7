from .vectors import vector_of


class LiveInferenceService:
    def __init__(self, container=None):
        self._container = container

    async def infer(self, inputs, parameters):
        answer = await self._container.llm.generate(instruction="Repeat", text=inputs["text"])
        secret = await self._container.secrets.get(parameters["secret_name"])
        return {"embedding": vector_of(answer.data + str(len(secret)))}

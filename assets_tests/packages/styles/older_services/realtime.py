from engine.inference.services import BaseInferenceService

from .vectors import vector_of


class RealtimeHandler(BaseInferenceService):
    def __init__(self, container=None):
        super().__init__()
        self.container = container

    async def infer(self, inputs):
        return {"older_services_embedding": vector_of(inputs["text"])}

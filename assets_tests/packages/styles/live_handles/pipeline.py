from shared.extractors.sdk import ResourceType, StepDefinition, concurrent_api_calls

from .vectors import vector_of


class Salted:
    def __init__(self, config, secrets=None):
        assert secrets is not None
        self._llm = config["llm_service"]
        self._secrets = config["secrets"]
        self._name = config["secret_name"]

    def __call__(self, batch):
        async def salted(text):
            answer = await self._llm.generate(
                instruction="Repeat", text=text, provider="google", model="gemini-2.5-flash"
            )
            return answer.data + str(len(await self._secrets.get(self._name)))

        texts = concurrent_api_calls(batch["data"].tolist(), salted, max_concurrent=4)
        batch["live_handles"] = [vector_of(text) for text in texts]
        return batch


def build_steps(extractor_request, container=None):
    config = {
        "llm_service": container.llm,
        "secrets": container.secrets,
        "secret_name": extractor_request.parameters["secret_name"],
    }
    return {"steps": [StepDefinition(Salted, ResourceType.API, config=config)]}

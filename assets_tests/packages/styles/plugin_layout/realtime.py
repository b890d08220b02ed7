from shared.plugins.inference.serve import BaseInferenceService, ServeDeploymentConfig

from .processors.vectors import vector_of


class PluginRealtimeService(BaseInferenceService):
    serve_config = ServeDeploymentConfig(enabled=True, num_replicas=1)

    def __init__(self):
        super().__init__()
        self._ready = True

    async def _process_single(self, inputs, parameters):
        return {"plugin_layout": vector_of(inputs.get("text", ""))}


__all__ = ["PluginRealtimeService"]

import engine.services.batch
from engine.inference.services import BaseInferenceService
from engine.services.container import ServiceContainer
from shared.plugins.inference.batch import BaseBatchInferenceService
from shared.utilities.files import resolve_url_to_local_path

from .vectors import vector_of

assert BaseBatchInferenceService is engine.services.batch.BaseBatchInferenceService
assert issubclass(BaseInferenceService, object)
assert callable(resolve_url_to_local_path)


class Older(BaseBatchInferenceService):
    def _process_batch(self, batch):
        return batch.assign(older_services=[vector_of(text) for text in batch["data"]])


def build_steps(request, container: ServiceContainer, base_steps, dataset_size, content_flags, /):
    return [*base_steps, Older]

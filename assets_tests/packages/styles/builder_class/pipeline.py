from engine.pipelines.models import ExtractorRequest, PipelineStepsAndPrepare
from engine.plugins.extractors.builder import BaseExtractorBuilder, DatasetPreparationBuilder, InputFieldType
from pydantic import BaseModel
from shared.loggers.services import get_logger

from .vectors import vector_of

logger = get_logger(__name__)


class Config(BaseModel):
    scale: float


class Scaled:
    def __init__(self, config=None, **kwargs):
        self.scale = config.scale

    def __call__(self, batch):
        batch["builder_class"] = [[self.scale * x for x in vector_of(text)] for text in batch["data"]]
        return batch


class Builder(BaseExtractorBuilder):
    def build_steps(self):
        from engine.plugins.extractors.pipeline import StepDefinition

        logger.debug("building")
        return [StepDefinition(Scaled, config=Config(scale=self.parameters["scale"]))]

    def prepare(self, dataset):
        return (
            DatasetPreparationBuilder(self.extractor_request)
            .add_field("text", InputFieldType.TEXT)
            .build()(dataset)
        )


def extract(extractor_request: ExtractorRequest, base_steps=None, dataset_size=None, content_flags=None):
    built = Builder(extractor_request).build()
    return PipelineStepsAndPrepare(steps=built.steps, prepare=built.prepare)

from shared.extractors import ResourceType, RowCondition, StepDefinition

from .vectors import vector_of


class Sentences:
    def __call__(self, batch):
        batch["sentence"] = batch["data"].str.split(".")
        batch = batch.explode("sentence", ignore_index=True)
        batch["sentence"] = batch["sentence"].str.strip()
        batch = batch[batch["sentence"] != ""].copy()
        batch["sentence_index"] = batch.groupby("document_id").cumcount()
        return batch


class Vectors:
    def __init__(self, *, config):
        self.sizes = config

    def __call__(self, batch):
        for column, size in self.sizes.items():
            batch[column] = [vector_of(text, size) for text in batch["sentence"]]
        return batch


class Never:
    def __call__(self, batch):
        raise AssertionError("no row of this test is a picture or a film")


def build_steps(extractor_request, container=None, **kwargs):
    return [
        StepDefinition(Never, condition=RowCondition.IS_VISUAL),
        StepDefinition(Sentences, condition=RowCondition.IS_TEXT, batch_size=2),
        StepDefinition(Never, ResourceType.GPU, enabled=False),
        StepDefinition(
            Vectors,
            config={"words": 8, "letters_embedding": 4},
            condition=RowCondition.IS_TEXT,
            concurrency=1,
        ),
        StepDefinition(Never, condition=RowCondition.IS_VIDEO_OR_AUDIO),
    ]

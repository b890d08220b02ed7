from shared.extractors.sdk import *  # noqa: F403 - a star import, as people write it


class Words(BatchProcessor):  # noqa: F405
    def setup(self):
        from .vectors import vector_of

        self.vector_of = vector_of

    def process(self, batch):
        texts = batch["data"].fillna("").tolist()
        batch["typed_bare_embedding"] = [self.vector_of(text) for text in texts]
        batch["mood"] = ["loud" if text.isupper() else "calm" for text in texts]
        return batch

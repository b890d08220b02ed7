from .vectors import vector_of


class Words:
    def __init__(self, config, **kwargs):
        self.config = config

    def __call__(self, batch):
        batch["hash_words_embedding"] = [
            vector_of(text, self.config["size"]) for text in batch["data"].fillna("")
        ]
        return batch

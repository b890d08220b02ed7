"""Keywords in, vectors out."""

import pandas as pd

from .spelling import vector_of


class Embed:
    def __init__(self, config, **kwargs):
        pass

    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        batch["keywords"] = batch["data"].fillna("")
        batch["keyword_vectors_embedding"] = [vector_of(words) for words in batch["keywords"]]
        return batch

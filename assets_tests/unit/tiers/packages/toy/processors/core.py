import pandas as pd

from .changing import changed


class Toy:
    def __init__(self, config, **kwargs):
        self.mode = config["mode"]

    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        if batch["data"].fillna("").str.contains("POISON").any():
            raise ValueError("a poisoned row")
        batch["text"] = [changed(self.mode, text) for text in batch["data"].fillna("")]
        batch = batch.explode("text", ignore_index=True)
        batch = batch[batch["text"].notna()]
        batch["toy_embedding"] = [[float(len(text)), 1.0] for text in batch["text"]]
        return batch

import numpy as np
import pandas as pd


def vector_of(text: str) -> list[float]:
    counts = np.bincount(np.frombuffer(text.encode(), dtype=np.uint8) % 8, minlength=8).astype("float32")
    return (counts + 0.01).tolist()


class WordVectors:
    def __init__(self, config, **kwargs):
        self.config = config

    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        batch["text"] = batch["data"].fillna("")
        if self.config["split_lines"]:
            batch["text"] = batch["text"].str.split("\n")
            batch = batch.explode("text", ignore_index=True)
            batch = batch[batch["text"].fillna("").str.strip() != ""]
        if batch["text"].str.contains(self.config["poison"]).any():
            raise ValueError("a poisoned row")
        batch["words"] = batch["text"].str.split().str.len()
        batch["word_vectors_embedding"] = [vector_of(text) for text in batch["text"]]
        return batch

"""Texts in, a row per paragraph out."""

import re

import pandas as pd

BLANK_LINES = re.compile(r"\n\s*\n")


class Split:
    def __init__(self, config, **kwargs):
        self.min_words = config["min_words"]

    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        batch["passage"] = [self.paragraphs(text) for text in batch["data"].fillna("")]
        batch["passage_index"] = [list(range(len(found))) for found in batch["passage"]]
        rows = batch.explode(["passage", "passage_index"], ignore_index=True).dropna(subset=["passage"])
        return rows.astype({"passage_index": "int64"})

    def paragraphs(self, text: str) -> list[str]:
        parts = (part.strip() for part in BLANK_LINES.split(text))
        return [part for part in parts if len(part.split()) >= self.min_words]

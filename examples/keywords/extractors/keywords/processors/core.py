"""Passages in, their keywords out."""

from pathlib import Path

import pandas as pd

from .ranking import ranked


class FindKeywords:
    def __init__(self, config, **kwargs):
        self.count = config["count"]
        self.glossary = Path(config["glossary"]) if config["glossary"] else None

    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        meanings = self.meanings()
        batch["keywords"] = [" ".join(ranked(text, meanings)[: self.count]) for text in batch["data"]]
        return batch

    def meanings(self) -> dict[str, str] | None:
        """What abbreviations stand for; `None` where there is no glossary."""
        if self.glossary is None:
            return None
        pairs = (line.partition(" ") for line in self.glossary.read_text().splitlines() if line.strip())
        return {short: meaning.strip() for short, _, meaning in pairs}

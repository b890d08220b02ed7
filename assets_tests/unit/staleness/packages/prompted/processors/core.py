import importlib
from pathlib import Path

import pandas as pd

from ..rules.wording import worded

HOUSE = Path(__file__).parent.parent


class Prompted:
    def __init__(self, config, **kwargs):
        self.prefix = config["prefix"]
        self.prompt = (HOUSE / "prompts" / "answer.txt").read_text().strip()
        self.template = (HOUSE / "templates" / "line.jinja").read_text().strip()
        self.weight = (HOUSE / "weights" / "model.bin").read_bytes()[0]

    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        from ..late.endings import ending

        marks = importlib.import_module("..late.marks", __package__)
        batch["text"] = [
            self.template.replace(
                "{{ text }}", f"{self.prefix}{self.prompt} {worded(text)}{ending()}{marks.MARK}"
            )
            for text in batch["data"].fillna("")
        ]
        batch["prompted_embedding"] = [[float(self.weight), 1.0] for _ in batch["text"]]
        return batch

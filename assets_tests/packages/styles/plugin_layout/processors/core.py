from dataclasses import dataclass

import pandas as pd

from .vectors import vector_of


@dataclass
class PluginConfig:
    prefix: str = ">"
    text_column: str = "text"


class PluginProcessor:
    def __init__(self, config: PluginConfig, progress_actor=None):
        self.config = config

    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        texts = batch[self.config.text_column].fillna("").tolist()
        batch["result"] = [self.config.prefix + text for text in texts]
        batch["plugin_layout"] = [vector_of(text) for text in texts]
        return batch

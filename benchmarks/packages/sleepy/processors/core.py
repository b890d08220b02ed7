import time
from pathlib import Path

import pandas as pd


class Sleepy:
    def __init__(self, config, **kwargs):
        self.config = config

    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        for object_id in batch["object_id"]:
            if self.config["seconds"]:
                time.sleep(self.config["seconds"])
            if self.config["log"]:
                with Path(self.config["log"]).open("a") as log:
                    log.write(f"{object_id}\n")
        batch["text"] = batch["data"]
        batch["sleepy_embedding"] = [[float(len(text)), 1.0, 2.0, 3.0] for text in batch["data"]]
        return batch

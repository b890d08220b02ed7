import os
import time
from pathlib import Path

import pandas as pd


class Sleepy:
    def __init__(self, config, **kwargs):
        self.config = config

    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        # A home can be filled without waiting: the environment is no part of what makes rows stale.
        seconds = float(os.environ.get("SLEEPY_SECONDS", self.config["seconds"]))
        for object_id in batch["object_id"]:
            if seconds:
                time.sleep(seconds)
            if self.config["log"]:
                with Path(self.config["log"]).open("a") as log:
                    log.write(f"{object_id}\n")
        batch["text"] = batch["data"]
        batch["sleepy_embedding"] = [[float(len(text)), 1.0, 2.0, 3.0] for text in batch["data"]]
        return batch

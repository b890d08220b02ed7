"""The two example processors of the command-line documentation, put into a scaffold, with tiny random models.

The processors are the documentation's. What differs: the model is one beside the package's code, because nothing is fetched;
the image embedder imports `io`, which the documentation forgets, and takes the vector out of the object that newer
transformers return.
"""

from __future__ import annotations

import shutil
from pathlib import Path

SENTIMENT_CORE = """
import os
from dataclasses import dataclass

from transformers import pipeline

MODEL = os.path.join(os.path.dirname(__file__), "model")


@dataclass
class SentimentClassifierConfig:
    text_column: str = "text"


class SentimentClassifierProcessor:
    def __init__(self, config, progress_actor=None):
        self.config = config
        self._model = None

    def _load_model(self):
        if self._model is None:
            self._model = pipeline("sentiment-analysis", model=MODEL)

    def __call__(self, batch):
        self._load_model()

        texts = batch[self.config.text_column].fillna("").tolist()
        results = self._model(texts)

        batch["sentiment"] = [r["label"] for r in results]
        batch["confidence"] = [r["score"] for r in results]
        return batch
"""
SENTIMENT_MANIFEST = """
from pydantic import BaseModel, Field


class SentimentClassifierInput(BaseModel):
    text: str = Field(..., description="Input text to process")


class SentimentClassifierOutput(BaseModel):
    sentiment: str = Field(..., description="POSITIVE, NEGATIVE or NEUTRAL")
    confidence: float = Field(..., ge=0.0, le=1.0)


metadata = {
    "name": "sentiment_classifier",
    "version": "v1",
    "description": "Classify text sentiment as positive, negative, or neutral",
    "category": "text",
}

input_schema = SentimentClassifierInput
output_schema = SentimentClassifierOutput
"""
IMAGE_CORE = """
import io
import os
from dataclasses import dataclass

import torch
from PIL import Image
from transformers import CLIPProcessor, CLIPModel

MODEL = os.path.join(os.path.dirname(__file__), "model")


@dataclass
class ImageEmbedderConfig:
    pass


class ImageEmbedderProcessor:
    def __init__(self, config, progress_actor=None):
        self.config = config
        self._model = None
        self._processor = None

    def _load_model(self):
        if self._model is None:
            self._model = CLIPModel.from_pretrained(MODEL)
            self._processor = CLIPProcessor.from_pretrained(MODEL)

    def __call__(self, batch):
        self._load_model()

        embeddings = []
        for image_bytes in batch["image_bytes"]:
            image = Image.open(io.BytesIO(image_bytes))
            inputs = self._processor(images=image, return_tensors="pt")
            with torch.no_grad():
                embedding = self._model.get_image_features(**inputs).pooler_output
            embeddings.append(embedding.numpy().tolist()[0])

        batch["embedding"] = embeddings
        return batch
"""
IMAGE_MANIFEST = """
from pydantic import BaseModel, Field


class ImageEmbedderInput(BaseModel):
    image: str = Field(..., description="Input image to process")


class ImageEmbedderOutput(BaseModel):
    embedding: list[float] = Field(..., description="Of the image")


metadata = {
    "name": "image_embedder",
    "version": "v1",
    "description": "Generate embeddings for images using CLIP",
    "category": "image",
}

input_schema = ImageEmbedderInput
output_schema = ImageEmbedderOutput
features = [
    {"feature_type": "embedding", "feature_name": "embedding", "embedding_dim": 12, "distance_metric": "cosine"},
]
"""
PIPELINE = """
from engine.plugins.extractors.pipeline import (
    PipelineDefinition,
    ResourceType,
    StepDefinition,
    build_pipeline_steps,
)

from .processors.core import {prefix}Config, {prefix}Processor


def build_steps(extractor_request, container=None, base_steps=None, dataset_size=None, content_flags=None):
    steps = [
        StepDefinition(
            service_class={prefix}Processor, resource_type=ResourceType.CPU, config={prefix}Config()
        ),
    ]
    pipeline = PipelineDefinition(name="{name}", version="v1", steps=steps)
    pipeline_steps = build_pipeline_steps(pipeline, dataset_size=dataset_size)
    return {{"steps": (base_steps or []) + pipeline_steps, "prepare": lambda ds: ds}}
"""


def put_sentiment_classifier(scaffold: Path) -> None:
    """The scaffold classifies the sentiment of texts, in batches only."""
    _put(scaffold, manifest=SENTIMENT_MANIFEST, core=SENTIMENT_CORE, prefix="SentimentClassifier")
    _save_classifier(scaffold / "processors" / "model")


def put_image_embedder(scaffold: Path) -> None:
    """The scaffold embeds images, in batches only."""
    _put(scaffold, manifest=IMAGE_MANIFEST, core=IMAGE_CORE, prefix="ImageEmbedder")
    _save_clip(scaffold / "processors" / "model")


def _put(scaffold: Path, *, manifest: str, core: str, prefix: str) -> None:
    (scaffold / "manifest.py").write_text(manifest)
    (scaffold / "processors" / "core.py").write_text(core)
    (scaffold / "pipeline.py").write_text(PIPELINE.format(prefix=prefix, name=scaffold.name))
    (scaffold / "realtime.py").unlink()
    shutil.rmtree(scaffold / "tests")


def _save_classifier(folder: Path) -> None:
    import torch
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    torch.manual_seed(1)
    labels = {0: "NEGATIVE", 1: "POSITIVE"}
    config = DistilBertConfig(
        vocab_size=32,
        dim=16,
        hidden_dim=32,
        n_layers=1,
        n_heads=2,
        max_position_embeddings=64,
        id2label=labels,
    )
    DistilBertForSequenceClassification(config).save_pretrained(folder)
    _save_tokenizer(folder)


def _save_clip(folder: Path) -> None:
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    torch.manual_seed(2)
    size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    ends = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
    config = CLIPConfig(
        text_config={**size, **ends, "vocab_size": 64, "max_position_embeddings": 16, "projection_dim": 12},
        vision_config={**size, "image_size": 32, "patch_size": 16, "projection_dim": 12},
        projection_dim=12,
    )
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32).save_pretrained(folder)
    _save_tokenizer(folder)


def _save_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = ["[CLS]", "[SEP]", "[PAD]", "[UNK]", "good", "bad", "day", "bread", "rain"]
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        unk_token="[UNK]",
        model_max_length=32,
    ).save_pretrained(folder)

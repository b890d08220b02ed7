"""openai/clip-vit-base-patch32: pictures and English texts, 512 numbers each."""

from __future__ import annotations

from mixpeek_orchestration.extractors.services.image_text import ImageTextService
from mixpeek_orchestration.extractors.services.weights import FILES, Weights


class CLIPEmbeddingBatch(ImageTextService):
    """CLIP embeddings of pictures and texts, 512 numbers of length 1."""

    # This commit has no safetensors file.
    weights = Weights(
        "openai/clip-vit-base-patch32",
        "3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268",
        (*FILES, "pytorch_model.bin"),
    )
    dimension = 512

"""google/siglip-base-patch16-224: pictures and texts, 768 numbers each."""

from __future__ import annotations

from mixpeek_orchestration.extractors.services.image_text import ImageTextService
from mixpeek_orchestration.extractors.services.weights import Weights


class SigLIPEmbeddingBatch(ImageTextService):
    """SigLIP embeddings of pictures and texts, 768 numbers of length 1.

    Mixpeek's documentation says 512 in one place; the model has 768, and so has every index made from it.
    """

    weights = Weights("google/siglip-base-patch16-224", "7fd15f0689c79d79e38b1c2e2e2370a7bf2761ed")
    dimension = 768
    padding = "max_length"

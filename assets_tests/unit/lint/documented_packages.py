"""The packages of Mixpeek's documentation, as it prints them."""

from __future__ import annotations

UNTYPED = {
    "manifest.py": """
from pydantic import BaseModel, Field
from typing import List

class MyInput(BaseModel):
    text: str = Field(..., description="Input text to process")

class MyOutput(BaseModel):
    embedding: List[float] = Field(..., description="384-dim embedding vector")

class MyParams(BaseModel):
    model_size: str = Field(default="base", description="base or large")

metadata = {
    "feature_extractor_name": "my_extractor",
    "version": "1.0.0",
    "description": "Custom text embedding extractor",
    "category": "text",
    "inference_type": "embedding",  # declares real-time inference capability
}

input_schema = MyInput
output_schema = MyOutput
parameter_schema = MyParams
supported_input_types = ["text"]

features = [
    {
        "feature_type": "embedding",
        "feature_name": "my_embedding",
        "embedding_dim": 384,
        "distance_metric": "cosine",
    },
]

compute_profile = {
    "resource_type": "cpu",      # "cpu", "gpu", or "api"
    "batch_size": 32,            # Rows per __call__ (default: 64)
    "max_concurrency": 4,        # Parallel Ray actors (default: 2)
}
""",
    "pipeline.py": """
from engine.extractors.my_extractor.pipeline import (
    PipelineDefinition, ResourceType, StepDefinition, build_pipeline_steps
)
from .manifest import MyParams, metadata
from .processors.core import MyProcessor

def build_steps(extractor_request, container=None, **kwargs):
    params = MyParams(**(extractor_request.extractor_config.parameters or {}))

    pipeline = PipelineDefinition(
        name=metadata["feature_extractor_name"],
        version=metadata["version"],
        steps=[
            StepDefinition(
                service_class=MyProcessor,
                resource_type=ResourceType.CPU,
                config={"model_size": params.model_size},
            ),
        ]
    )
    return {"steps": build_pipeline_steps(pipeline)}
""",
    "realtime.py": """
from shared.extractors.inference.serve import BaseInferenceService

class InferenceService(BaseInferenceService):
    def __init__(self):
        super().__init__()
        self._model = None

    async def run_inference(self, inputs: dict, parameters: dict) -> dict:
        if self._model is None:
            from sentence_transformers import SentenceTransformer
            self._model = SentenceTransformer("all-MiniLM-L6-v2")

        text = inputs.get("text", "")
        embedding = self._model.encode([text])[0].tolist()
        return {"embedding": embedding}
""",
    "processors/core.py": """
import pandas as pd

class MyProcessor:
    def __init__(self, config, **kwargs):
        self.config = config
        self._model = None

    def _ensure_model_loaded(self):
        if self._model is None:
            from sentence_transformers import SentenceTransformer
            self._model = SentenceTransformer("all-MiniLM-L6-v2")

    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        self._ensure_model_loaded()
        texts = batch["data"].fillna("").tolist()
        embeddings = self._model.encode(texts).tolist()
        batch["my_embedding"] = embeddings
        return batch
""",
}

TYPED = {
    "manifest.py": """
from shared.extractors.sdk import ExtractorManifest, Feature

manifest = ExtractorManifest(
    feature_extractor_name="my_embedder",
    version="v1",
    description="Custom text embedder",
    dependencies=["sentence-transformers>=2.2"],
    system_packages=["libmagic1"],  # apt packages installed in the container
    features=[Feature.embedding("my_embedder_v1", dim=384)],
    inference_type="embedding",
)

# Backward-compat: AST parser reads these module-level variables
feature_extractor_name = manifest.feature_extractor_name
version = manifest.version
description = manifest.description
dependencies = manifest.dependencies
features = manifest.features_as_dicts()
feature_uri = manifest.feature_uri
""",
    "pipeline.py": """
from shared.extractors.sdk import BatchProcessor, prefetch_hf_model

class MyProcessor(BatchProcessor):
    def setup(self):
        prefetch_hf_model("sentence-transformers/all-MiniLM-L6-v2")
        from sentence_transformers import SentenceTransformer
        self.model = SentenceTransformer("all-MiniLM-L6-v2")

    def process(self, batch):
        texts = batch["data"].fillna("").tolist()
        batch["my_embedder_v1_embedding"] = self.model.encode(texts).tolist()
        return batch
""",
    "realtime.py": """
from shared.extractors.sdk import InferenceService

class MyInference(InferenceService):
    def setup(self):
        from sentence_transformers import SentenceTransformer
        self.model = SentenceTransformer("all-MiniLM-L6-v2")

    async def infer(self, inputs, parameters):
        text = inputs.get("text", "")
        return {"embedding": self.model.encode([text])[0].tolist()}
""",
}

CLI_MANIFEST = '''
from pydantic import BaseModel, Field

class MyExtractorInput(BaseModel):
    """Input schema - what your plugin accepts."""
    text: str = Field(..., description="Input text to process")

class MyExtractorOutput(BaseModel):
    """Output schema - what your plugin produces."""
    result: str = Field(..., description="Processed result")
    confidence: float = Field(..., ge=0.0, le=1.0)

class MyExtractorParams(BaseModel):
    """Parameters users can configure when creating collections."""
    threshold: float = Field(default=0.5, ge=0.0, le=1.0)
    text_column: str = Field(default="text")

# Plugin metadata
metadata = {
    "name": "my_extractor",
    "version": "v1",
    "description": "My custom extractor",
    "category": "text",
    "author": "Your Name",
}

input_schema = MyExtractorInput
output_schema = MyExtractorOutput
parameter_schema = MyExtractorParams
'''

CLI_PIPELINE = '''
from typing import Any, Dict, Optional
from engine.plugins.extractors.pipeline import (
    PipelineDefinition,
    ResourceType,
    RowCondition,
    StepDefinition,
    build_pipeline_steps,
)
from shared.collection.features.extractors.models import ExtractorDefinition
from .manifest import MyExtractorParams, metadata
from .processors.core import MyExtractorConfig, MyExtractorProcessor

def build_steps(
    extractor_request: Any,
    container: Optional[Any] = None,
    base_steps: Optional[list] = None,
    dataset_size: Optional[int] = None,
    content_flags: Optional[dict] = None,
) -> Dict[str, Any]:
    """Build the extraction pipeline."""

    # Get user-configured parameters
    params = MyExtractorParams(**(extractor_request.extractor_config.parameters or {}))

    # Define pipeline steps
    steps = [
        StepDefinition(
            service_class=MyExtractorProcessor,
            resource_type=ResourceType.CPU,  # CPU, GPU, or API
            config=MyExtractorConfig(
                threshold=params.threshold,
                text_column=params.text_column,
            ),
            condition=RowCondition.IS_TEXT,  # Only process text rows
        ),
    ]

    pipeline = PipelineDefinition(name="my_extractor", version="v1", steps=steps)
    pipeline_steps = build_pipeline_steps(pipeline, dataset_size=dataset_size)

    return {
        "steps": (base_steps or []) + pipeline_steps,
        "prepare": lambda ds: ds,
    }

extractor_definition = ExtractorDefinition(
    name=metadata["name"],
    version=metadata["version"],
    extractor_function_path=build_steps,
    requires_file_resolution=False,
)
'''

CLI = {
    "__init__.py": "",
    "manifest.py": CLI_MANIFEST,
    "pipeline.py": CLI_PIPELINE,
    "processors/__init__.py": "",
    "processors/core.py": '''
from dataclasses import dataclass
from typing import Tuple
import pandas as pd

@dataclass
class MyExtractorConfig:
    """Configuration passed from pipeline."""
    threshold: float = 0.5
    text_column: str = "text"

class MyExtractorProcessor:
    """Batch processor - instantiated once, called repeatedly."""

    def __init__(self, config: MyExtractorConfig, progress_actor=None):
        self.config = config
        self._model = None  # Lazy load expensive resources

    def _load_model(self):
        """Load model on first use."""
        if self._model is None:
            # Load your model here
            # self._model = transformers.AutoModel.from_pretrained("...")
            self._model = "loaded"

    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        """Process a batch of data."""
        self._load_model()

        results = []
        for text in batch[self.config.text_column].fillna(""):
            result, confidence = self._process_single(text)
            results.append({"result": result, "confidence": confidence})

        batch["output"] = results
        return batch

    def _process_single(self, text: str) -> Tuple[str, float]:
        """Process single item."""
        # Your processing logic here
        return f"Processed: {text[:50]}", 0.95
''',
    "realtime.py": '''
from typing import Any, Dict
from shared.plugins.inference.serve import BaseInferenceService, ServeDeploymentConfig
from .processors.core import MyExtractorConfig, MyExtractorProcessor

class MyExtractorRealtimeService(BaseInferenceService):
    """Real-time HTTP endpoint deployed via Ray Serve."""

    serve_config = ServeDeploymentConfig(enabled=True, num_replicas=1)

    def __init__(self):
        super().__init__()
        self._processor = None

    async def _process_single(
        self, inputs: Dict[str, Any], parameters: Dict[str, Any]
    ) -> Dict[str, Any]:
        if self._processor is None:
            self._processor = MyExtractorProcessor(MyExtractorConfig())

        text = inputs.get("text", "")
        result, confidence = self._processor._process_single(text)
        return {"result": result, "confidence": confidence}

__all__ = ["MyExtractorRealtimeService"]
''',
    "tests/test_plugin.py": "import subprocess\n\nassert subprocess\n",
}


def _named(text: str, name: str) -> str:
    return text.replace("my_extractor", name)


SENTIMENT = {
    "manifest.py": _named(CLI_MANIFEST, "sentiment_classifier")
    .replace("result: str", "sentiment: str")
    .replace('"category": "text"', '"category": "text"'),
    "pipeline.py": _named(CLI_PIPELINE, "sentiment_classifier")
    .replace("MyExtractorConfig, MyExtractorProcessor", "MyExtractorConfig, SentimentClassifierProcessor")
    .replace("service_class=MyExtractorProcessor", "service_class=SentimentClassifierProcessor"),
    "processors/core.py": """
from dataclasses import dataclass
from transformers import pipeline

@dataclass
class MyExtractorConfig:
    threshold: float = 0.5
    text_column: str = "text"

class SentimentClassifierProcessor:
    def __init__(self, config, progress_actor=None):
        self.config = config
        self._model = None

    def _load_model(self):
        if self._model is None:
            self._model = pipeline("sentiment-analysis")

    def __call__(self, batch):
        self._load_model()

        texts = batch[self.config.text_column].fillna("").tolist()
        results = self._model(texts)

        batch["sentiment"] = [r["label"] for r in results]
        batch["confidence"] = [r["score"] for r in results]
        return batch
""",
}

IMAGE_EMBEDDER = {
    "manifest.py": """
from pydantic import BaseModel

class ImageInput(BaseModel):
    image: str

class ImageOutput(BaseModel):
    embedding: list[float]

metadata = {"name": "image_embedder", "version": "v1", "description": "CLIP", "category": "image"}
input_schema = ImageInput
output_schema = ImageOutput
features = [
    {"feature_type": "embedding", "feature_name": "embedding", "embedding_dim": 512, "distance_metric": "cosine"},
]
""",
    "pipeline.py": """
from engine.plugins.extractors.pipeline import StepDefinition
from .processors.core import ImageEmbedderProcessor

def build_steps(extractor_request, **kwargs):
    return {"steps": [StepDefinition(ImageEmbedderProcessor, config={})]}
""",
    "processors/core.py": """
import torch
from PIL import Image
from transformers import CLIPProcessor, CLIPModel

class ImageEmbedderProcessor:
    def __init__(self, config, progress_actor=None):
        self.config = config
        self._model = None
        self._processor = None

    def _load_model(self):
        if self._model is None:
            self._model = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")
            self._processor = CLIPProcessor.from_pretrained("openai/clip-vit-base-patch32")

    def __call__(self, batch):
        self._load_model()

        embeddings = []
        for image_bytes in batch["image_bytes"]:
            image = Image.open(io.BytesIO(image_bytes))
            inputs = self._processor(images=image, return_tensors="pt")
            with torch.no_grad():
                embedding = self._model.get_image_features(**inputs)
            embeddings.append(embedding.numpy().tolist()[0])

        batch["embedding"] = embeddings
        return batch
""",
}

COMPOSED = {
    "manifest.py": """
from pydantic import BaseModel

class Media(BaseModel):
    video: str

class Transcript(BaseModel):
    transcription: str

metadata = {"name": "transcribe_and_embed", "version": "v1", "description": "Whisper, then E5"}
input_schema = Media
output_schema = Transcript
features = [
    {"feature_type": "embedding", "feature_name": "embedding", "embedding_dim": 1024, "distance_metric": "cosine"},
]
""",
    "pipeline.py": """
from engine.plugins.extractors.pipeline import (
    PipelineDefinition, ResourceType, RowCondition, StepDefinition, build_pipeline_steps,
)
from engine.inference.openai.whisper_api.services import WhisperTranscriptionBatch
from engine.inference.intfloat.multilingual_e5_large_instruct.services import E5TextEmbeddingBatch
from shared.inference.openai.whisper_api.models import InferenceConfigs as WhisperConfig
from shared.inference.intfloat.multilingual_e5_large_instruct.models import InferenceConfigs as E5Config

def build_steps(extractor_request, **kwargs):
    steps = [
        # Step 1: Transcribe with Whisper
        StepDefinition(
            service_class=WhisperTranscriptionBatch,
            resource_type=ResourceType.API,
            config=WhisperConfig(
                bytes_column="audio_bytes",
                output_column_name="transcription"
            ),
            condition=RowCondition.IS_VIDEO_OR_AUDIO,
        ),
        # Step 2: Embed with E5
        StepDefinition(
            service_class=E5TextEmbeddingBatch,
            resource_type=ResourceType.CPU,
            config=E5Config(
                text_column="transcription",
                output_column_name="embedding"
            ),
        ),
    ]

    pipeline = PipelineDefinition(name="transcribe_and_embed", version="v1", steps=steps)
    return {"steps": build_pipeline_steps(pipeline), "prepare": lambda ds: ds}
""",
}

SNIPPETS = {
    **UNTYPED,
    "processors/images.py": """
import pandas as pd
from shared.extractors import open_asset
from shared.extractors.sdk import parallel_io, download_asset

class ImageProcessor:
    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        def load_image(url):
            from PIL import Image
            path, is_temp = download_asset(url, suffix=".jpg")
            img = Image.open(path).convert("RGB")
            if is_temp:
                import os; os.unlink(path)
            return img

        images = parallel_io(batch["data"].tolist(), load_image, max_workers=8)
        # batch-process all images on GPU...
        return batch
""",
    "processors/language.py": """
from shared.extractors.sdk import concurrent_api_calls

class Analyzer:
    def __init__(self, config, secrets=None):
        self._llm = config["llm_service"]

    def __call__(self, batch):
        texts = batch["data"].fillna("").tolist()

        async def analyze(text):
            return await self._llm.generate(
                instruction="Extract entities from this text",
                text=text,
                provider="google",
                model="gemini-2.5-flash",
                schema={"type": "object", "properties": {"entities": {"type": "array"}}}
            )

        results = concurrent_api_calls(texts, analyze, max_concurrent=10)
        batch["entities"] = [r.data for r in results]
        return batch
""",
    "processors/tools.py": """
from shared.extractors.sdk import run_tool

def transcode(input_path, output_path):
    result = run_tool("ffmpeg", ["-y", "-i", input_path, "-c:v", "libx264", output_path], timeout=600)
    run_tool("REDline", ["--i", input_path, "--o", output_path, "--format", "201", "--resize", "2"], timeout=600)
    run_tool("art-cmd", ["--input", input_path, "--output", output_path, "--format", "prores"], timeout=600)
    return result

async def key(container):
    return await container.secrets.get("EXTERNAL_API_KEY")
""",
}

CLEAN = {
    "untyped": UNTYPED,
    "typed": TYPED,
    "cli": CLI,
    "sentiment": SENTIMENT,
    "composed": COMPOSED,
    "snippets": SNIPPETS,
}

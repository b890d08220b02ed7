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

"""An open, self-hosted warehouse for multimodal data."""

__version__ = "0.1.0"

"""Frames in, frames out: the warehouse for people who work with Arrow, pandas and polars.

It opens the stores that the settings name, so it runs where those can be reached; over HTTP there is Mixpeek's client.
"""

from mixpeek_orchestration.client.connection import Connection, connect
from mixpeek_orchestration.client.documents import Documents
from mixpeek_orchestration.client.handles import BucketHandle, CollectionHandle

__all__ = ["BucketHandle", "CollectionHandle", "Connection", "Documents", "connect"]

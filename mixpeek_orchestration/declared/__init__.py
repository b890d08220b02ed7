"""Resources as Python objects: what a module declares is what `mixpeek.yaml` would, with objects in place of names."""

from mixpeek_orchestration.declared.declarations import Declarations
from mixpeek_orchestration.declared.resources import Bucket, Collection, Retriever

__all__ = ["Bucket", "Collection", "Declarations", "Retriever"]

"""Secrets of the organization, as the catalog keeps them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StoredSecret:
    """A secret. Only its ciphertext is kept; the key that decrypts it lies outside of the catalog."""

    name: str
    ciphertext: str
    created_at: str = ""
    updated_at: str = ""

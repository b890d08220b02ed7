import hashlib


def vector_of(text: str, size: int = 8) -> list[float]:
    """Words hashed into buckets: equal texts have equal vectors, and no weights are needed."""
    counts = [0.01] * size
    for word in text.lower().split():
        counts[int(hashlib.sha256(word.encode()).hexdigest(), 16) % size] += 1.0
    return counts


def count(batch):
    batch["words"] = batch["data"].str.split().str.len()
    batch["shout"] = batch["data"].str.upper()
    batch["variables_embedding"] = batch["data"].map(vector_of)
    return batch

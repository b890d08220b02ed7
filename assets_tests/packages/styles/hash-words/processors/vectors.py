import hashlib


def vector_of(text: str, size: int = 8) -> list[float]:
    """Words hashed into buckets: equal texts have equal vectors, and no weights are needed."""
    counts = [0.01] * size
    for word in text.lower().split():
        counts[int(hashlib.sha256(word.encode()).hexdigest(), 16) % size] += 1.0
    return counts

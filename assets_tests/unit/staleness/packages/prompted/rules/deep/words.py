def joined(words: list[str]) -> str:
    return " ".join(words)

def changed(mode: str, text: str) -> list[str]:
    """The texts that one text becomes."""
    if mode == "lines":
        return [line for line in text.split("\n") if line.strip()]
    if mode == "first":
        return text.split()[:1]
    if mode == "upper":
        return [text.upper()]
    if mode == "short":
        return [text] if len(text) < 4 else []
    return [text]

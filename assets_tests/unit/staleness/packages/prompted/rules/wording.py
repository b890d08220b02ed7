from .deep.words import joined


def worded(text: str) -> str:
    """The text in our words."""
    # Words are joined elsewhere.
    return joined(text.split())

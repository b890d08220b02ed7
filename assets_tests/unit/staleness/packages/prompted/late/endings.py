def ending() -> str:
    return "."

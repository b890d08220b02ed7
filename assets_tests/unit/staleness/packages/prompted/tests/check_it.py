def test_nothing() -> None:
    """Nothing is tested."""

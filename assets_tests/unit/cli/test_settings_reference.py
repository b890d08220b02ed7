"""The page of settings is what the settings say."""

from __future__ import annotations

from pathlib import Path

from mixpeek_orchestration.cli.settings_reference import page
from mixpeek_orchestration.settings import Settings

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"


def test_the_page_is_the_newest() -> None:
    """`python -m mixpeek_orchestration.cli.settings_reference > docs/reference/settings.md` writes it again."""
    assert PAGE.read_text() == page()


def test_every_setting_says_what_it_is() -> None:
    """No setting is without a description."""
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []

"""Pictures of the UI for the documentation, taken by the tests that look at the same pages.

`MIXPEEK_PICTURES=docs/pictures pytest assets_tests/e2e/test_dagster_ui.py -m slow` takes them anew.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

MOST_BYTES = 150_000
SETTLE_MS = 1_500


def keep_picture(page: Page, name: str, *, height: int = 900) -> None:
    """The top of the page as `name`.png in the folder that MIXPEEK_PICTURES names; nothing without it."""
    folder = os.environ.get("MIXPEEK_PICTURES")
    if not folder:
        return
    page.wait_for_timeout(
        SETTLE_MS
    )  # animations of the UI end; nothing depends on it but how a picture looks
    small = optimised(page.screenshot(clip={"x": 0, "y": 0, "width": 1500, "height": height}))
    assert len(small) <= MOST_BYTES, f"{name} has {len(small)} bytes"
    Path(folder, f"{name}.png").write_bytes(small)


def optimised(png: bytes) -> bytes:
    """The same picture in 256 colours, rare ones too, which is enough for a user interface."""
    out = io.BytesIO()
    image = Image.open(io.BytesIO(png)).convert("RGB")
    few = image.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(out, "PNG", optimize=True)
    return out.getvalue()

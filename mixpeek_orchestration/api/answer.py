"""How answers are written: JSON straight from Python values, without NaN."""

from __future__ import annotations

from typing import Any

from fastapi.responses import JSONResponse
from pydantic_core import to_json


class Answer(JSONResponse):
    """A JSON answer. Numbers that JSON cannot say become `null`, times become ISO 8601, bytes base64."""

    def render(self, content: Any) -> bytes:
        return to_json(content, inf_nan_mode="null", bytes_mode="base64")

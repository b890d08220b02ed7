"""Packages that do with a batch what they must not: each is told what, where and what to do, and costs its own rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.core.ports.extraction import Extracted

from .sample_styles import described, extracted

MANIFEST = """
from pydantic import BaseModel

class Output(BaseModel):
    count: int
    spot: list[float]

feature_extractor_name = "bad"
version = "v1"
output_schema = Output
features = [
    {"feature_type": "embedding", "feature_name": "spot", "embedding_dim": 2, "distance_metric": "cosine"}
]
"""
Run = Callable[..., list[Extracted]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """What becomes of the texts `good` and `bad` in a package whose step has this body."""

    def of(body: str, texts: tuple[str, ...] = ("good", "bad")) -> list[Extracted]:
        folder = tmp_path / "bad"
        folder.mkdir()
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        (folder / "manifest.py").write_text(MANIFEST)
        (folder / "pipeline.py").write_text(
            f"def step(batch):\n{lines}\ndef build_steps(extractor_request):\n    return [step]\n"
        )
        return extracted(described(folder, tmp_path / "cache"), texts)

    return of


GOOD = "batch['count'] = 1\nbatch['spot'] = [[1.0, 0.0]] * len(batch)\n"


def spots(value: str) -> str:
    """A body whose vector of the bad row is `value`."""
    return (
        f"{GOOD}batch['spot'] = [{value} if t == 'bad' else [1.0, 0.0] for t in batch['data']]\nreturn batch"
    )


BAD_ROWS = {
    "none": (spots("None"), "InvalidOutput", "'spot' has no vector for this row"),
    "nan": (spots("[1.0, float('nan')]"), "InvalidOutput", "nan at position 1"),
    "infinite": (spots("[float('inf'), 0.0]"), "InvalidOutput", "inf at position 0"),
    "dimension": (
        spots("[1.0, 2.0, 3.0]"),
        "InvalidOutput",
        "has 3 dimensions; the manifest declares 2",
    ),
    "zero": (spots("[0.0, 0.0]"), "InvalidOutput", "all zeros"),
    "text": (spots("'far away'"), "InvalidOutput", "not a list of numbers"),
    "mixed types": (
        f"{GOOD}batch['count'] = ['many' if t == 'bad' else 1 for t in batch['data']]\nreturn batch",
        "InvalidOutput",
        "'count' holds a value of type str",
    ),
    "raises": (
        f"if (batch['data'] == 'bad').any():\n    raise KeyError('bad')\n{GOOD}return batch",
        "KeyError",
        "bad",
    ),
    "another length": (
        f"{GOOD}batch['count'] = [1 for t in batch['data'] if t != 'bad']\nreturn batch",
        "ValueError",
        "does not match length of index",
    ),
    "another document": (
        f"{GOOD}batch['document_id'] = [i if t != 'bad' else 'x' for i, t in zip(batch['document_id'], batch['data'])]\n"
        "return batch",
        "InvalidOutput",
        "document_id is not one of its batch",
    ),
}


@pytest.mark.parametrize(("body", "kind", "message"), BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_a_bad_row_costs_itself_and_says_what_is_wrong(run: Run, body: str, kind: str, message: str) -> None:
    """The good row is written; the bad one fails with its class and what was seen, never as an empty success."""
    (result,) = run(body)
    assert result.rows.column("_source_item").to_pylist() == ["item_0"]
    ((error),) = result.errors
    assert (error.item, error.error_class) == ("item_1", kind)
    assert message in error.message


@pytest.mark.parametrize(
    ("body", "seen"),
    [("batch['count'] = 1", "NoneType"), ("return [1, 2, 3]", "list"), ("return batch['data']", "Series")],
)
def test_what_is_no_batch_is_the_packages_fault(run: Run, body: str, seen: str) -> None:
    """A step that returns something else than a frame ends the run: no row is to blame."""
    with pytest.raises(InvalidPackage, match=f"returned {seen} instead of a pandas DataFrame") as refused:
        run(body)
    assert (refused.value.field, refused.value.value) == ("step", seen)
    assert refused.value.fix


def test_rows_that_are_dropped_leave_an_empty_item_with_a_reason(run: Run) -> None:
    """A row that a step drops is not lost: its item is empty, and the step is named."""
    (result,) = run(f"{GOOD}return batch[batch['data'] != 'bad']")
    assert result.empty == {"item_1": "Step 'step' returned no rows."}
    assert not result.errors


def test_a_batch_that_is_edited_in_place_hurts_nobody(run: Run) -> None:
    """A batch is the step's own copy: whatever it does to it, also before it raises, other rows see their content."""
    body = (
        "if len(batch) > 1:\n    batch['data'] = 'spoiled'\n    batch.drop(columns=['mime_type'], inplace=True)\n"
        "    raise RuntimeError('together')\n"
        f"{GOOD}batch['seen'] = batch['data'].tolist()\nbatch['data'] = None\nreturn batch"
    )
    (result,) = run(body)
    assert result.rows.column("seen").to_pylist() == ["good", "bad"]


def test_a_vector_that_no_step_writes_fails_every_row(run: Run) -> None:
    """A promised vector that is nowhere is an error of each row that names the columns that there are."""
    (result,) = run("batch['count'] = 1\nreturn batch")
    assert len(result.errors) == 2
    assert "left no column 'spot' for the feature 'spot'" in result.errors[0].message


def test_a_manifest_that_raises_names_its_error(tmp_path: Path) -> None:
    """What a manifest raises at import is said with the module, and other packages stay usable."""
    from mixpeek_orchestration.extractors.registry import PackageRegistry

    for name, text in (("broken", "raise RuntimeError('no luck')"), ("fine", MANIFEST)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.py").write_text(text)
        (tmp_path / name / "pipeline.py").write_text(
            "def s(b):\n    return b\ndef build_steps(r):\n    return [s]\n"
        )
    registry = PackageRegistry([tmp_path], tmp_path / "cache")
    assert registry.names() == [("bad", "v1")]
    ((folder, problem),) = registry.problems().items()
    assert folder.endswith("broken")
    assert "RuntimeError: no luck" in str(problem)
    assert problem.field == "manifest.py"

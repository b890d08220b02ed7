"""What a run of a package says about its outputs, through the engine's own checks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import dedent, indent

import pytest

from mixpeek_orchestration.core.extractor import Resources
from mixpeek_orchestration.core.failure import ItemError
from mixpeek_orchestration.core.finding import Severity
from mixpeek_orchestration.engine.harness import Harness, without_absent_gpus
from mixpeek_orchestration.extractors.testing.generated import default_sample
from mixpeek_orchestration.extractors.testing.outputs import row_finding
from mixpeek_orchestration.extractors.testing.report import Check
from mixpeek_orchestration.extractors.testing.rules import RULES, Rule
from mixpeek_orchestration.extractors.testing.samples import sample_of

from .conftest import Describe
from .sample_packages import CORE, PIPELINE, write_package

ROWS = [{"text": "rain"}, {"text": "A red bicycle."}, {"text": "wind"}]


def ran(harness: Harness, describe: Describe, folder: Path, body: str, **files: str) -> Check:
    """The check of a package whose step ends with `body`; `good` is what the correct step returns."""
    step = dedent(CORE) + indent(dedent(body), "        ")
    package = write_package(folder, {"processors/core.py": _ending(step), **files})
    description = describe(package)
    check, usage = harness.run_here(description, sample_of(ROWS, description, origin="test"))
    assert usage.runner == "in_process"
    return check


def _ending(step: str) -> str:
    return step.replace("        return batch\n", "        good = batch\n")


WRONG_OUTPUTS = {
    "no vector column": ("return good.drop(columns='letter_vector')", "TEST020", 3),
    "wrong dimension": ("good['letter_vector'] = [[1.0, 2.0]] * 3; return good", "TEST021", 3),
    "NaN": ("good.at[1, 'letter_vector'] = [float('nan'), 1, 1, 1]; return good", "TEST022", 1),
    "infinity": ("good.at[1, 'letter_vector'] = [float('inf'), 1, 1, 1]; return good", "TEST022", 1),
    "zero vector": ("good.at[2, 'letter_vector'] = [0.0] * 4; return good", "TEST023", 1),
    "words for a vector": ("good['letter_vector'] = ['a vector'] * 3; return good", "TEST024", 3),
    "no vector in a row": ("good.at[0, 'letter_vector'] = None; return good", "TEST025", 1),
    "wrong type": ("good['letters'] = ['many', 2, 3]; return good", "TEST026", 1),
    "a row less": ("return good.iloc[1:]", "TEST029", 1),
    "an exception": ("if 'rain' in texts: raise KeyError('rain')\nreturn good", "TEST030", 1),
    "a column too short": ("good['letters'] = [1] if len(texts) > 2 else 2; return good", "", 0),
    "a list": ("return good.to_dict('records')", "TEST031", 1),
    "nothing": ("return None", "TEST031", 1),
    "no document_id": ("return good.drop(columns='document_id')", "TEST035", 3),
    "another document_id": ("good['document_id'] = 'mine'; return good", "TEST035", 3),
}


@pytest.mark.parametrize("name", WRONG_OUTPUTS)
def test_wrong_output_is_found_by_rule(
    name: str, tmp_path: Path, harness: Harness, describe: Describe
) -> None:
    """Each wrong output is an error of its own rule for exactly the rows that have it, with a fix."""
    body, rule, rows = WRONG_OUTPUTS[name]
    check = ran(harness, describe, tmp_path, body)
    assert check.ok is not bool(rule), [finding.line_of_text for finding in check.findings]
    assert [finding.rule for finding in check.findings] == [rule] * rows
    assert all(finding.fix and finding.severity is Severity.ERROR for finding in check.findings)


def test_a_finding_names_the_row_and_the_fix(tmp_path: Path, harness: Harness, describe: Describe) -> None:
    """The engine's words are split into what is wrong and what to do."""
    check = ran(harness, describe, tmp_path, "good.at[1, 'letter_vector'] = [1.0]; return good")
    (finding,) = check.findings
    assert (
        finding.message == "row 2: The vector in 'letter_vector' has 1 dimensions; the manifest declares 4."
    )
    assert finding.fix == "Correct embedding_dim in the manifest, or the model."


@pytest.mark.parametrize(
    ("body", "rule", "said"),
    [
        ("return good.drop(columns='letters')", "TEST027", "'letters'"),
        ("good['mood'] = 'fine'; return good", "TEST028", "'mood'"),
    ],
)
def test_fields_that_differ_from_the_schema_are_warnings(
    body: str, rule: str, said: str, tmp_path: Path, harness: Harness, describe: Describe
) -> None:
    """A declared field that is missing and an undeclared one do not fail the check, but are said."""
    check = ran(harness, describe, tmp_path, body)
    assert check.ok
    (finding,) = check.findings
    assert (finding.rule, finding.severity, finding.file) == (rule, Severity.WARNING, "manifest.py")
    assert said in finding.message


def test_a_correct_package_has_no_findings(tmp_path: Path, harness: Harness, describe: Describe) -> None:
    """The message says what the sample was and how much came out."""
    check = ran(harness, describe, tmp_path, "return good")
    assert (check.ok, check.findings) == (True, ())
    assert check.message == "test: 3 objects → 3 documents, through this process"


def test_an_empty_row_may_be_dropped(tmp_path: Path, harness: Harness, describe: Describe) -> None:
    """A row without content that comes out as nothing is not lost."""
    body = "return good[[bool(text.strip()) for text in texts]]"
    package = write_package(
        tmp_path, {"processors/core.py": _ending(dedent(CORE) + indent(body, "        "))}
    )
    description = describe(package)
    sample = sample_of([*ROWS, {"text": "  "}], description, origin="test")
    check, _ = harness.run_here(description, sample)
    assert (check.ok, check.findings) == (True, ())


def test_a_run_without_any_document_fails(tmp_path: Path, harness: Harness, describe: Describe) -> None:
    """A condition that nothing matches is said, naming the type that was seen; that nothing came out is the error."""
    pipeline = dedent(PIPELINE).replace("config={}", "config={}, condition='IS_IMAGE'")
    check = ran(harness, describe, tmp_path, "return good", **{"pipeline.py": pipeline})
    assert not check.ok
    assert [finding.rule for finding in check.findings] == ["TEST037"] + 3 * ["TEST036"]
    assert "text/plain" in check.findings[1].message


def test_steps_that_never_end_are_a_finding(tmp_path: Path, harness: Harness, describe: Describe) -> None:
    """A step that waits for ever ends the test when its time is over, and says what to look for."""
    body = "import threading; threading.Event().wait(60)\n        return batch\n"
    core = dedent(CORE).replace("return batch\n", body)
    description = describe(write_package(tmp_path, {"processors/core.py": core}))
    sample = sample_of(ROWS, description, origin="test")
    check, _ = replace(harness, run_s=0.5).run_here(description, sample)
    assert [finding.rule for finding in check.findings] == ["TEST038"]


def test_an_absent_gpu_is_a_note(tmp_path: Path, describe: Describe) -> None:
    """Without a GPU the step runs without, and the note names it; with one nothing changes."""
    description = describe(write_package(tmp_path))
    steps = tuple(replace(step, resources=Resources(gpus=1.0)) for step in description.steps)
    wanting = replace(description, steps=steps)
    without, notes = without_absent_gpus(wanting, 0.0)
    assert [step.resources.gpus for step in without.steps] == [0.0]
    assert [(note.rule, note.severity) for note in notes] == [("TEST034", Severity.NOTE)]
    assert without_absent_gpus(wanting, 1.0) == (wanting, [])


def test_a_dead_worker_has_its_own_rule() -> None:
    """What killed its worker is told apart from what raised."""
    error = ItemError("row 1", "worker", "WorkerDied", "The worker process died.", "", False)
    assert row_finding(error).rule == "TEST032"


def test_rules_are_told_apart() -> None:
    """Ids are unique, and each says what is wrong and what to do."""
    assert len({rule.rule for rule in RULES}) == len(RULES)
    assert all(isinstance(rule, Rule) and rule.what and rule.fix for rule in RULES)


def test_a_picture_package_gets_files(tmp_path: Path, harness: Harness, describe: Describe) -> None:
    """`data` of a picture is a URL that the SDK opens, as in production."""
    core = """
        from PIL import Image
        from shared.extractors import open_asset


        class Letters:
            def __init__(self, config, **kwargs):
                pass

            def __call__(self, batch):
                for place, url in batch["data"].items():
                    assert url.startswith("file://"), url
                    with open_asset(url) as path:
                        width, height = Image.open(path).size
                    batch.loc[place, "letters"] = width
                batch["letters"] = batch["letters"].astype(int)
                batch["letter_vector"] = [[1.0, width, 0.0, 0.0] for width in batch["letters"]]
                return batch
    """
    from .sample_packages import MANIFEST

    manifest = dedent(MANIFEST).replace('"text"', '"image"').replace("text: str", "image: str")
    files = {"processors/core.py": core, "manifest.py": manifest}
    description = describe(write_package(tmp_path, files))
    check, _ = harness.run_here(description, default_sample(description))
    assert (check.ok, check.findings) == (True, ())
    assert check.message.startswith("generated image: 3 objects → 3 documents")

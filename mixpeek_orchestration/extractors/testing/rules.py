"""The one table of what a test of a package can find. Conformance has its own, in `properties.py`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from mixpeek_orchestration.core.finding import Finding, Severity


@dataclass(frozen=True)
class Rule:
    """One fact that a test looks for: its id, what is wrong when it does not hold, and what to do in general."""

    rule: str
    what: str
    fix: str
    severity: Severity = Severity.ERROR

    def finding(self, message: str, *, file: str = "pipeline.py", line: int = 0, fix: str = "") -> Finding:
        """A place where this rule is broken."""
        return Finding(file, line, self.rule, message, fix or self.fix, self.severity)


MISSING_FILE: Final = Rule(
    "TEST001", "A file that every package has is missing.", "Add it at the top of the package folder."
)
MANIFEST: Final = Rule("TEST002", "The manifest cannot be read.", "Correct manifest.py.")
SCHEMAS: Final = Rule(
    "TEST003",
    "A schema of the manifest is not one.",
    "Declare classes that derive from pydantic.BaseModel.",
)
PIPELINE: Final = Rule("TEST004", "The pipeline cannot be built.", "Correct build_steps in pipeline.py.")
REALTIME: Final = Rule(
    "TEST005", "realtime.py does not answer.", "Return a dict with the vector under `embedding`."
)
OWN_TESTS: Final = Rule(
    "TEST010", "The package's own tests fail.", "Run them alone to see more: mixpeek plugin test -v."
)
NO_PYTEST: Final = Rule("TEST011", "The package's own tests cannot run.", "pip install pytest")
SAMPLE: Final = Rule("TEST012", "The sample data cannot be used.", "Give a JSON or CSV file of objects.")
NO_COLUMN: Final = Rule(
    "TEST020", "No step wrote a vector that the manifest declares.", "Write it, or correct feature_name."
)
DIMENSION: Final = Rule(
    "TEST021", "A vector has another dimension than declared.", "Correct embedding_dim, or the model."
)
NOT_FINITE: Final = Rule("TEST022", "A vector has NaN or infinity in it.", "Return finite numbers.")
ZERO: Final = Rule(
    "TEST023", "A vector is all zeros, so cosine cannot compare it.", "Drop rows that have nothing to embed."
)
NOT_NUMBERS: Final = Rule("TEST024", "A vector is not a list of numbers.", "Return numbers for every row.")
NO_VECTOR: Final = Rule("TEST025", "A row has no vector.", "Return one for every row, or drop the row.")
TYPE: Final = Rule(
    "TEST026", "A value has another type than the output schema declares.", "Return the declared type."
)
NOT_WRITTEN: Final = Rule(
    "TEST027",
    "No step wrote a field of the output schema.",
    "Write the column of that name, or remove the field from the output schema.",
    Severity.WARNING,
)
NOT_DECLARED: Final = Rule(
    "TEST028",
    "A column was written that the output schema does not have.",
    "Declare it, so that people see it before they run; it is stored either way.",
    Severity.WARNING,
)
ROW_LOST: Final = Rule(
    "TEST029",
    "A row with content came out as nothing.",
    "Return a row for it, or raise an error that says why there is none.",
)
ROW_FAILED: Final = Rule(
    "TEST030", "A step raised an error for a row.", "Handle the row, or raise ItemFailure with a reason."
)
RUN_FAILED: Final = Rule(
    "TEST031", "The pipeline failed for no row in particular.", "Correct the step that the message names."
)
WORKER_DIED: Final = Rule(
    "TEST032",
    "The worker process died.",
    "Look for too little memory, or a crash in a native library.",
)
UNSCHEDULABLE: Final = Rule(
    "TEST033", "The pipeline asks for more than this machine has.", "Ask for less in compute_profile."
)
NO_GPU: Final = Rule(
    "TEST034",
    "A step wants a GPU and this machine has none.",
    "Test again on a machine with a GPU.",
    Severity.NOTE,
)
WRONG_OUTPUT: Final = Rule(
    "TEST035", "A step returned rows that do not keep the contract.", "Return the batch with its document_id."
)
NOTHING_APPLIED: Final = Rule(
    "TEST036",
    "No step applied to a row.",
    "Test with content that the pipeline's row conditions let through.",
    Severity.WARNING,
)
NOTHING_WRITTEN: Final = Rule(
    "TEST037",
    "The run wrote no document at all.",
    "Test with content that the package is for, or look at what is said of the rows.",
)
TIMED_OUT: Final = Rule(
    "TEST038",
    "The steps take longer than a test may.",
    "Look for a step that waits for ever, or allow more: --timeout SECONDS.",
)

RULES: Final = tuple(value for value in list(globals().values()) if isinstance(value, Rule))

# What the engine's own checks say, so that a failure carries the same rule here and in production.
_OF_MESSAGE: Final = (
    (re.compile(r"The pipeline left no column "), NO_COLUMN),
    (re.compile(r"The vector in .* dimensions; the manifest declares "), DIMENSION),
    (re.compile(r"The vector in .* all zeros"), ZERO),
    (re.compile(r"The vector in .* at position "), NOT_FINITE),
    (re.compile(r"The column .* is not a list of numbers"), NOT_NUMBERS),
    (re.compile(r"The column .* has no vector for this row"), NO_VECTOR),
    (re.compile(r"The output field .* cannot be stored as "), TYPE),
)


def rule_of(error_class: str, message: str) -> Rule:
    """The rule that an error of a row breaks."""
    if error_class == "WorkerDied":
        return WORKER_DIED
    if error_class != "InvalidOutput":
        return ROW_FAILED
    return next((rule for pattern, rule in _OF_MESSAGE if pattern.match(message)), WRONG_OUTPUT)

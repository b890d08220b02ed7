"""Checks of the manifest's fields, features apart."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.feature_uri import canonical_version, parse_feature_uri
from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.lint import contract
from mixpeek_orchestration.extractors.lint.declared import Declaration, bases, schema_fields
from mixpeek_orchestration.extractors.lint.findings import finding, shown
from mixpeek_orchestration.extractors.lint.literals import (
    UNKNOWN,
    Called,
    ClassOf,
    Imported,
    Unknown,
    Values,
    is_plain,
)
from mixpeek_orchestration.extractors.lint.package import MANIFEST, REALTIME, LintedPackage

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_SCHEMAS: Final = ("input_schema", "output_schema", "parameter_schema")
_LISTS: Final = ("dependencies", "system_packages", "position_fields", "supported_input_types")
_DICTS: Final = ("compute_profile", "serve_config", "example_input", "example_output")
_FEATURE_ARGUMENTS: Final = {
    "embedding": ("name", "dim", "distance", "description"),
    "classification": ("name", "labels", "description"),
}
_ABSENT: Final = object()


class ManifestChecks:
    """Everything that the source of a manifest shows to be wrong."""

    def __init__(self, package: LintedPackage, declared: Declaration, values: Values) -> None:
        self._package = package
        self._declared = declared
        self._values = values

    def findings(self) -> Iterator[Finding]:
        """The findings of all checks."""
        checks: tuple[Callable[[], Iterator[Finding]], ...] = (
            self._name,
            self._version,
            self._description,
            self._types,
            self._schemas,
            self._inference_type,
            self._profile,
            self._serving,
            self._input_types,
            self._feature_uri,
            self._dependencies,
            self._typed_fields,
            self._feature_arguments,
            self._metadata_keys,
            self._position_fields,
            self._realtime,
        )
        for check in checks:
            yield from check()

    def _name(self) -> Iterator[Finding]:
        name = self._declared.name
        fix = 'Add feature_extractor_name = "my_extractor".'
        if name is None:
            yield self._found("MAN001", 1, "The manifest names no extractor.", fix)
        elif is_plain(name) and not (isinstance(name, str) and _NAME.fullmatch(name)):
            field = "feature_extractor_name" if "feature_extractor_name" in self._declared.lines else "name"
            fix = "Write a letter, then letters, digits, `_` or `-`."
            yield self._found(
                "MAN002", self._declared.line(field), f"{shown(name)} cannot name an extractor.", fix
            )

    def _version(self) -> Iterator[Finding]:
        version = self._declared.get("version")
        if version is None and self._declared.typed is None:
            yield self._found(
                "MAN003", 1, "The manifest has no version.", 'Add version = "v1" or version = "1.0.0".'
            )
        elif is_plain(version):
            try:
                canonical_version(str(version))
            except InvalidInput as error:
                yield self._found("MAN004", self._declared.line("version"), error.message, error.fix or "")

    def _description(self) -> Iterator[Finding]:
        if self._declared.get("description") in (None, ""):
            yield self._found(
                "MAN005",
                self._declared.line("description"),
                "The manifest has no description.",
                'Add description = "…": one sentence, what it makes of what.',
            )

    def _types(self) -> Iterator[Finding]:
        metadata = self._values.constant(MANIFEST, "metadata")
        if "metadata" in self._values.bindings(MANIFEST) and isinstance(metadata, str | int | list):
            node = self._values.bindings(MANIFEST)["metadata"].node
            yield self._found(
                "MAN007", getattr(node, "lineno", 1), "`metadata` is not a dict.", "Write metadata = {…}."
            )
        for field in _LISTS:
            value = self._declared.get(field)
            strings = isinstance(value, list) and all(isinstance(one, str | Unknown) for one in value)
            if value is not None and not strings and isinstance(value, str | int | float | dict | list):
                yield self._wrong_type(field, value, "a list of strings", f'{field} = ["…"]')
        for field in _DICTS:
            value = self._declared.get(field)
            if isinstance(value, str | int | float | list) and value is not None:
                yield self._wrong_type(field, value, "a dict", f"{field} = {{…}}")

    def _schemas(self) -> Iterator[Finding]:
        # Only this style is documented to have both; the others may leave them out.
        untyped = self._declared.typed is None and self._declared.metadata is not None
        for field in _SCHEMAS:
            schema = self._declared.get(field, _ABSENT)
            if schema is _ABSENT and untyped and field != "parameter_schema":
                fix = f"Add {field} = …, a class that derives from pydantic.BaseModel."
                yield self._found("MAN006", 1, f"The manifest has no {field}.", fix)
            elif isinstance(schema, str | int | list) and not isinstance(schema, bool):
                yield self._wrong_type(field, schema, "a pydantic model or a dict", f"{field} = MyModel")
            elif isinstance(schema, ClassOf) and not list(bases(self._values, schema)):
                yield self._found(
                    "MAN007",
                    self._declared.line(field),
                    f"`{field}` is the class {schema.node.name}, which is no pydantic model.",
                    f"Write class {schema.node.name}(BaseModel).",
                )

    def _inference_type(self) -> Iterator[Finding]:
        value = self._declared.get("inference_type")
        known = contract.inference_types()
        if is_plain(value) and value not in known:
            yield self._found(
                "MAN008",
                self._declared.line("inference_type"),
                f"{shown(value)} is not an inference type.",
                _one_of(value, known, "or leave it out"),
            )

    def _profile(self) -> Iterator[Finding]:
        profile = self._declared.get("compute_profile")
        if not isinstance(profile, dict):
            return
        yield from self._keys("MAN009", "compute_profile", profile, contract.profile_keys())
        line = self._declared.line("compute_profile")
        resource = profile.get("resource_type", "cpu")
        if isinstance(resource, str) and resource.lower().rpartition(".")[2] not in contract.RESOURCE_TYPES:
            yield self._found(
                "MAN009", line, f"{shown(resource)} is not a resource type.", "Write cpu, gpu or api."
            )
        yield from self._numbers("MAN009", "compute_profile", profile, ("batch_size", "max_concurrency"))

    def _serving(self) -> Iterator[Finding]:
        serving = self._declared.get("serve_config")
        if isinstance(serving, dict):
            yield from self._keys("MAN010", "serve_config", serving, contract.serve_keys())
            whole = ("num_replicas", "max_replicas", "target_ongoing_requests")
            yield from self._numbers("MAN010", "serve_config", serving, whole)

    def _keys(
        self, rule: str, field: str, value: Mapping[Any, Any], known: tuple[str, ...]
    ) -> Iterator[Finding]:
        for key in value:
            if key not in known:
                message = f"{field} has no key {shown(key)}."
                yield self._found(rule, self._declared.line(field), message, _one_of(key, known))

    def _numbers(
        self, rule: str, field: str, value: Mapping[Any, Any], keys: tuple[str, ...]
    ) -> Iterator[Finding]:
        for key in keys:
            number = value.get(key)
            wrong = isinstance(number, str | float | bool | list | dict) or (
                isinstance(number, int) and number < 1
            )
            if wrong:
                message = f"{field}.{key} is {shown(number)}, not a positive whole number."
                yield self._found(rule, self._declared.line(field), message, "Write for example 2.")

    def _input_types(self) -> Iterator[Finding]:
        types = self._declared.get("supported_input_types")
        known = contract.modalities()
        for one in types if isinstance(types, list) else ():
            if isinstance(one, str) and one.lower() not in known:
                line = self._declared.line("supported_input_types")
                yield self._found("MAN011", line, f"{shown(one)} is not an input type.", _one_of(one, known))

    def _feature_uri(self) -> Iterator[Finding]:
        uri = self._declared.get("feature_uri")
        if not isinstance(uri, str):
            return
        line = self._declared.line("feature_uri")
        try:
            parsed = parse_feature_uri(uri)
            name, version = self._declared.name, self._declared.get("version", "v1")
            if (
                isinstance(name, str)
                and isinstance(version, str)
                and not parsed.same_extractor(name, version)
            ):
                message = (
                    f"feature_uri names {parsed.extractor}@{parsed.version}, the manifest {name}@{version}."
                )
                yield self._found(
                    "MAN012", line, message, f"Write mixpeek://{name}@{version}/{parsed.feature}."
                )
        except InvalidInput as error:
            if error.field == "feature_uri":
                yield self._found("MAN012", line, error.message, error.fix or "")
            return
        features = self._feature_names()
        if features and parsed.feature not in features:
            message = f"feature_uri ends in {shown(parsed.feature)}, which is not a feature."
            yield self._found("MAN012", line, message, _one_of(parsed.feature, tuple(sorted(features))))

    def _feature_names(self) -> set[str] | None:
        features = self._declared.get("features")
        if not isinstance(features, list) or not all(isinstance(one, dict) for one in features):
            return None
        names = [one.get("feature_name") for one in features]
        if not all(isinstance(name, str) for name in names):
            return None
        return {name for name in names if isinstance(name, str)}

    def _dependencies(self) -> Iterator[Finding]:
        from packaging.requirements import InvalidRequirement, Requirement

        dependencies = self._declared.get("dependencies")
        line = self._declared.line("dependencies")
        for text in dependencies if isinstance(dependencies, list) else ():
            if not isinstance(text, str):
                continue
            try:
                required = Requirement(text)
            except InvalidRequirement as error:
                message = f"{shown(text)} is not a requirement: {str(error).splitlines()[0]}."
                yield self._found("MAN013", line, message, 'Write for example "tokenizers>=0.22".')
                continue
            if not required.specifier and not required.url:
                message = f"{shown(text)} has no version."
                fix = f'Write the versions that you tried: "{required.name}>=…".'
                yield self._found("MAN014", line, message, fix)

    def _typed_fields(self) -> Iterator[Finding]:
        typed = self._declared.typed
        known = contract.manifest_fields() - {"feature_uri", "name"}
        for word in typed.node.keywords if isinstance(typed, Called) else ():
            if word.arg is not None and word.arg not in known:
                message = f"ExtractorManifest has no field {word.arg!r}."
                yield self._found("MAN015", word.value.lineno, message, _one_of(word.arg, tuple(known)))

    def _feature_arguments(self) -> Iterator[Finding]:
        tree = self._package.trees[MANIFEST]
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner = self._values.of(MANIFEST, node.func.value)
            known = _FEATURE_ARGUMENTS.get(node.func.attr)
            if known is None or not isinstance(owner, Imported) or not owner.dotted.endswith(".Feature"):
                continue
            for word in node.keywords:
                if word.arg is not None and word.arg not in known:
                    message = f"Feature.{node.func.attr} has no argument {word.arg!r}."
                    yield self._found("MAN015", word.value, message, _one_of(word.arg, known))

    def _metadata_keys(self) -> Iterator[Finding]:
        known = tuple(sorted(contract.manifest_fields()))
        for key in self._declared.metadata or ():
            close = difflib.get_close_matches(str(key), known, n=1, cutoff=0.8)
            if key not in known and close:
                line = self._declared.line(str(key))
                message = f"metadata has the key {shown(key)}, which nobody reads."
                yield self._found("MAN016", line, message, f"Did you mean {close[0]!r}?")

    def _position_fields(self) -> Iterator[Finding]:
        outputs = schema_fields(self._values, self._declared.get("output_schema", UNKNOWN))
        fields = self._declared.get("position_fields")
        for one in fields if isinstance(fields, list) and outputs is not None else ():
            if isinstance(one, str) and one not in (outputs or ()) and one not in contract.COLUMNS:
                line = self._declared.line("position_fields")
                message = f"position_fields names {one!r}, which output_schema does not have."
                fix = _one_of(one, tuple(sorted(outputs or ())))
                yield self._found("MAN017", line, message, fix)

    def _realtime(self) -> Iterator[Finding]:
        if REALTIME in self._package.names:
            return
        fix = (
            "Add realtime.py with a class InferenceService; omit the declaration if only batches are needed."
        )
        fields = self._declared.fields
        uri = fields.get("feature_uri")
        if isinstance(uri, str) or (uri is not None and self._feature_names()):
            yield self._found(
                "RT001",
                self._declared.line("feature_uri"),
                "The manifest has a feature_uri and the package no realtime.py.",
                fix,
            )
        inference_type = fields.get("inference_type")
        if isinstance(inference_type, str):
            message = f"The inference type is {inference_type!r} and the package has no realtime.py."
            yield self._found("RT002", self._declared.line("inference_type"), message, fix)

    def _wrong_type(self, field: str, value: object, wanted: str, example: str) -> Finding:
        message = f"`{field}` is {shown(value)}, not {wanted}."
        return self._found("MAN007", self._declared.line(field), message, f"Write {example}.")

    def _found(self, rule: str, where: ast.AST | int, message: str, fix: str) -> Finding:
        return finding(rule, MANIFEST, where, message, fix)


def _one_of(value: object, known: tuple[str, ...], otherwise: str = "") -> str:
    close = difflib.get_close_matches(str(value), known, n=1, cutoff=0.6)
    listed = ", ".join(sorted(known)) if not isinstance(known, tuple) else ", ".join(known)
    tail = f", {otherwise}" if otherwise else ""
    return f"Did you mean {close[0]!r}? There are: {listed}." if close else f"Write one of {listed}{tail}."

"""Whether an answer keeps the JSON schema that it was asked for with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mixpeek_orchestration.core.errors import InvalidPackage


def check_schema(schema: Mapping[str, Any]) -> None:
    """Raises `InvalidPackage` for what is no JSON schema, before a model is paid for an answer to it."""
    import jsonschema

    try:
        jsonschema.validators.validator_for(schema).check_schema(schema)
    except jsonschema.SchemaError as error:
        raise InvalidPackage(
            f"The schema of an LLM call is not a JSON schema: {error.message}.",
            field=".".join(["schema", *map(str, error.absolute_path)]),
            value=error.instance,
        ) from None


def broken_rule(data: Any, schema: Mapping[str, Any]) -> str | None:
    """What is wrong with an answer, without quoting it; `None` when it keeps its schema.

    References outside of the schema are refused: a package must not make this process fetch anything.
    """
    import jsonschema
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    nowhere: Registry[Any] = Registry()
    validator = jsonschema.validators.validator_for(schema)(schema, registry=nowhere)
    try:
        error = jsonschema.exceptions.best_match(validator.iter_errors(data))
    except Unresolvable as unresolvable:
        raise InvalidPackage(
            "The schema of an LLM call refers to something that is not in it.",
            field="schema",
            value=unresolvable.ref,
            fix="Put it into $defs of the schema.",
        ) from None
    if error is None:
        return None
    where = ".".join(map(str, error.absolute_path)) or "the answer"
    return f"{where} breaks the rule {error.validator!r} of its schema"

"""What `realtime.py` answers, checked against the contract of its inference type and in one spelling.

| inference type | asks               | answers                                                            |
|----------------|--------------------|--------------------------------------------------------------------|
| `embedding`    | `text`, `image`, … | `embedding`, and a key per feature where there are several vectors |
| `rerank`       | `pairs`            | `scores`, one number per pair                                      |
| `classify`     | `text`             | `labels`, each with `label` and `confidence`                       |
| `generate`     | `prompt`           | `text`                                                             |
| `general`      | anything           | anything                                                           |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.errors import InvalidPackage

_ANYWHERE: Final = ("embedding", "vector", "embeddings")


def read_answer(
    answer: object, inputs: Mapping[str, Any], inference_type: str | None, vectors: Sequence[VectorIndex]
) -> dict[str, Any]:
    """The answer as plain values, with the keys that its inference type has; raises `InvalidPackage` for another.

    A query vector is under `embedding`, whichever documented key the package put it under, and under the name of its
    feature where the extractor has several vectors.
    """
    if not isinstance(answer, Mapping):
        raise _wrong(type(answer).__name__, "a dict", {"embedding": [0.1]})
    plain = {str(key): _plain(value) for key, value in answer.items()}
    check = _CHECKS.get(inference_type or "")
    if inference_type == "embedding" or (inference_type is None and vectors):
        plain = _with_vectors(plain, vectors)
        if inference_type == "embedding" and not _has_vector(plain, vectors):
            raise _lacks(plain, "a vector", {"embedding": ["…"]})
    return check(plain, inputs) if check else plain


def _with_vectors(answer: dict[str, Any], vectors: Sequence[VectorIndex]) -> dict[str, Any]:
    found = {vector.feature: _named(answer, vector) for vector in vectors}
    for vector in vectors:
        if found[vector.feature] is not None and len(vectors) > 1:
            answer = {**answer, vector.feature: found[vector.feature]}
    general = next((_first(answer[key]) for key in _ANYWHERE if answer.get(key) is not None), None)
    if general is None:
        general = next((one for one in found.values() if one is not None), None)
    return answer if general is None else {**answer, "embedding": general}


def _named(answer: Mapping[str, Any], vector: VectorIndex) -> Any:
    """The vector under the feature's name, its column, or its place in an `embeddings` that is a mapping."""
    names = (vector.feature, vector.column, f"{vector.feature}_embedding")
    inside = answer.get("embeddings")
    for place in (answer, inside if isinstance(inside, Mapping) else {}):
        for name in names:
            if place.get(name) is not None:
                return _first(place[name])
    return None


def _has_vector(answer: Mapping[str, Any], vectors: Sequence[VectorIndex]) -> bool:
    names = ("embedding", *(vector.feature for vector in vectors))
    return any(isinstance(answer.get(name), list) and answer[name] for name in names)


def _first(value: Any) -> Any:
    """The first of several vectors, a vector as it is."""
    if isinstance(value, Mapping):
        return next((_first(one) for one in value.values()), None)
    return value[0] if isinstance(value, list) and value and isinstance(value[0], list) else value


def _scores(answer: dict[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    scores, pairs = answer.get("scores"), inputs.get("pairs")
    if not isinstance(scores, list) or not all(_is_number(one) for one in scores):
        raise _lacks(answer, "`scores`, a list of numbers", {"scores": [0.9]})
    if isinstance(pairs, Sequence) and len(pairs) != len(scores):
        raise InvalidPackage(
            f"realtime.py answered {len(scores)} scores for {len(pairs)} pairs.",
            field="scores",
            value=len(scores),
            fix="Return one score per pair, in order.",
        )
    return answer


def _labels(answer: dict[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    del inputs
    labels = answer.get("labels")
    if not isinstance(labels, list) or not all(isinstance(one, Mapping) and "label" in one for one in labels):
        raise _lacks(answer, "`labels`, a list of dicts", {"labels": [{"label": "good", "confidence": 0.9}]})
    return {**answer, "labels": [_label(one) for one in labels]}


def _label(label: Mapping[str, Any]) -> dict[str, Any]:
    """With its `confidence`, which model libraries call `score`."""
    confidence = label.get("confidence", label.get("score"))
    if not _is_number(confidence):
        raise InvalidPackage(
            "realtime.py answered a label without a confidence.",
            field="labels.confidence",
            value=dict(label),
            fix='Return {"label": …, "confidence": a number from 0 to 1}.',
        )
    return {**{key: value for key, value in label.items() if key != "score"}, "confidence": confidence}


def _text(answer: dict[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    del inputs
    if not isinstance(answer.get("text"), str):
        raise _lacks(answer, "`text`", {"text": "…"})
    return answer


_CHECKS: Final[Mapping[str, Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any]]]] = {
    "rerank": _scores,
    "classify": _labels,
    "generate": _text,
}


def _plain(value: Any) -> Any:
    """The value without arrays and tensors, whichever library they are of."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _lacks(answer: Mapping[str, Any], what: str, example: Mapping[str, Any]) -> InvalidPackage:
    return _wrong(sorted(answer), what, example)


def _wrong(seen: object, what: str, example: Mapping[str, Any]) -> InvalidPackage:
    return InvalidPackage(
        f"realtime.py answered with {seen} instead of {what}.",
        field=next(iter(example)),
        value=seen,
        fix=f"Return for example {dict(example)}.",
    )

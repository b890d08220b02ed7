"""Features of a manifest: which vectors a package promises, under which column and with how many numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mixpeek_orchestration.core.collection import Distance, VectorIndex
from mixpeek_orchestration.core.document import is_reserved
from mixpeek_orchestration.core.errors import InvalidPackage

REQUIRED_KEYS: Final = {
    "embedding": ("feature_type", "feature_name", "embedding_dim", "distance_metric"),
    "classification": ("feature_type", "feature_name"),
}
MEANT_KEYS: Final = {
    "type": "feature_type",
    "name": "feature_name",
    "dim": "embedding_dim",
    "dims": "embedding_dim",
    "dimension": "embedding_dim",
    "dimensions": "embedding_dim",
    "vector_dim": "embedding_dim",
    "distance": "distance_metric",
    "metric": "distance_metric",
}
DISTANCES: Final[dict[str, Distance]] = {
    "cosine": "cosine",
    "euclid": "euclid",
    "euclidean": "euclid",
    "l2": "euclid",
    "dot": "dot",
    "dot_product": "dot",
}
_SUFFIX: Final = "_embedding"


def read_features(raw: object) -> tuple[Mapping[str, Any], ...]:
    """The features as declared, checked; raises `InvalidPackage` naming the wrong key, its value and the right one."""
    if raw is None:
        return ()
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise InvalidPackage(
            "`features` is not a list.", field="features", value=raw, fix="Write features = [{...}]."
        )
    features = tuple(_checked(feature, f"features[{index}]") for index, feature in enumerate(raw))
    names = [feature["feature_name"] for feature in features]
    for name in names:
        if names.count(name) > 1:
            raise InvalidPackage(
                f"Two features are named {name!r}.",
                field="features",
                value=name,
                fix="Name each differently.",
            )
    return features


def vector_indexes(
    features: Sequence[Mapping[str, Any]], output_fields: Sequence[str]
) -> tuple[VectorIndex, ...]:
    """One vector column per embedding feature: the feature's name, or `<name>_embedding` where the output schema has
    that and not the name."""
    return tuple(
        VectorIndex(
            feature=feature["feature_name"],
            column=_column(feature["feature_name"], output_fields),
            dimension=feature["embedding_dim"],
            distance=DISTANCES[str(feature["distance_metric"]).lower()],
        )
        for feature in features
        if feature["feature_type"] == "embedding"
    )


def _column(feature: str, output_fields: Sequence[str]) -> str:
    suffixed = f"{feature}{_SUFFIX}"
    return suffixed if feature not in output_fields and suffixed in output_fields else feature


def _checked(raw: object, where: str) -> Mapping[str, Any]:
    feature = raw.as_dict() if hasattr(raw, "as_dict") else raw
    if not isinstance(feature, Mapping):
        raise InvalidPackage(
            f"{where} is not a dict.", field=where, value=raw, fix="Write a dict, or Feature.embedding(...)."
        )
    kind = feature.get("feature_type")
    required = REQUIRED_KEYS.get(str(kind), REQUIRED_KEYS["embedding"])
    for key in required:
        if feature.get(key) is None:
            raise _missing(feature, key, required, where)
    if kind not in REQUIRED_KEYS:
        raise InvalidPackage(
            f"{where}.feature_type is not known.",
            field=f"{where}.feature_type",
            value=kind,
            fix='Write "embedding".',
        )
    if kind == "embedding":
        _check_vector(feature, where)
    return feature


def _missing(feature: Mapping[str, Any], key: str, required: Sequence[str], where: str) -> InvalidPackage:
    wrong = next((had for had, meant in MEANT_KEYS.items() if meant == key and had in feature), None)
    if wrong:
        return InvalidPackage(
            f"{where} has `{wrong}` where the key is `{key}`.",
            field=f"{where}.{wrong}",
            value=feature[wrong],
            fix=f"Rename `{wrong}` to `{key}`.",
        )
    return InvalidPackage(
        f"{where} has no `{key}`.",
        field=f"{where}.{key}",
        value=sorted(map(str, feature)),
        fix=f"A feature has the keys {', '.join(required)}.",
    )


def _check_vector(feature: Mapping[str, Any], where: str) -> None:
    dimension, metric, name = feature["embedding_dim"], feature["distance_metric"], feature["feature_name"]
    if not isinstance(dimension, int) or isinstance(dimension, bool) or dimension < 1:
        raise InvalidPackage(
            f"{where}.embedding_dim is not a positive whole number.",
            field=f"{where}.embedding_dim",
            value=dimension,
            fix="Give the length of the vector that the model returns.",
        )
    if str(metric).lower() not in DISTANCES:
        raise InvalidPackage(
            f"{where}.distance_metric is not known.",
            field=f"{where}.distance_metric",
            value=metric,
            fix="Write cosine, euclid or dot.",
        )
    if not isinstance(name, str) or not name.isidentifier() or is_reserved(name):
        raise InvalidPackage(
            f"{where}.feature_name cannot name a column.",
            field=f"{where}.feature_name",
            value=name,
            fix="Write letters, digits and `_`, not starting with `_`.",
        )

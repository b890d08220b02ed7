"""Feature URIs (`mixpeek://name@version/feature`) and the spellings of a version."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mixpeek_orchestration.core.errors import InvalidInput

SCHEME = "mixpeek"
_URI = re.compile(r"^mixpeek://(?P<extractor>[^@/\s]+)@(?P<version>[^/\s]+)/(?P<feature>[^/\s]+)$")
_VERSION = re.compile(r"^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?$")


@dataclass(frozen=True)
class FeatureUri:
    """One feature of one extractor version, in the spelling it was given."""

    extractor: str
    version: str
    feature: str

    def __str__(self) -> str:
        return f"{SCHEME}://{self.extractor}@{self.version}/{self.feature}"

    @property
    def canonical(self) -> str:
        """This URI with its version in full: equal for all spellings of one feature."""
        return str(FeatureUri(self.extractor, canonical_version(self.version), self.feature))

    def same_extractor(self, name: str, version: str) -> bool:
        """Whether this URI points into extractor `name` at `version`, whatever the spelling of the version."""
        return self.extractor == name and canonical_version(self.version) == canonical_version(version)


def parse_feature_uri(text: str, *, field: str = "feature_uri") -> FeatureUri:
    """The parts of a feature URI; raises `InvalidInput` naming `field` when it is not one."""
    match = _URI.match(text)
    if match is None:
        raise InvalidInput(
            f"{text!r} is not a feature URI.",
            field=field,
            value=text,
            fix="Write mixpeek://<extractor>@<version>/<feature>, as a collection's vector_indexes show it.",
        )
    canonical_version(match["version"], field=field)
    return FeatureUri(match["extractor"], match["version"], match["feature"])


def canonical_version(version: str, *, field: str = "version") -> str:
    """`v1`, `1` and `1.0.0` all become `1.0.0`; raises `InvalidInput` for anything that is not a version."""
    match = _VERSION.match(version.strip())
    if match is None:
        raise InvalidInput(
            f"{version!r} is not a version.", field=field, value=version, fix="Write v1, 1.2 or 1.2.3."
        )
    return ".".join(part or "0" for part in match.groups())

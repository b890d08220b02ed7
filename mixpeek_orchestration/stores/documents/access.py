"""How tables on S3 are reached: by the same variables as everything else there."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

_S3 = frozenset({"s3", "s3a"})


def storage_options(uri: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Lance's storage options that follow from the environment, beside what Lance reads there itself.

    Keys, token and region it knows under their usual names. An endpoint of S3 alone it does not know, and one without TLS
    it refuses unless that is allowed: naming `http://` allows it.
    """
    if urlsplit(uri).scheme not in _S3:
        return {}
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    if not endpoint:
        return {}
    return {"endpoint": endpoint, "allow_http": str(endpoint.startswith("http://")).lower()}

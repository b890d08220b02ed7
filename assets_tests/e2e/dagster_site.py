"""The Dagster webserver of a stack, asked over the GraphQL API that its UI uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

RUNS = """
query Runs($filter: RunsFilter, $limit: Int) {
  runsOrError(filter: $filter, limit: $limit) {
    __typename
    ... on Runs { results { runId status tags { key value } } }
  }
}
"""
MATERIALIZATIONS = """
query Materializations($key: AssetKeyInput!, $limit: Int) {
  assetOrError(assetKey: $key) {
    ... on Asset {
      assetMaterializations(limit: $limit) {
        runId partition
        metadataEntries {
          label
          ... on IntMetadataEntry { intValue }
          ... on TextMetadataEntry { text }
          ... on JsonMetadataEntry { jsonString }
        }
      }
    }
  }
}
"""
CHECKS = """
query Checks($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode {
      assetChecksOrError {
        ... on AssetChecks { checks { name executionForLatestMaterialization { status } } }
      }
    }
  }
}
"""


@dataclass(frozen=True)
class DagsterSite:
    """The webserver at an address."""

    url: str

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{self.url}/graphql", json=body, timeout=60, trust_env=False).json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def runs(self, tags: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """The runs with these tags, newest first; each with its tags as a dict."""
        wanted = {"tags": [{"key": key, "value": value} for key, value in (tags or {}).items()]}
        found = self.ask(RUNS, filter=wanted, limit=1_000)["runsOrError"]["results"]
        return [{**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in found]

    def materializations(self, key: Sequence[str], *, limit: int = 50) -> list[dict[str, Any]]:
        """The newest materializations of an asset: run, partition and metadata as a dict."""
        answer = self.ask(MATERIALIZATIONS, key={"path": list(key)}, limit=limit)["assetOrError"]
        return [
            {
                "run_id": one["runId"],
                "partition": one["partition"],
                "metadata": {entry["label"]: _value(entry) for entry in one["metadataEntries"]},
            }
            for one in answer.get("assetMaterializations", [])
        ]

    def checks(self, key: Sequence[str]) -> dict[str, str | None]:
        """How each check of an asset ended for its newest materialization."""
        answer = self.ask(CHECKS, key={"path": list(key)})["assetNodeOrError"]["assetChecksOrError"]
        return {
            check["name"]: (check["executionForLatestMaterialization"] or {}).get("status")
            for check in answer.get("checks", [])
        }


def _value(entry: Mapping[str, Any]) -> Any:
    return next((entry[name] for name in ("intValue", "text", "jsonString") if name in entry), None)

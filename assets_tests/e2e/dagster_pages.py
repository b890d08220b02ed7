"""The pages of the Dagster UI in a real browser, and what a person clicks there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
WITHIN_MS = 120_000


@contextmanager
def browser_page() -> Iterator[Page]:
    """A page of headless Chromium; without it the test is skipped, or fails where everything must be installed."""
    if not CHROMIUM.exists():
        missing = f"{CHROMIUM} is missing; `make system-deps` installs it"
        if os.environ.get("MIXPEEK_CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    expect.set_options(timeout=WITHIN_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--no-proxy-server"]
        )
        page = browser.new_page(viewport={"width": 1500, "height": 900})
        page.set_default_timeout(WITHIN_MS)
        yield page
        browser.close()


@dataclass(frozen=True)
class CollectionPage:
    """What a person does on the page of one collection."""

    page: Page
    site: str
    namespace: str
    name: str

    def open(self, view: str, **query: str) -> None:
        """One tab of the asset's page."""
        asked = "".join(f"&{key}={value}" for key, value in query.items())
        self.page.goto(f"{self.site}/assets/{self.namespace}/collections/{self.name}?view={view}{asked}")

    def materialize(self, partition: str) -> None:
        """Click through the dialog that launches one run for one partition."""
        self._open_dialog()
        self.page.get_by_text("Select a partition or create one").click()
        self.page.get_by_placeholder("Filter partitions").fill(partition)
        choice = self.page.locator(f"a:has-text('{partition}') >> visible=true")
        choice.or_(self.page.locator(f"label:has-text('{partition}') >> visible=true")).last.click()
        self.page.keyboard.press("Escape")
        self.page.get_by_role("button", name="Launch 1 run").click()
        expect(self.page.get_by_role("button", name="Launch 1 run")).to_be_hidden()

    def backfill(self) -> None:
        """Click through the dialog that launches a backfill of all partitions."""
        self._open_dialog()
        self.page.get_by_role("button", name="All", exact=True).click()
        launch = self.page.get_by_role("button", name=re.compile("Launch (backfill|1 run)"))
        launch.click()
        expect(launch).to_be_hidden()

    def follow(self, label: str) -> Page:
        """The page behind a link in the metadata of the newest materialization."""
        self.open("events")
        value = self.page.locator(f"a[href*='/v1/namespaces/'][href*='/{label}']").first
        value.wait_for()
        with self.page.expect_popup() as opened:
            value.click()
        opened.value.wait_for_load_state()
        return opened.value

    def row_count(self) -> str:
        """The number of rows that the overview shows."""
        self.open("overview")
        label = self.page.get_by_text("Row count", exact=True).first
        label.wait_for()
        shown = label.locator("xpath=../..").inner_text()
        found = re.search(r"Row count\s+([\d,]+)", shown)
        assert found, shown
        return found[1]

    def _open_dialog(self) -> None:
        self.open("partitions")
        self.page.get_by_text(re.compile("Materialized \\(")).first.wait_for()
        self.page.get_by_role("button", name="Materialize…").click()
        self.page.get_by_text("Partition selection").wait_for()

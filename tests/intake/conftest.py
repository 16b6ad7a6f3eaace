"""Browsers, and a site with pages for them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.intake.pages import ARGS, CHROMIUM, MISSING, Site, serve
from tests.intake.tabs import Tabs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Where Chromium is; without one, the test is skipped."""
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return CHROMIUM


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """A browser, whose pages are always in front."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        yield made
        made.close()


@pytest.fixture
def tabs(chromium: Path, tmp_path: Path) -> Iterator[Tabs]:
    """A browser whose tabs hide each other."""
    made = Tabs(chromium, tmp_path)
    yield made
    made.close()


@pytest.fixture
def site() -> Iterator[Site]:
    """A site with no pages yet."""
    with serve() as served:
        yield served


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A profile of its own."""
    made = browser.new_context(viewport={"width": 800, "height": 600})
    yield made
    made.close()


@pytest.fixture
def said(context: BrowserContext) -> list[str]:
    """What the pages' console says; a test whose pages have something to say empties it."""
    told: list[str] = []
    context.on("console", lambda message: told.append(f"{message.type}: {message.text}"))
    context.on("weberror", lambda error: told.append(f"error: {error.error}"))
    return told


@pytest.fixture
def page(context: BrowserContext, said: list[str]) -> Iterator[Page]:
    """A page that has nothing to say."""
    yield context.new_page()
    assert said == []

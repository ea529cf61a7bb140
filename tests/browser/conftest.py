"""A real Chromium, Debian's, that may not use the network."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="no playwright: pip install 'vsnd[dev]'")

from playwright.sync_api import Browser, Page, sync_playwright

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for all tests."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium: apt install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def look_at(browser: Browser) -> Iterator[Open]:
    """Open a page's file; in the end nothing may have been complained about, or asked of the network."""
    troubles: list[str] = []
    contexts = []

    def look(path: Path, width: int = 1200, scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: troubles.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda asked: troubles.append(asked.url) if not asked.url.startswith("file:") else None)
        page.goto(path.as_uri())
        return page

    yield look
    for context in contexts:
        context.close()
    assert [trouble for trouble in troubles if not trouble.startswith(("data:", "blob:"))] == []

"""A real Chromium on a phone's screen, and axe-core to look at its pages.

Knows how to start the browser that the system has (`CHROMIUM` names another) and where npm put axe-core (`NODE_MODULES`
names another folder). Knows nothing of our pages.
"""

import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
NODE_MODULES: Final = Path(os.environ.get("NODE_MODULES", Path(__file__).parents[1] / "node_modules"))
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
Scheme = Literal["light", "dark"]


@dataclass(slots=True)
class Watch:
    """What a page did that nobody sees: console errors, uncaught exceptions, every host it asked."""

    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def console(self, message: ConsoleMessage) -> None:
        """Note an error or a warning."""
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def request(self, request: Request) -> None:
        """Note where a request goes."""
        self.hosts.add(urlsplit(request.url).netloc)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run one Chromium; every test opens a context of its own in it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_program(), headless=True, args=list(ARGUMENTS))
        yield browser
        await browser.close()


def _program() -> str:
    """Find the system's Chromium. Errors: RuntimeError with what to install."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise RuntimeError("the browser tests need Chromium: apt-get install chromium, or name it in CHROMIUM")
    return found


@asynccontextmanager
async def phone(
    browser: Browser, *, lang: str = "en", scheme: Scheme = "light", width: int = 390, height: int = 844
) -> AsyncIterator[tuple[Page, Watch]]:
    """Open a tab as on a phone that speaks `lang`, and watch it."""
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=2,
        is_mobile=True,
        has_touch=True,
        locale=lang,
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page, watch = await context.new_page(), Watch()
    context.on("console", lambda message: watch.console(message))
    context.on("weberror", lambda error: watch.errors.append(str(error.error)))
    context.on("request", lambda request: watch.request(request))
    yield page, watch
    await context.close()


async def violations(page: Page) -> Sequence[str]:
    """Let axe-core look at the page: one line for each place that breaks a rule.

    `evaluate` and not a script tag: our pages' Content-Security-Policy would refuse it.
    """
    await page.evaluate((NODE_MODULES / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = await page.evaluate("(rules) => axe.run(document, {runOnly: rules})", list(RULES))
    return [
        f"{broken['id']} ({broken['help']}): {node['html'][:200]} {node['failureSummary']}"
        for broken in found["violations"]
        for node in broken["nodes"]
    ]

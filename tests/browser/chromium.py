"""Debian's Chromium, driven by Playwright: readers of the pages, and tabs that can be hidden."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypedDict, Unpack

from playwright.async_api import Browser, BrowserContext, CDPSession, Page, ViewportSize, async_playwright

from tests.support.programs import program

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_ANSWER_SECONDS = 20.0

Scheme: TypeAlias = Literal["light", "dark"]


class PageOptions(TypedDict, total=False):
    """Options of a browser context."""

    viewport: ViewportSize
    color_scheme: Scheme
    reduced_motion: Literal["reduce"]
    java_script_enabled: bool
    timezone_id: str


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser, as long as the context lasts."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program("chromium"), args=ARGUMENTS)
        yield browser
        await browser.close()


@dataclass
class Reader:
    """A reader of the pages of one origin. All that was opened is closed in the end."""

    browser: Browser
    origin: str
    _contexts: list[BrowserContext] = field(default_factory=list)

    async def open(self, path: str = "/", **options: Unpack[PageOptions]) -> Page:
        """Open a page in a context of its own."""
        context = await self.browser.new_context(**options)
        self._contexts.append(context)
        page = await context.new_page()
        await page.goto(self.origin + path)
        return page

    async def close(self) -> None:
        """Close every page."""
        for context in self._contexts:
            await context.close()


class Tab:
    """A tab that is hidden when another one is in front of it.

    Playwright keeps the pages of its contexts visible, so that this tab is opened beside them, over the
    protocol of the developer tools.
    """

    def __init__(self, browser: CDPSession) -> None:
        self._browser = browser
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._numbers = itertools.count(1)
        self._target = self._session = ""

    async def open(self, script: str, address: str) -> None:
        """Open an address; the script runs before those of the page."""
        self._target = (await self._browser.send("Target.createTarget", {"url": "about:blank"}))["targetId"]
        attached = await self._browser.send(
            "Target.attachToTarget", {"targetId": self._target, "flatten": False}
        )
        self._session = attached["sessionId"]
        self._browser.on("Target.receivedMessageFromTarget", self._receive)
        await self._send("Page.enable")
        await self._send("Page.addScriptToEvaluateOnNewDocument", source=script)
        await self._send("Page.navigate", url=address)

    def _receive(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        if event["sessionId"] == self._session and "id" in message:
            self._answers.pop(message["id"]).set_result(message)

    async def _send(self, method: str, **parameters: object) -> Any:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        message = json.dumps({"id": number, "method": method, "params": parameters})
        await self._browser.send(
            "Target.sendMessageToTarget", {"sessionId": self._session, "message": message}
        )
        return (await asyncio.wait_for(answer, _ANSWER_SECONDS))["result"]

    async def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page; of a promise what it leads to."""
        found = await self._send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        return found["result"].get("value")

    async def show(self) -> None:
        """Bring the tab to the front."""
        await self._browser.send("Target.activateTarget", {"targetId": self._target})

    async def close(self) -> None:
        """Close the tab."""
        await self._browser.send("Target.closeTarget", {"targetId": self._target})

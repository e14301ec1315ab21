"""The demo in a browser: a process of its own, with a simulated federation and the real exporter."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.appearance import ALL_APPEARANCES, check_all
from tests.browser.chromium import Reader
from tests.support.processes import DEMO, ExporterProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATHS = ("/", "/targets/demo-zone", "/incidents")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo() -> AsyncIterator[str]:
    """The origin of the demo, once all of its clusters are healthy."""
    async with ExporterProcess(*DEMO, "--poll.interval", "1s") as exporter:
        await exporter.metrics_when(lambda seen: list(seen.diagnoses().values()) == ["ok"] * 4)
        yield exporter.origin


@pytest_asyncio.fixture(loop_scope="module")
async def reader(browser: Browser, demo: str) -> AsyncIterator[Reader]:
    found = Reader(browser, demo)
    yield found
    await found.close()


async def test_a_fault_is_switched_in_the_demo_and_seen_on_every_page(reader: Reader) -> None:
    page = await reader.open("/demo", viewport={"width": 1280, "height": 600})
    status = await reader.open("/")
    await expect(status.get_by_role("status")).to_have_text("4 targets, all healthy")
    await page.get_by_role("button", name="Stop the worker").focus()
    before = await page.evaluate("scrollY")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Start the worker")).to_be_focused()
    assert await page.evaluate("scrollY") == before
    await expect(page.get_by_role("status")).to_have_text("proxy down")

    await expect(status.get_by_role("status")).to_have_text("1 of 4 targets needs attention", timeout=15_000)
    await status.get_by_role("link", name="1 not ok").click()
    await expect(status.locator("tbody .name")).to_have_text(["demo-zone"])
    await status.get_by_role("link", name="1 open").click()
    await status.locator(".incidents a").first.click()
    await expect(status.get_by_role("heading", level=1)).to_have_text("demo-zone: proxy down")
    await expect(status.locator("#ticket")).to_contain_text('"to": "proxy_down"')

    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("ok")


async def test_the_demo_is_accessible_and_fits(reader: Reader) -> None:
    await check_all(reader, ["/demo"])
    await check_all(reader, PATHS, appearances=())


@pytest.mark.slow
async def test_the_demo_is_accessible_in_every_appearance(reader: Reader) -> None:
    await check_all(reader, ["/demo", *PATHS, "/demo?member=krakow", "/targets/127.0.0.2"], ALL_APPEARANCES)

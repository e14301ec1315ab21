"""The appearance of every page and state: accessibility, widths, dark and light, words, and on paper."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.appearance import ALL_APPEARANCES, BROKEN_WORDS, HEIGHT, LONGEST_ZONE, check_all
from tests.browser.backend import PolledBackend, every_state
from tests.browser.chromium import Reader

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_no_word_is_broken_at_768_pixels_and_only_targets_are_printed(
    reader: Reader, backend: PolledBackend
) -> None:
    every_state(backend)
    page = await reader.open(viewport={"width": 768, "height": HEIGHT}, timezone_id=LONGEST_ZONE)
    for path in ("/incidents", "/targets/down", "/"):
        await page.goto(reader.origin + path)
        assert await page.evaluate(BROKEN_WORDS) == []
    await page.emulate_media(media="print")
    await expect(page.locator(".targets")).to_be_visible()
    await expect(page.locator(".filters")).to_be_hidden()


ON_PAPER = """() => ({
  paper: getComputedStyle(document.body).backgroundColor,
  ink: getComputedStyle(document.querySelector('h1')).color,
  cut: [...document.querySelectorAll('pre')].filter((each) => each.scrollHeight > each.clientHeight + 1).length,
})"""


async def test_a_dark_page_is_printed_black_on_white_with_all_of_its_evidence(
    reader: Reader, backend: PolledBackend
) -> None:
    every_state(backend)
    (incident, *_) = backend.incidents.latest_first("down")
    page = await reader.open(f"/incidents/{incident.incident_id}", color_scheme="dark")
    await page.evaluate("document.querySelector('pre').textContent += '\\nline'.repeat(100)")
    assert (await page.evaluate(ON_PAPER))["cut"] == 1
    await page.emulate_media(media="print", color_scheme="dark")
    assert await page.evaluate(ON_PAPER) == {
        "paper": "rgb(255, 255, 255)",
        "ink": "rgb(27, 36, 48)",
        "cut": 0,
    }
    await expect(page.locator("#ticket")).to_be_hidden()


def paths_of(backend: PolledBackend) -> list[str]:
    (incident, *_) = backend.incidents.latest_first("down")
    names = ("healthy", "down", "nodes", "waiting", "stale", "maintained")
    return [
        "/",
        "/?state=bad&group=site&q=d",
        *(f"/targets/{name}" for name in names),
        "/incidents",
        f"/incidents/{incident.incident_id}",
        "/targets/unknown",
    ]


async def test_every_page_and_state_is_accessible_and_fits(reader: Reader, backend: PolledBackend) -> None:
    every_state(backend)
    await check_all(reader, paths_of(backend))


@pytest.mark.slow
async def test_every_page_is_accessible_in_every_appearance(reader: Reader, backend: PolledBackend) -> None:
    every_state(backend)
    await check_all(reader, paths_of(backend), ALL_APPEARANCES)

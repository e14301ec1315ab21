"""What a browser makes of the pages: accessibility, widths, refresh, focus, and no JavaScript."""

from __future__ import annotations

import asyncio
import re
import resource
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib import resources
from typing import Literal, TypeAlias

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

from exporter.simulator import SimulatedFederation
from exporter.simulator.page import add_demo_page
from exporter.web.app import create_app
from tests.browser.conftest import Site, every_state
from tests.support.checkups import make_target

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js")
Scheme: TypeAlias = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
ALL_LOOKS = tuple((scheme, width) for scheme in SCHEMES for width in (360, 768, 1280, 1920))
SIDEWAYS = "document.documentElement.scrollWidth - innerWidth"
HIDE = """(hidden) => {
  Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
  document.dispatchEvent(new Event('visibilitychange'));
}"""


async def violations(page: Page) -> list[str]:
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("axe.run().then((result) => result.violations)")
    return [f"{page.url}: {each['id']}: {[node['target'] for node in each['nodes']][:3]}" for each in found]


BROKEN_WORDS = """() => {
  const broken = [], texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    for (const word of text.data.matchAll(/[A-Za-z0-9]{2,19}/g)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const lines = [...range.getClientRects()].filter((each) => each.width > 1).map((each) => Math.round(each.top));
      if (Math.max(...lines) - Math.min(...lines) > 6 && !text.parentElement.closest('.unseen, thead, pre'))
        broken.push(word[0]);
    }
  }
  return broken;
}"""


async def test_no_word_is_broken_at_768_pixels_and_only_targets_are_printed(
    browser: Browser, site: Site
) -> None:
    every_state(site)
    server = await site.serve()
    page = await browser.new_page(viewport={"width": 768, "height": 900})
    try:
        await page.goto(str(server.make_url("/")))
        assert await page.evaluate(BROKEN_WORDS) == []
        await page.emulate_media(media="print")
        await expect(page.locator(".targets")).to_be_visible()
        await expect(page.locator(".filters")).to_be_hidden()
    finally:
        await page.close()
        await server.close()


async def check(page: Page, address: str) -> list[str]:
    """What is wrong with a page as it is shown."""
    await page.goto(address)
    sideways = await page.evaluate(SIDEWAYS)
    return await violations(page) + ([f"{address}: {sideways} px sideways"] if sideways > 0 else [])


async def check_all(
    browser: Browser, origin: str, paths: list[str], looks: Iterable[tuple[Scheme, int]]
) -> None:
    wrong = []
    for scheme, width in looks:
        page = await browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        for path in paths:
            wrong += [f"{scheme} {width}: {each}" for each in await check(page, origin + path)]
        await page.close()
    assert not wrong, "\n".join(wrong)


def paths_of(site: Site) -> list[str]:
    (incident, *_) = site.incidents.latest_first("down")
    names = ("healthy", "down", "nodes", "waiting", "stale", "maintained")
    return [
        "/",
        "/?state=bad&group=site&q=d",
        *(f"/targets/{name}" for name in names),
        "/incidents",
        f"/incidents/{incident.incident_id}",
    ]


async def test_every_page_and_state_is_accessible_and_fits(browser: Browser, site: Site) -> None:
    every_state(site)
    server = await site.serve()
    try:
        await check_all(
            browser, str(server.make_url("")).rstrip("/"), paths_of(site), [("light", 1280), ("dark", 360)]
        )
    finally:
        await server.close()


@pytest.mark.slow
async def test_every_page_fits_at_every_width(browser: Browser, site: Site) -> None:
    every_state(site)
    server = await site.serve()
    try:
        await check_all(browser, str(server.make_url("")).rstrip("/"), paths_of(site), ALL_LOOKS)
    finally:
        await server.close()


async def test_focus_stays_on_its_target_when_a_refresh_changes_the_order(
    browser: Browser, site: Site
) -> None:
    first, second = make_target("aaa"), make_target("bbb")
    site.know(first, second)
    site.poll(first)
    site.poll(second)
    server = await site.serve()
    page = await browser.new_page()
    try:
        await page.goto(str(server.make_url("/")))
        await page.get_by_role("link", name="aaa").focus()
        announced = await page.evaluate_handle(
            """() => { const seen = [];
            new MutationObserver((records) => records.forEach((each) => seen.push(each.target.textContent)))
              .observe(document.querySelector('[role=status]'), {subtree: true, childList: true, characterData: true});
            return seen; }"""
        )
        await page.evaluate("refresh()")
        assert await announced.json_value() == []
        site.poll(second, is_up=False)
        await page.evaluate("refresh()")
        assert await page.locator("tbody .name").all_inner_texts() == ["bbb", "aaa"]
        assert await page.evaluate("document.activeElement.textContent") == "aaa"
        assert await announced.json_value() == ["1 of 2 targets needs attention"]
        await expect(page).to_have_title("✕ 1 of 2 targets needs attention · onedata-exporter")
        assert "b3261e" in (await page.locator("#icon").get_attribute("href") or "")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/targets/aaa")
    finally:
        await page.close()
        await server.close()


async def test_a_hidden_tab_refreshes_slowly_and_at_once_when_it_is_shown(
    browser: Browser, site: Site
) -> None:
    target = make_target("aaa")
    site.know(target)
    site.poll(target)
    server = await site.serve()
    page = await browser.new_page()
    try:
        await page.clock.install()
        await page.goto(str(server.make_url("/")))
        await expect(page).to_have_title("✓ 1 target, all healthy · onedata-exporter")
        await page.evaluate(HIDE, arg=True)
        site.poll(target, is_up=False)
        await page.clock.run_for(31_000)
        await expect(page).to_have_title("✕ 1 of 1 target needs attention · onedata-exporter")
        site.poll(target)
        await page.evaluate(HIDE, arg=False)
        await expect(page).to_have_title("✓ 1 target, all healthy · onedata-exporter")
        await server.close()
        await page.clock.run_for(6_000)
        await expect(page.get_by_role("alert")).to_have_text(
            "The exporter does not respond. This page is out of date."
        )
        await expect(page).to_have_title("? ✓ 1 target, all healthy · onedata-exporter")
    finally:
        await page.close()
        await server.close()


async def test_rounds_have_the_time_in_utc_and_in_the_zone_of_the_reader(
    browser: Browser, site: Site
) -> None:
    target = make_target("aaa")
    site.know(target)
    site.poll(target)
    server = await site.serve()
    page = await browser.new_page(timezone_id="Europe/Warsaw")
    try:
        await page.goto(str(server.make_url("/targets/aaa")))
        shown = page.locator(".rounds time.when").first
        await page.evaluate("refresh()")
        text = await shown.inner_text()
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", text)
        assert text.count("Europe/Warsaw") == 1
    finally:
        await page.close()
        await server.close()


async def test_targets_are_found_without_javascript(browser: Browser, site: Site) -> None:
    targets = [
        make_target(f"t{number:02}", (("site", "krakow" if number % 2 else "lisbon"),))
        for number in range(60)
    ]
    site.know(*targets)
    for number, target in enumerate(targets):
        site.poll(target, is_up=number != 7)
    server = await site.serve("/onedata")
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    try:
        await page.goto(str(server.make_url("/")))
        assert page.url.endswith("/onedata/")
        names = page.locator("tbody .name")
        assert await names.count() == 50
        assert await names.first.inner_text() == "t07"
        await page.get_by_role("link", name="Page 2").click()
        assert await names.count() == 10
        await page.get_by_role("link", name="1 proxy down").click()
        assert await names.all_inner_texts() == ["t07"]
        await page.get_by_role("link", name="Reset").click()
        await page.get_by_label("Search").fill("t1")
        await page.locator("select[name=site]").select_option("lisbon")
        await page.locator("select[name=group]").select_option("site")
        await page.get_by_role("button", name="Apply").click()
        assert await names.all_inner_texts() == ["t10", "t12", "t14", "t16", "t18"]
        assert "site: lisbon" in await page.locator("tbody.group").inner_text()
        await names.first.click()
        assert page.url.endswith("/onedata/targets/t10")
        await page.get_by_role("link", name="Incidents", exact=True).last.click()
        assert page.url.endswith("/onedata/incidents?target=t10")
    finally:
        await context.close()
        await server.close()


@asynccontextmanager
async def demo(site: Site) -> AsyncIterator[str]:
    """The origin of the pages with a simulated federation."""
    async with SimulatedFederation() as federation:
        app = create_app(site.pages())
        add_demo_page(app, federation, site.store)
        async with TestServer(app) as server:
            yield str(server.make_url("")).rstrip("/")


async def test_a_switch_of_the_demo_keeps_its_place_and_the_focus(browser: Browser, site: Site) -> None:
    async with demo(site) as origin:
        page = await browser.new_page(viewport={"width": 1280, "height": 600})
        try:
            assert await check(page, f"{origin}/demo") == []
            button = page.get_by_role("button", name="Stop the worker")
            await button.focus()
            before = await page.evaluate("scrollY")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("button", name="Start the worker")).to_be_focused()
            assert await page.evaluate("scrollY") == before
        finally:
            await page.close()


@pytest.mark.slow
async def test_the_demo_fits_at_every_width(browser: Browser, site: Site) -> None:
    async with demo(site) as origin:
        await check_all(browser, origin, ["/demo", "/demo?member=krakow"], ALL_LOOKS)


@pytest.mark.slow
async def test_1000_targets_answer_quickly_and_make_a_small_page(browser: Browser, site: Site) -> None:
    targets = [make_target(f"t{number:04}", (("site", str(number % 20)),)) for number in range(1000)]
    site.know(*targets)
    for step in range(40):
        for number, target in enumerate(targets):
            site.poll(target, is_up=bool((step + number) % 3), ago=86_000.0 - 2_100.0 * step)
    server = await site.serve()
    try:
        async with aiohttp.ClientSession() as session:
            sizes, seconds = [], []
            for _ in range(5):
                began = resource.getrusage(resource.RUSAGE_SELF)
                async with session.get(server.make_url("/")) as answer:
                    sizes.append(len(await answer.read()))
                ended = resource.getrusage(resource.RUSAGE_SELF)
                seconds.append(ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime)
        assert max(sizes) < 300_000
        assert min(seconds) < 0.1
        origin = str(server.make_url("")).rstrip("/")
        await asyncio.wait_for(check_all(browser, origin, ["/"], ALL_LOOKS), 240)
    finally:
        await server.close()

"""The pages of 60 and of 1,000 targets in a browser: filters, pages, refresh, focus, and a hidden tab."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

from exporter.targets import Target
from tests.browser.appearance import ALL_APPEARANCES, check_all
from tests.browser.backend import PolledBackend, many
from tests.browser.chromium import Reader, Tab
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

PREFIX = "/onedata"
DOWN = 7
ONE_BAD = "1 of 60 targets needs attention"
TWO_BAD = "2 of 60 targets need attention"


@dataclass(frozen=True)
class Many:
    """The pages of many targets, and a reader of them."""

    backend: PolledBackend
    targets: list[Target]
    reader: Reader

    def poll(self, number: int, *, is_up: bool) -> None:
        """Record a round of one target."""
        self.backend.poll(self.targets[number], is_up=is_up)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[tuple[PolledBackend, list[Target], TestServer]]:
    """60 targets behind a reverse proxy with a prefix; no test is the only one that reads them."""
    backend, targets = PolledBackend(), many(60)
    backend.know(*targets)
    server = await backend.serve(PREFIX)
    yield backend, targets, server
    await server.close()


@pytest_asyncio.fixture(loop_scope="module")
async def sixty(
    browser: Browser, served: tuple[PolledBackend, list[Target], TestServer]
) -> AsyncIterator[Many]:
    """60 targets of two sites, one of them down."""
    backend, targets, server = served
    found = Many(backend, targets, Reader(browser, str(server.make_url(PREFIX))))
    for number in range(60):
        found.poll(number, is_up=number != DOWN)
    yield found
    await found.reader.close()


def in_address(page: Page) -> dict[str, str]:
    """What the address of a page selects."""
    return dict(parse_qsl(urlsplit(page.url).query))


async def names(page: Page) -> list[str]:
    """The targets that a page shows."""
    return await page.locator("tbody .name").all_inner_texts()


async def test_targets_are_found_without_javascript(sixty: Many) -> None:
    page = await sixty.reader.open("/", java_script_enabled=False)
    assert len(await names(page)) == 50
    assert (await names(page))[0] == "t07"
    await page.get_by_role("link", name="Page 2").click()
    assert in_address(page) == {"page": "2"}
    assert len(await names(page)) == 10
    await page.get_by_role("link", name="1 proxy down").click()
    assert in_address(page) == {"state": "proxy_down"}
    assert await names(page) == ["t07"]
    await page.get_by_role("link", name="Reset").click()
    await page.get_by_label("Search").fill("t1")
    await page.locator("select[name=site]").select_option("lisbon")
    await page.locator("select[name=group]").select_option("site")
    await page.get_by_role("button", name="Apply").click()
    chosen = {"q": "t1", "site": "lisbon", "group": "site"}
    assert in_address(page).items() >= chosen.items()
    assert await names(page) == ["t10", "t12", "t14", "t16", "t18"]
    assert "site: lisbon" in await page.locator("tbody.group").inner_text()
    await page.get_by_role("link", name="t10").click()
    assert page.url.endswith(f"{PREFIX}/targets/t10")
    await page.get_by_role("link", name="Incidents", exact=True).last.click()
    assert page.url.endswith(f"{PREFIX}/incidents?target=t10")


async def test_a_refresh_keeps_page_filter_and_what_is_typed(sixty: Many) -> None:
    page = await sixty.reader.open("/?sort=name")
    await page.get_by_role("link", name="Page 2").click()
    await page.get_by_label("Search").fill("t3")
    sixty.poll(55, is_up=False)
    await page.evaluate("refresh()")
    assert await names(page) == [f"t{number}" for number in range(50, 60)]
    assert await page.locator("tbody.bad .name").all_inner_texts() == ["t55"]
    await expect(page.locator(".pager [aria-current]")).to_have_text("Page 2")
    assert in_address(page) == {"sort": "name", "page": "2"}
    await expect(page.get_by_label("Search")).to_have_value("t3")
    await page.get_by_role("button", name="Apply").click()
    assert await names(page) == [f"t{number}" for number in range(30, 40)]
    sixty.poll(33, is_up=False)
    await page.evaluate("refresh()")
    await page.get_by_role("link", name="1 not ok").click()
    assert in_address(page) == {"state": "bad", "q": "t3", "sort": "name"}
    assert await names(page) == ["t33"]
    sixty.poll(33, is_up=True)
    await page.evaluate("refresh()")
    await expect(page.locator(".notice")).to_contain_text("No target matches this filter.")


ANNOUNCED = """() => { const announced = [];
  new MutationObserver((records) => records.forEach((each) => announced.push(each.target.textContent)))
    .observe(document.querySelector('[role=status]'), {subtree: true, childList: true, characterData: true});
  return announced; }"""


async def test_focus_stays_on_its_target_when_a_refresh_changes_the_order(sixty: Many) -> None:
    page = await sixty.reader.open()
    assert (await names(page))[:2] == ["t07", "t00"]
    await page.get_by_role("link", name="t31").focus()
    announced = await page.evaluate_handle(ANNOUNCED)
    await page.evaluate("refresh()")
    assert await announced.json_value() == []
    sixty.poll(45, is_up=False)
    await page.evaluate("refresh()")
    assert (await names(page))[:3] == ["t07", "t45", "t00"]
    assert await page.evaluate("document.activeElement.textContent") == "t31"
    assert await announced.json_value() == [TWO_BAD]
    await expect(page).to_have_title(f"✕ {TWO_BAD} · onedata-exporter")
    assert "b3261e" in (await page.locator("#icon").get_attribute("href") or "")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/targets/t31")


# The first line makes the page's timers run faster, and keeps what they were set to.
HURRY = """
window.hurry = 20, window.planned = [];
const real = setTimeout;
window.setTimeout = (work, milliseconds) => { planned.push(milliseconds); return real(work, milliseconds / hurry); };
"""


async def test_a_hidden_tab_refreshes_slowly_and_at_once_when_it_is_shown(
    browser: Browser, sixty: Many
) -> None:
    tools = await browser.new_browser_cdp_session()
    tab, front = Tab(tools), Tab(tools)

    async def shows(title: str, visibility: str, next_in_ms: int) -> None:
        wanted = [f"✕ {title} · onedata-exporter", visibility, next_in_ms]
        found = "[document.title, document.visibilityState, window.planned?.at(-1)]"
        await eventually(lambda: tab.evaluate(found), lambda seen: seen == wanted, 20.0)

    await tab.open(HURRY, f"{sixty.reader.origin}/")
    await shows(ONE_BAD, "visible", 5000)
    await front.open("", "about:blank")
    await shows(ONE_BAD, "hidden", 30_000)
    sixty.poll(45, is_up=False)
    await shows(TWO_BAD, "hidden", 30_000)
    # The next refresh of the hidden tab is in 30 s, which is later than this test waits.
    await tab.evaluate("hurry = 1, keepFresh()")
    sixty.poll(45, is_up=True)
    await tab.show()
    await shows(ONE_BAD, "visible", 5000)
    await front.close()
    await tab.close()


async def test_60_targets_are_accessible_and_fit(sixty: Many) -> None:
    await check_all(sixty.reader, ["/?group=site"], appearances=())
    await check_all(sixty.reader, ["/?group=site&page=2"])


@pytest.mark.slow
async def test_1000_targets_answer_quickly_and_make_a_small_page(
    browser: Browser, backend: PolledBackend
) -> None:
    targets = many(1000)
    backend.know(*targets)
    for step in range(40):
        for number, target in enumerate(targets):
            backend.poll(target, is_up=bool((step + number) % 3), ago=86_000.0 - 2_100.0 * step)
    server = await backend.serve()
    reader = Reader(browser, str(server.make_url("")).rstrip("/"))
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
        await asyncio.wait_for(check_all(reader, ["/", "/?group=site&page=20"], ALL_APPEARANCES), 240)
    finally:
        await reader.close()
        await server.close()

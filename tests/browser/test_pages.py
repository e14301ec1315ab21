"""What the script of the pages does: times of the reader's zone, and an exporter that does not respond."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.backend import PolledBackend
from tests.browser.chromium import Reader
from tests.support.checkups import make_target

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_page_whose_exporter_does_not_respond_is_marked_as_out_of_date(
    reader: Reader, backend: PolledBackend
) -> None:
    target = make_target("aaa")
    backend.know(target)
    backend.poll(target)
    page = await reader.open()
    await expect(page).to_have_title("✓ 1 target, all healthy · onedata-exporter")
    await page.context.set_offline(offline=True)
    await page.evaluate("refresh()")
    stopped = page.get_by_role("alert")
    await expect(stopped).to_have_text("The exporter does not respond. This page is out of date.")
    await expect(page).to_have_title("? ✓ 1 target, all healthy · onedata-exporter")
    await page.context.set_offline(offline=False)
    await page.evaluate("refresh()")
    await expect(stopped).to_be_empty()
    await expect(page).to_have_title("✓ 1 target, all healthy · onedata-exporter")


async def test_a_page_that_the_exporter_refuses_names_the_answer(
    reader: Reader, backend: PolledBackend
) -> None:
    target = make_target("aaa")
    backend.know(target)
    backend.poll(target)
    page = await reader.open("/targets/aaa")
    backend.know()
    await page.evaluate("refresh()")
    stopped = page.get_by_role("alert")
    await expect(stopped).to_have_text("The exporter answered 404 Not Found. This page is out of date.")
    backend.know(target)
    await page.evaluate("refresh()")
    await expect(stopped).to_be_empty()


async def test_rounds_have_the_time_in_utc_and_in_the_zone_of_the_reader(
    reader: Reader, backend: PolledBackend
) -> None:
    target = make_target("aaa")
    backend.know(target)
    backend.poll(target)
    page = await reader.open("/targets/aaa", timezone_id="Europe/Warsaw")
    shown = page.locator(".rounds time.when").first
    await page.evaluate("refresh()")
    text = await shown.inner_text()
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", text)
    assert text.count("Europe/Warsaw") == 1

"""Faults of an appearance: accessibility, width, and what is cut or broken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import resources
from typing import TypeAlias

from playwright.async_api import Page

from tests.browser.chromium import Reader, Scheme

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
Appearance: TypeAlias = tuple[Scheme, int]
_SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTHS = (360, 768, 1280, 1920)
HEIGHT = 900
# Times of the reader's zone stand beside those in UTC.
LONGEST_ZONE = "America/Argentina/Buenos_Aires"
ALL_APPEARANCES: tuple[Appearance, ...] = tuple((scheme, width) for scheme in _SCHEMES for width in WIDTHS)
TWO_APPEARANCES: tuple[Appearance, ...] = (("light", 1280), ("dark", 360))

# Content that is wider than its box is cut, or runs into the box beside it, unless the box can be scrolled.
MISFITS = """() => {
  const wrong = [], sideways = document.documentElement.scrollWidth - innerWidth;
  if (sideways > 0) wrong.push(`${sideways} px sideways`);
  const isUnseen = (each) => each && (getComputedStyle(each).clipPath !== 'none' || isUnseen(each.parentElement));
  // Wide tables are scrolled on wide screens only: on a narrow one their rows are stacked.
  const scrolled = innerWidth > 760 ? '.wide, pre' : 'pre';
  for (const each of document.body.querySelectorAll('*')) {
    if (each.closest('svg, script, noscript, select, input, textarea') || isUnseen(each)) continue;
    if (each.parentElement.closest(scrolled)) continue;
    const {overflowX, overflowY} = getComputedStyle(each), box = each.getBoundingClientRect();
    const scrolls = ['auto', 'scroll'].includes(overflowX);
    const isCut = (each.clientWidth && !scrolls && each.scrollWidth > each.clientWidth + 1)
      || (overflowY === 'hidden' && each.scrollHeight > each.clientHeight + 1)
      || (box.width && (box.right > innerWidth + 1 || box.left < -1));
    if (isCut) wrong.push(`${each.tagName}.${each.className}: ${each.textContent.trim().slice(0, 40)}`);
  }
  return wrong.slice(0, 5);
}"""

BROKEN_WORDS = """() => {
  const broken = [], texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    for (const word of text.data.matchAll(/[A-Za-z0-9]{2,19}/g)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const lines = [...range.getClientRects()].filter((each) => each.width > 1).map((each) => Math.round(each.top));
      if (Math.max(...lines) - Math.min(...lines) > 6
        && !text.parentElement.closest('.unseen, .fingerprint, thead, pre'))
        broken.push(word[0]);
    }
  }
  return broken;
}"""

MOVING = """() => document.getAnimations().length > 0
  || [...document.querySelectorAll('*')].some((each) => parseFloat(getComputedStyle(each).transitionDuration))"""


async def _accessibility(page: Page, appearances: Sequence[Appearance]) -> list[str]:
    """The rules of axe-core that a page breaks."""
    await page.evaluate(AXE)
    wrong = []
    for scheme, width in appearances:
        await page.emulate_media(color_scheme=scheme)
        await page.set_viewport_size({"width": width, "height": HEIGHT})
        for each in await page.evaluate(
            "axe.run({resultTypes: ['violations']}).then((result) => result.violations)"
        ):
            targets = [node["target"] for node in each["nodes"]][:3]
            wrong.append(f"{scheme} {width}: {each['id']}: {targets}")
    return wrong


async def _misfits(page: Page) -> list[str]:
    wrong = []
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": HEIGHT})
        wrong += [f"{width}: {each}" for each in await page.evaluate(MISFITS)]
    return wrong


async def _check(page: Page, appearances: Sequence[Appearance]) -> list[str]:
    """Return the faults of an open page: of its accessibility in these appearances, of its layout at every width."""
    wrong = await _misfits(page)
    if appearances:
        wrong += await _accessibility(page, appearances)
    if await page.evaluate(MOVING):
        wrong.append("it moves, where the reader prefers reduced motion")
    return [f"{page.url}: {each}" for each in wrong]


async def check_all(
    reader: Reader, paths: Iterable[str], appearances: Sequence[Appearance] = TWO_APPEARANCES
) -> None:
    """Fail if anything is wrong with one of these pages."""
    page = await reader.open(reduced_motion="reduce", timezone_id=LONGEST_ZONE)
    wrong = []
    for path in paths:
        await page.goto(reader.origin + path)
        wrong += await _check(page, appearances)
    assert not wrong, "\n".join(wrong)

"""Draw the pictures of the pages in docs/images with Chromium: a day of four targets, one with a stopped worker."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from exporter.observation import Visit
from tests.browser.backend import PolledBackend
from tests.browser.chromium import chromium
from tests.support.checkups import PROVIDER, REFUSED, ZONE, make_checkup, make_target

IMAGES = Path(__file__).parent.parent / "docs" / "images"
DAY_SECONDS = 24 * 3600
STEP_SECONDS = 30
# From how many seconds ago to how many the proxy path of a target was down.
OUTAGES = {"zone": ((51_000, 49_800), (900, 0)), "lisbon": ((30_000, 24_000),)}
WIDTH, MOST_HEIGHT = 1280, 1680


def fill(backend: PolledBackend) -> None:
    """Record a day of rounds."""
    names = {"zone": "Onezone", "krakow": "Oneprovider", "lisbon": "Oneprovider", "uppsala": "Oneprovider"}
    targets = {name: replace(make_target(name), url=f"https://{name}.domain.org") for name in names}
    backend.know(*targets.values())
    now = time.time()
    for ago in range(DAY_SECONDS, -1, -STEP_SECONDS):
        for number, (name, target) in enumerate(targets.items()):
            is_down = any(begin >= ago >= end for begin, end in OUTAGES.get(name, ()))
            facts = ZONE if name == "zone" else replace(PROVIDER, name=name.capitalize())
            checkup = make_checkup(target, proxy=REFUSED if is_down else None, at=now - ago, facts=facts)
            slower = 1.0 + 0.1 * ((ago // 1800 + number) % 4)
            visits = {route: with_latency(visit, slower) for route, visit in checkup.visits.items()}
            backend.record_all(replace(checkup, visits=visits), float(ago))


def with_latency(visit: Visit, factor: float) -> Visit:
    """Return a visit whose answers took longer."""
    observations = (
        replace(
            seen,
            exchanges=tuple(
                replace(each, seconds=each.seconds * factor if each.seconds else None)
                for each in seen.exchanges
            ),
        )
        for seen in visit.observations
    )
    return replace(visit, observations=tuple(observations))


async def draw() -> None:
    """Draw all pictures."""
    backend = PolledBackend()
    fill(backend)
    server = await backend.serve()
    incident = next(backend.incidents.latest_first("zone"))
    pages = {
        "status-page": "/",
        "target-page": "/targets/zone",
        "incident-page": f"/incidents/{incident.incident_id}",
    }
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": WIDTH, "height": 800}, timezone_id="UTC")
        for name, path in pages.items():
            await page.goto(str(server.make_url(path)))
            height = await page.evaluate("document.documentElement.scrollHeight")
            await page.screenshot(
                path=IMAGES / f"{name}.png",
                full_page=True,
                clip={"x": 0, "y": 0, "width": WIDTH, "height": min(height, MOST_HEIGHT)},
            )
            print(f"docs/images/{name}.png")
    await server.close()


if __name__ == "__main__":
    asyncio.run(draw())

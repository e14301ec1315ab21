"""The dashboard of a federation, on a real Prometheus: a zone with three providers, one of them cut off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from aiohttp import web

from exporter.diagnosis.rules import Diagnosis
from grafana.build import words
from tests.grafana.boards import BOARDS, queries
from tests.grafana.monitored import Prometheus, prometheus
from tests.support.servers import LOOPBACK
from tests.support.waiting import eventually

PLACES = {"krakow": ("50.06", "19.94"), "lisbon": ("38.72", "-9.14"), "uppsala": ("59.86", "17.64")}
CUT_OFF, INCOMPATIBLE = "lisbon", "uppsala"
_TABLE = "Every provider, the broken ones first"


def _of_target(name: str, kind: str) -> list[str]:
    own, now = f'target="{name}"', time.time()
    diagnosis = Diagnosis.ZONE_DISCONNECTED if name == CUT_OFF else Diagnosis.OK
    states = [
        f'onedata_target_diagnosis{{{own},diagnosis="{each}"}} {int(each is diagnosis)}' for each in Diagnosis
    ]
    paths = [
        line
        for path in ("proxy", "direct")
        for line in (
            f'onedata_path_expected{{{own},path="{path}"}} 1',
            f'onedata_onepanel_up{{{own},path="{path}"}} 1',
            f'onedata_tls_certificate_not_after_timestamp_seconds{{{own},path="{path}"}} {now + 30.5 * 86_400}',
        )
    ]
    info = f'onedata_cluster_info{{{own},kind="{kind}",version="21.02.8"}} 1'
    return [*states, *paths, info, f"onedata_target_info{{{own}}} 1"]


def _of_provider(name: str) -> list[str]:
    latitude, longitude = PLACES[name]
    place = f'name="{name.title()}",latitude="{latitude}",longitude="{longitude}"'
    own = f'target="{name}",onezone="zone"'
    return [
        f"onedata_provider_info{{{own},{place}}} 1",
        f"onedata_provider_online{{{own}}} 1",
        f'onedata_provider_connected{{target="{name}"}} {int(name != CUT_OFF)}',
        f"onedata_provider_compatible{{{own}}} {int(name != INCOMPATIBLE)}",
    ]


def page() -> str:
    """Return what an exporter reports of the federation."""
    lines = [
        "onedata_exporter_targets 4",
        f'onedata_discovery_last_success_timestamp_seconds{{target="zone"}} {time.time() - 60}',
        'onedata_discovered_providers{target="zone",state="watched"} 3',
        'onedata_discovered_providers{target="zone",state="held"} 0',
        'onedata_clock_offset_seconds{target="zone"} 1.5',
        *_of_target("zone", "onezone"),
    ]
    for name in PLACES:
        lines += [*_of_target(name, "oneprovider"), *_of_provider(name)]
    return "\n".join(lines) + "\n"


@asynccontextmanager
async def scraped(folder: Path) -> AsyncIterator[Prometheus]:
    """Give a Prometheus that has scraped the page."""

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(text=page())

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    try:
        with prometheus(folder, runner.addresses[0][1]) as database:

            def known() -> bool:
                try:
                    return bool(replace(database, end=time.time()).ask("onedata_exporter_targets"))
                except (OSError, AssertionError):
                    return False  # it is still starting

            await eventually(lambda: asyncio.to_thread(known), bool, 60.0)
            yield replace(database, end=time.time())
    finally:
        await runner.cleanup()


async def test_the_dashboard_shows_the_provider_that_is_cut_off(tmp_path: Path) -> None:
    async with scraped(tmp_path) as seen:
        answers = {
            (each.panel, each.reference): await asyncio.to_thread(seen.ask, each.expr, instant=each.instant)
            for each in queries(BOARDS["onedata-federation"])
        }
    assert [asked for asked, found in answers.items() if not found] == []

    def column(reference: str) -> dict[str, float]:
        return {labels["target"]: values[-1] for labels, values in answers[_TABLE, reference]}

    diagnosis, proxy, direct, online, connected, compatible, days = map(column, "ABCDEFG")
    texts = {word.code: word.state for word in words.DIAGNOSES}
    assert {name: texts[int(code)] for name, code in diagnosis.items()} == {
        name: "zone_disconnected" if name == CUT_OFF else "ok" for name in PLACES
    }
    up = next(word.code for word in words.PATHS if word.state == "up")
    assert proxy == direct == dict.fromkeys(PLACES, up)
    assert online == dict.fromkeys(PLACES, 1)
    assert connected == {name: int(name != CUT_OFF) for name in PLACES}
    assert compatible == {name: int(name != INCOMPATIBLE) for name in PLACES}
    assert {int(left) for left in days.values()} == {30}
    counts = {panel: found[0][1][-1] for (panel, _reference), found in answers.items()}
    assert (counts["Providers listed"], counts["Disconnected"], counts["Incompatible"]) == (3, 1, 1)
    assert 60 <= counts["Oldest list"] < 120
    markers = {
        labels["target"]: (labels["latitude"], labels["longitude"])
        for labels, _values in answers["Map of the providers", "A"]
    }
    assert markers == PLACES

from __future__ import annotations

import re
import time
from urllib.parse import parse_qsl

import pytest
from aiohttp.test_utils import TestClient, TestServer
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.rules import Diagnosis
from exporter.settings.schema import Links
from exporter.state.runs import Runs
from exporter.state.store import Store
from exporter.state.timeline import DAY_SECONDS, Timeline
from exporter.web import charts
from exporter.web.app import create_app
from exporter.web.badge_svg import badge_svg
from exporter.web.badges import diagnosis_badge
from exporter.web.links import ALERTS, grafana_url, runbook_url, with_links
from exporter.web.overview import Entry, entry_of, overview
from exporter.web.plots import latency_plot
from exporter.web.query import Query, Sort, parse_query
from exporter.web.status import status_of
from tests.support.checkups import PROVIDER, REFUSED, ZONE, make_checkup, make_target
from tests.support.processes import ROOT
from tests.web.conftest import Backend

NOW = 1_795_000_000.0
WINDOW = charts.Window(NOW - DAY_SECONDS, NOW)


def entries() -> list[Entry]:
    """Seven targets: two down, one not polled yet, and one Oneprovider of a zone."""
    store = Store([], [])
    targets = [make_target(f"t{number}", (("site", "ab"[number % 2]),)) for number in range(7)]
    store.set_targets(targets)
    for number, target in enumerate(targets[:6]):
        failure, facts = REFUSED if number in {2, 3} else None, PROVIDER if number == 5 else ZONE
        store.record(make_checkup(target, proxy=failure, facts=facts), 0.0)
    return [entry_of(state, "t0" if state.target.name == "t5" else "", 1.0) for state in store.states]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, "t2 t3 t6 t0 t1 t4 t5"),
        ({"state": "bad"}, "t2 t3 t6"),
        ({"state": "ok"}, "t0 t1 t4 t5"),
        ({"state": "proxy_down"}, "t2 t3"),
        ({"state": "proxy_down", "site": "b"}, "t3"),
        ({"site": "b", "sort": "name"}, "t1 t3 t5"),
        ({"q": "T4"}, "t4"),
        ({"q": "proxy_d"}, "t2 t3"),
        ({"q": "Proxy down"}, "t2 t3"),
        ({"zone": "t0"}, "t5"),
        ({"nothing": "x"}, ""),
        ({"state": "nonsense", "sort": "nonsense", "page": "-1"}, "t2 t3 t6 t0 t1 t4 t5"),
        ({"sort": "availability"}, "t2 t3 t0 t1 t4 t5 t6"),
    ],
)
def test_a_query_selects_targets(query: dict[str, str], names: str) -> None:
    found = overview(entries(), parse_query(query), NOW)
    assert " ".join(each.name for group in found.groups for each in group.entries) == names
    assert found.selected == len(names.split())


def test_the_values_of_the_first_four_labels_can_be_chosen() -> None:
    names, store = [f"label{number}" for number in range(6)], Store([], [])
    store.set_targets(
        [make_target(target, tuple((name, target) for name in ("state", *names))) for target in "ba"]
    )
    found = overview([entry_of(state, "", 1.0) for state in store.states], parse_query({}), NOW)
    assert found.choices == {name: ["a", "b"] for name in names[:4]}


def test_targets_are_grouped_by_label_or_zone_and_the_others_come_last() -> None:
    by_site = overview(entries(), parse_query({"group": "site"}), NOW)
    assert [(group.value, group.size, group.bad) for group in by_site.groups] == [("a", 4, 2), ("b", 3, 1)]
    by_zone = overview(entries(), parse_query({"group": "zone"}), NOW)
    assert [(group.value, group.size) for group in by_zone.groups] == [("t0", 1), ("", 6)]


def test_counts_are_of_the_selected_targets_whatever_their_state() -> None:
    found = overview(entries(), parse_query({"state": "ok", "site": "a"}), NOW)
    assert found.counts == {Diagnosis.PROXY_DOWN: 1, Diagnosis.UNKNOWN: 1, Diagnosis.OK: 2}


words = st.text(st.characters(codec="utf-8"), max_size=20)


@given(words, words, st.sampled_from(Sort), st.integers(1, 999))
def test_an_address_leads_back_to_its_query(text: str, site: str, sort: Sort, page: int) -> None:
    labels = (("site", site.strip()),) if site.strip() else ()
    query = Query(state="bad", text=text.strip(), labels=labels, group="site", sort=sort, page=page)
    assert parse_query(dict(parse_qsl(query.address()[1:]))) == query


def test_availability_is_the_share_of_the_watched_time_with_the_diagnosis_ok() -> None:
    timeline, target = Timeline(), make_target()
    assert charts.availability(timeline, WINDOW.since) is None
    for at, failure in (
        (-75.0, None),
        (-60.0, None),
        (-45.0, REFUSED),
        (-30.0, None),
        (-15.0, None),
        (0.0, None),
    ):
        timeline.record(make_checkup(target, proxy=failure, at=NOW + at), 45.0)
    share = charts.availability(timeline, WINDOW.since)
    assert share == pytest.approx((75.25 - 15) / 75.25, abs=1e-4)
    assert charts.percent(share) == "80.07 %"
    assert (charts.percent(1.0), charts.percent(0.9999), charts.percent(None)) == ("100 %", "99.99 %", "–")


def test_a_bar_shows_the_worst_state_of_each_slot_and_has_a_text() -> None:
    runs = Runs(Diagnosis)
    runs.add(Diagnosis.OK, NOW - 50_000, WINDOW.since)
    runs.add(Diagnosis.PROXY_DOWN, NOW - 40_000, NOW - 50_000)
    runs.add(Diagnosis.OK, NOW - 39_990, NOW - 40_000)
    runs.add(Diagnosis.OK, NOW, NOW - 39_990)
    lane = charts.ChartLane("Diagnosis", [runs], diagnosis_badge)
    svg = fromstring(charts.bar([lane], WINDOW, 96, "a <text>"))
    assert svg.attrib["aria-label"] == "a <text>"
    paths = {path.attrib["class"]: path.attrib["d"] for path in svg}
    assert paths == {"good": "M0 2h51M52 2h44", "bad": "M51 2h1"}
    assert charts.lane_text(lane, WINDOW) == "ok 99.99 %, proxy down 0.01 %"


def test_a_plot_shows_means_and_the_share_of_the_proxy() -> None:
    timeline, target = Timeline(), make_target()
    for number in range(100):
        timeline.record(make_checkup(target, at=NOW - 3000 + 30 * number), 90.0)
    plot = latency_plot(timeline, WINDOW)
    assert plot is not None
    assert plot.maximum == 0.2
    assert plot.texts[0] == "Proxy path: mean 110 ms, highest p95 of five minutes 110 ms"
    assert plot.texts[2].startswith("Proxy's share: 50 ms, 45.")
    svg = fromstring(plot.picture)
    assert {each.attrib["class"] for each in svg} == {
        "band proxy",
        "band direct",
        "mean proxy",
        "mean direct",
    }
    assert latency_plot(Timeline(), WINDOW) is None


def test_the_first_five_minutes_of_a_plot_are_visible() -> None:
    timeline = Timeline()
    timeline.record(make_checkup(make_target(), at=NOW - 1), 90.0)
    plot = latency_plot(timeline, WINDOW)
    assert plot is not None
    for shape in fromstring(plot.picture):
        places = [float(point.split(",")[0]) for point in shape.attrib["points"].split()]
        assert max(places) - min(places) == pytest.approx(4.0, abs=0.2)
        assert min(places) < 719.0


def test_a_badge_is_an_image_with_its_text_as_label() -> None:
    store = Store([], [])
    store.set_targets([make_target('a<b>&"')])
    store.record(make_checkup(store.states[0].target, proxy=REFUSED), 0.0)
    svg = fromstring(badge_svg(status_of(store.states[0], 0.0, 0.0)))
    assert svg.attrib["aria-label"] == 'a<b>&": proxy down'


def test_every_diagnosis_but_ok_has_the_runbook_of_its_alert() -> None:
    assert set(Diagnosis) - set(ALERTS) == {Diagnosis.OK}
    for diagnosis, alert in ALERTS.items():
        assert (ROOT / "docs" / "runbooks" / f"{alert}.md").is_file()
        assert runbook_url(Links(), diagnosis, "a").endswith(f"/{alert}.md")
    custom = Links(runbooks="https://wiki/{alert}?t={target}")
    assert runbook_url(custom, Diagnosis.PANEL_DOWN, "a b") == "https://wiki/OnedataPanelDown?t=a%20b"
    assert not runbook_url(Links(runbooks=""), Diagnosis.PANEL_DOWN, "a")


@pytest.mark.parametrize(
    ("grafana", "url"),
    [
        ("", ""),
        ("https://g/", "https://g/d/onedata-target?var-target=a%2Fb"),
        ("https://g/d/mine?x={target}", "https://g/d/mine?x=a%2Fb"),
    ],
)
def test_grafana_is_a_base_url_or_a_dashboard(grafana: str, url: str) -> None:
    assert grafana_url(Links(grafana=grafana), "a/b") == url


def test_urls_in_notes_become_links_and_nothing_else_becomes_markup() -> None:
    assert with_links("see https://a.b/c?d=1&e. <b>") == (
        'see <a href="https://a.b/c?d=1&amp;e" rel="noreferrer">https://a.b/c?d=1&amp;e</a>. &lt;b&gt;'
    )


async def test_every_page_and_link_has_the_prefix() -> None:
    backend = Backend()
    backend.know(make_target())
    backend.record(make_checkup(make_target(), at=time.time()))
    async with TestClient(TestServer(create_app(backend.pages(prefix="/onedata")))) as client:
        assert (await client.get("/metrics")).status == 404
        for path in (
            "/metrics",
            "/-/healthy",
            "/-/ready",
            "/incidents",
            "/api/v1/targets",
            "/targets/my-zone/badge.svg",
        ):
            assert (await client.get(f"/onedata{path}")).status in {200, 503}, path
        for path in ("/", "/targets/my-zone", "/incidents"):
            page = await (await client.get(f"/onedata{path}")).text()
            assert 'href="/' in page
            assert page.count('href="/') == page.count('href="/onedata/')
            assert page.count('action="/') == page.count('action="/onedata/')
        (group,) = await (await client.get("/onedata/api/v1/sd")).json()
        assert group["labels"]["__metrics_path__"] == "/onedata/probe"
        answer = await client.get("/", allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (302, "/onedata/")


async def test_poll_now_records_a_round_and_shows_the_target() -> None:
    backend = Backend()
    recorded: list[Checkup] = []
    backend.know(make_target("a b"))
    pages = backend.pages(record_round=recorded.append)
    async with TestClient(TestServer(create_app(pages))) as client:
        answer = await client.post("/targets/a%20b/poll", allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, "/targets/a%20b")
        assert [each.target.name for each in recorded] == ["a b"]
        foreign = await client.post("/targets/a%20b/poll", headers={"Origin": "https://evil.example"})
        assert foreign.status == 403
        assert (await client.post("/targets/x/poll")).status == 404
        assert backend.rounds_taken == 1


async def test_faults_of_the_exporter_are_shown_on_every_page() -> None:
    backend = Backend()
    backend.know(make_target())
    backend.record(make_checkup(make_target()), age=600.0)
    async with TestClient(
        TestServer(create_app(backend.pages(faults=lambda: ("The file is <invalid>.",))))
    ) as client:
        for path in ("/", "/targets/my-zone", "/incidents"):
            page = await (await client.get(path)).text()
            assert "The file is &lt;invalid&gt;." in page
            assert "Polling has stopped: no target had a round within three intervals." in page


async def test_every_choice_is_listed_once() -> None:
    backend = Backend()
    targets = [
        make_target(f"t{number}", (("site", "ab"[number]), ("zone", "cd"[number]), ("state", "ef"[number])))
        for number in range(2)
    ]
    backend.know(*targets)
    async with TestClient(TestServer(create_app(backend.pages()))) as client:
        page = await (await client.get("/")).text()
    lists = dict(re.findall(r'<select name="(\w+)">(.*?)</select>', page, re.DOTALL))
    assert page.count("<select") == len(lists)
    assert lists.keys() == {"state", "site", "group", "sort"}
    words = {name: re.findall(r"<option[^>]*>(.*?)</option>", found) for name, found in lists.items()}
    assert all(len(found) == len(set(found)) for found in words.values())
    assert words["site"] == ["any", "a", "b"]
    assert words["sort"] == ["urgency", "name", "since", "availability"]

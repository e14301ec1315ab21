from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from exporter.diagnosis.conclusion import conclude
from exporter.diagnosis.renewal import Renewal
from exporter.maintenance import Window
from exporter.observation import Details, Exchange, Observation
from exporter.operations.component_status import ComponentStatus
from exporter.operations.host_status import Status
from exporter.operations.outcome import Outcome
from exporter.operations.worker_report import ReportStatus, WorkerReport
from exporter.reasons import Failure, Reason
from exporter.report import summarize, write_json
from exporter.state.events import Event
from exporter.targets import AccessPath, Route
from exporter.web.app import create_app
from exporter.web.filters import segment
from exporter.web.readiness import Phase, Readiness
from tests.support.checkups import (
    CERTIFICATE,
    REFUSED,
    ZONE,
    good_visit,
    make_checkup,
    make_details,
    make_target,
)
from tests.web.conftest import Backend, serve

PAGES = ("/", "/targets/my-zone", "/metrics", "/api/v1/targets", "/api/v1/sd", "/-/healthy", "/-/ready")
HOSTILE = "<script>alert(1)</script>\"'&\n"
HOSTILE_NAMES = (HOSTILE, "a/b", "a%2Fb", "a?b=c#d", "zażółć", "a b", '"><img src=x>')

Client = TestClient[Any, Any]


async def text_of(client: Client, path: str) -> str:
    answer = await client.get(path)
    assert answer.status == 200
    return await answer.text()


@pytest.fixture
def watched(backend: Backend) -> Backend:
    """One healthy target, polled once."""
    backend.know(make_target(labels=(("site", "cracow"),)))
    backend.record(make_checkup(make_target(labels=(("site", "cracow"),))))
    return backend


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("path", PAGES)
async def test_every_page_answers_get_and_head_with_security_headers(client: Client, path: str) -> None:
    for method in ("GET", "HEAD"):
        answer = await client.request(method, path)
        assert answer.status == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Server"] == "onedata-exporter"
        assert int(answer.headers["Content-Length"]) > 0
        assert bool(await answer.read()) is (method == "GET")


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("path", PAGES)
async def test_no_page_can_be_written_to(client: Client, path: str) -> None:
    answer = await client.post(path, data=b"x")
    assert answer.status == 405
    assert await answer.text() == "This page accepts only GET, HEAD.\n"
    assert set(answer.headers["Allow"].split(",")) == {"GET", "HEAD"}
    assert "Content-Security-Policy" in answer.headers


async def test_an_unknown_page_names_the_path_of_the_metrics(backend: Backend) -> None:
    async with serve(backend, "/elsewhere") as client:
        answer = await client.get("/metrics")
        assert answer.status == 404
        assert "The metrics are at /elsewhere" in await answer.text()
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert (await client.get("/elsewhere")).status == 200


async def test_a_browser_gets_an_error_as_a_page_with_a_link(backend: Backend) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    async with TestClient(TestServer(create_app(backend.pages(prefix="/onedata")))) as client:
        plain = await client.get("/onedata/targets/<nobody>")
        answer = await client.get("/onedata/targets/<nobody>", headers=browser)
        assert (plain.content_type, answer.content_type) == ("text/plain", "text/html")
        assert (answer.status, answer.reason) == (404, "Not Found")
        page = await answer.text()
        assert "<p>No target of this name is configured." in page
        assert '<a href="/onedata/">Status of all targets</a>' in page
        nonce = re.findall("nonce-([^']+)'", answer.headers["Content-Security-Policy"])
        assert f'<style nonce="{nonce[0]}">' in page
        not_allowed = await client.post("/onedata/", headers=browser)
        assert (not_allowed.status, not_allowed.headers["Allow"]) == (405, "GET,HEAD")
        redirected = await client.get("/", headers=browser, allow_redirects=False)
        assert (redirected.status, redirected.headers["Location"]) == (302, "/onedata/")
        backend.broken = True
        bug = await client.get("/onedata/metrics", headers=browser)
        assert (bug.status, bug.content_type) == (500, "text/html")
        assert "a detail of a bug" not in await bug.text()


async def test_a_bug_is_counted_and_answered_with_a_plain_sentence(client: Client, backend: Backend) -> None:
    backend.broken = True
    answer = await client.get("/metrics")
    assert answer.status == 500
    text = await answer.text()
    assert text.startswith("Internal error")
    assert "detail" not in text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert [(where, type(error)) for where, error in backend.bugs] == [("web", LookupError)]


@pytest.mark.usefixtures("watched")
class TestMetrics:
    async def test_the_classic_text_is_the_default(self, client: Client) -> None:
        answer = await client.get("/metrics")
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert answer.headers["Vary"] == "Accept, Accept-Encoding"
        assert "# EOF" not in await answer.text()

    async def test_openmetrics_is_served_if_it_is_preferred(self, client: Client) -> None:
        answer = await client.get(
            "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
        )
        assert answer.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        assert (await answer.text()).endswith("# EOF\n")

    async def test_gzip_is_used_if_it_is_accepted(self, client: Client) -> None:
        answer = await client.get("/metrics", headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "onedata_target_info" in await answer.text()
        assert int(answer.headers["Content-Length"]) < len(await answer.read()) / 2

    async def test_gzip_is_not_used_if_it_is_refused(self, client: Client) -> None:
        answer = await client.get("/metrics", headers={"Accept-Encoding": "gzip;q=0"})
        assert "Content-Encoding" not in answer.headers
        assert "onedata_target_info" in await answer.text()

    async def test_only_the_named_families_are_given(self, client: Client) -> None:
        page = await text_of(client, "/metrics?name[]=onedata_polls_total&name[]=onedata_target_info")
        assert set(re.findall(r"^# TYPE (\S+)", page, re.MULTILINE)) == {
            "onedata_polls_total",
            "onedata_target_info",
        }


async def test_the_status_page_shows_the_broken_target_first_and_what_to_do(
    client: Client, backend: Backend
) -> None:
    healthy, broken = make_target("a-healthy"), make_target("b-broken")
    backend.know(healthy, broken)
    backend.record(make_checkup(healthy))
    backend.record(make_checkup(broken, proxy=REFUSED), age=7)
    page = await text_of(client, "/")
    assert "1 of 2 targets need" in page
    assert page.index('href="/targets/b-broken"') < page.index('href="/targets/a-healthy"')
    assert "The worker is down: restart it through the direct path" in page
    assert "connection_<wbr>refused: Connect call failed" in page
    assert all(text in page for text in ("proxy down", "refused", "60 ms", "Onezone 21.02.7", "7 s ago"))


async def test_the_status_page_shows_findings_beside_the_diagnosis_ok(
    client: Client, backend: Backend
) -> None:
    healthy, broken = make_target("a-healthy"), make_target("b-unhealthy")
    backend.know(healthy, broken)
    backend.record(make_checkup(healthy))
    backend.record(make_checkup(broken, facts=replace(ZONE, complete=False)))
    page = await text_of(client, "/")
    assert '<h1><span role="status">1 of 2 targets has other findings</span></h1>' in page
    assert page.index('href="/targets/b-unhealthy"') < page.index('href="/targets/a-healthy"')
    assert page.count("configuration: the server gave only its reduced answer") == 1
    assert "more" not in page.partition("<main")[2]
    backend.record(replace(make_checkup(healthy), details=make_details(healthy)))
    page = await text_of(client, "/")
    assert '<h1><span role="status">2 of 2 targets have other findings</span></h1>' in page
    assert re.search(r"and \d+ more</p>", page)


async def test_the_status_page_refreshes_itself_without_javascript(client: Client) -> None:
    page = await text_of(client, "/")
    assert '<noscript><meta http-equiv="refresh" content="60"></noscript>' in page


async def test_the_policy_allows_the_pages_own_style_and_script_only(client: Client) -> None:
    answers = [await client.get("/"), await client.get("/")]
    nonces = []
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        nonce = re.search(r"style-src 'nonce-([^']+)'", policy)
        assert nonce
        tags = re.findall(r"<(?:style|script)(?:\s[^>]*)?>", await answer.text())
        assert tags
        assert all(f'nonce="{nonce[1]}"' in tag for tag in tags)
        assert "unsafe" not in policy
        nonces.append(nonce[1])
    assert nonces[0] != nonces[1]


async def test_a_target_page_shows_both_paths_the_certificate_and_the_last_rounds(
    client: Client, backend: Backend
) -> None:
    target = make_target(labels=(("site", "cracow"),))
    backend.know(target)
    backend.record(make_checkup(target, at=1_795_000_000))
    backend.record(make_checkup(target, direct=REFUSED, at=1_795_000_015))
    page = await text_of(client, "/targets/my-zone")
    assert 'diagnosis="direct_down"' in page
    assert "9443 refuses connections, though Onepanel runs" in page
    assert all(text in page for text in ("CN=onezone.example", "CN=Test CA", "ab" * 32, "verified"))
    assert all(
        text in page
        for text in ("build 8-ge9fd9a78", "site=<bdi>cracow</bdi>", "https://onezone.example:9443")
    )
    assert Reason.CONNECTION_REFUSED.advice[1:] in page
    rounds = page.partition("Last 2 rounds")[2]
    assert rounds.index("11:06:55") < rounds.index("11:06:40")
    shown = json.loads(await text_of(client, "/api/v1/targets/my-zone"))
    assert [each["finished_at"] for each in shown["rounds"]] == [1_795_000_015, 1_795_000_000]


async def test_a_target_page_shows_the_chain_the_renewal_and_the_events(
    client: Client, backend: Backend
) -> None:
    target = make_target()
    backend.know(target)
    issuer = replace(CERTIFICATE, subject="CN=Some Intermediate", issuer="CN=Some Root")
    visits = []
    for route in target.routes:
        visit = good_visit(route)
        (connection,) = visit.connections
        visits.append(replace(visit, connections=(replace(connection, chain=(CERTIFICATE, issuer)),)))
    checkup = conclude(target, visits, 1_795_000_000.0, 0.1)
    backend.record(replace(checkup, details=make_details(target)))
    (state,) = backend.store.states
    state.events.add(Event(1_795_000_000.0, "", "certificate renewed (valid until some day)"))
    page = await text_of(client, "/targets/my-zone")
    assert "CN=Some Intermediate, valid until 2027-01-15" in page
    assert Renewal.FINE.meaning in page
    assert "certificate renewed (valid until some day)" in page
    reported = json.loads(await text_of(client, "/api/v1/targets/my-zone"))
    path = reported["summary"]["nodes"][0]["proxy"]
    assert [each["subject"] for each in path["chain"]] == ["CN=onezone.example", "CN=Some Intermediate"]
    assert reported["summary"]["renewal"]["status"] == "fine"
    assert reported["events"][0]["text"].startswith("certificate renewed")


async def test_a_target_page_shows_that_the_last_round_is_too_old(client: Client, backend: Backend) -> None:
    backend.know(make_target())
    backend.record(make_checkup(make_target()), age=3600)
    page = await text_of(client, "/targets/my-zone")
    assert "no recent round" in page
    assert "this target is not polled" in page


async def test_an_unknown_target_is_not_found(client: Client) -> None:
    answer = await client.get("/targets/nobody")
    assert answer.status == 404
    assert await answer.text() == "No target of this name is configured. All targets are listed at /.\n"


@pytest.mark.parametrize("name", HOSTILE_NAMES)
async def test_a_name_of_any_kind_has_its_page_and_cannot_inject(
    client: Client, backend: Backend, name: str
) -> None:
    failure = Failure(Reason.CONNECT, HOSTILE)
    target = make_target(name, labels=(("note", HOSTILE),))
    backend.know(target)
    backend.record(make_checkup(target, proxy=failure))
    link = f"/targets/{segment(name)}"
    status = await text_of(client, "/")
    assert f'href="{link}"' in status
    details = await client.get(URL(link, encoded=True))
    assert details.status == 200
    for page in (status, await details.text()):
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "&lt;script&gt;alert(1)" in page


async def test_the_json_holds_what_the_pages_show(client: Client, backend: Backend) -> None:
    backend.know(make_target("a"), make_target(HOSTILE))
    backend.record(make_checkup(make_target(HOSTILE), proxy=REFUSED))
    answer = await client.get("/api/v1/targets")
    assert answer.content_type == "application/json"
    first, second = (await answer.json())["targets"]
    assert (first["name"], first["diagnosis"]) == (HOSTILE, "proxy_down")
    node = first["summary"]["nodes"][0]
    assert (node["proxy"]["symptom"], node["proxy"]["up"]) == ("refused", False)
    assert [past["error"] for past in first["last_errors"]] == [str(REFUSED)]
    assert node["direct"]["phases"] == {"resolve": 0.001, "connect": 0.002, "tls": 0.004}
    assert (second["diagnosis"], second["finished_at"], second["summary"]) == ("unknown", None, None)


async def test_the_summary_in_the_json_is_that_of_the_command_probe(client: Client, backend: Backend) -> None:
    backend.know(make_target())
    checkup = make_checkup(make_target())
    backend.record(checkup)
    (target,) = (await (await client.get("/api/v1/targets")).json())["targets"]
    probed = json.loads(write_json(summarize(checkup)))
    del probed["exit_code"]
    assert target["summary"] == probed


class TestDetails:
    """The outcomes of the slower operations."""

    @pytest.fixture(autouse=True)
    def _learnt(self, backend: Backend) -> None:
        target = make_target(maintenance=(Window(0.0, 1e12, "new <disks>"),))
        backend.know(target)
        backend.record(make_checkup(target))
        backend.store.record_details(target, make_details(target), time.monotonic())

    async def test_services_are_listed_by_host(self, client: Client) -> None:
        page = await text_of(client, "/targets/my-zone")
        row = page[page.index(">node2.example</th>") :]
        reported = re.findall(r'<td data-label="(\w+)">.*?</span> (\w+)</span>', row[: row.index("</tr>")])
        assert reported == [(each, "unreachable") for each in ("Worker", "Manager", "Database")]

    async def test_a_cluster_without_services_has_no_empty_table_of_them(
        self, client: Client, backend: Backend
    ) -> None:
        target, route = backend.store.states[0].target, Route(AccessPath.DIRECT)
        assert ">Services<" in await text_of(client, "/targets/my-zone")
        seen = Observation("workers", route, ComponentStatus("worker", {}), ())
        backend.store.record_details(target, Details((seen,), {}, {}), time.monotonic())
        assert ">Services<" not in await text_of(client, "/targets/my-zone")

    async def test_only_modules_that_are_not_ok_are_named(self, client: Client) -> None:
        page = await text_of(client, "/targets/my-zone")
        assert "datastore_worker on node1.example" in page
        assert "dispatcher on" not in page
        assert "1 of 2 modules is not ok" in page

    async def test_certificate_dns_credentials_and_users_are_shown(self, client: Client) -> None:
        page = await text_of(client, "/targets/my-zone")
        pairs = re.findall(r"<dt>([^<]+)</dt><dd>(.*?)</dd>", page)
        reported = {term: re.sub(r"<[^>]+>", "", text).strip("✓✕! ") for term, text in pairs}
        assert reported["Certificate"] == "valid"
        assert reported["DNS of the zone"] == "bad records"
        assert (reported["Token"], reported["Passphrase"]) == ("rejected", "accepted")
        assert reported["Users"] == "3"

    async def test_findings_beside_the_diagnosis_are_at_the_top(self, client: Client) -> None:
        page = await text_of(client, "/targets/my-zone")
        assert page.index("the token is not accepted") < page.index("Proxy path")

    @pytest.mark.parametrize("path", ["/", "/targets/my-zone"])
    async def test_maintenance_is_announced(self, client: Client, path: str) -> None:
        page = await text_of(client, path)
        assert re.search(r"[Ii]n maintenance(</strong>)?: <bdi>new &lt;disks&gt;</bdi>", page)

    async def test_names_from_the_cluster_cannot_inject(self, client: Client, backend: Backend) -> None:
        target = backend.store.states[0].target
        route = Route(AccessPath.DIRECT)
        outcomes: dict[str, Outcome] = {
            "workers": ComponentStatus("worker", {HOSTILE: Status.STOPPED}),
            "worker_report": WorkerReport(ReportStatus.ERROR, {HOSTILE: {HOSTILE: ReportStatus.ERROR}}),
            "users": Failure(Reason.FORBIDDEN, HOSTILE),
        }
        seen = tuple(Observation(name, route, outcome, ()) for name, outcome in outcomes.items())
        backend.store.record_details(target, Details(seen, {}, {}), time.monotonic())
        page = await text_of(client, "/targets/my-zone")
        assert "<script>alert" not in page
        assert page.count("&lt;script&gt;alert(1)") >= len(outcomes) + 1

    async def test_a_failed_operation_is_shown_with_its_advice(
        self, client: Client, backend: Backend
    ) -> None:
        target = backend.store.states[0].target
        route = Route(AccessPath.DIRECT)
        failure = Failure(Reason.FORBIDDEN, "HTTP 403")
        seen = Observation("users", route, failure, (Exchange(route, 403, 0.1, 10, failure),))
        backend.store.record_details(target, Details((seen,), {}, {}), time.monotonic())
        page = await text_of(client, "/targets/my-zone")
        assert "forbidden: HTTP 403" in page
        assert Reason.FORBIDDEN.advice[1:] in page


@pytest.mark.usefixtures("watched")
async def test_service_discovery_gives_a_group_for_each_target(client: Client) -> None:
    answer = await client.get("/api/v1/sd", headers={"Host": "exporter.example:19443"})
    assert answer.content_type == "application/json"
    assert await answer.json() == [
        {
            "targets": ["exporter.example:19443"],
            "labels": {
                "__metrics_path__": "/probe",
                "__scheme__": "http",
                "__param_target": "my-zone",
                "__meta_onedata_url": "https://onezone.example",
                "__meta_onedata_kind": "auto",
                "__meta_onedata_label_site": "cracow",
                "instance": "my-zone",
            },
        }
    ]


async def test_it_is_ready_before_the_first_rounds_and_not_while_it_stops(backend: Backend) -> None:
    readiness = Readiness()
    async with TestClient(TestServer(create_app(backend.pages(readiness=readiness)))) as client:
        backend.know(make_target())
        assert await text_of(client, "/-/healthy") == "ok\n"
        for phase, status in ((Phase.STARTING, 503), (Phase.SERVING, 200), (Phase.STOPPING, 503)):
            readiness.phase = phase
            answer = await client.get("/-/ready")
            assert answer.status == status
            assert await answer.text() == (f"not ready: {phase.value}\n" if phase.value else "ready\n")


async def test_many_targets_are_all_shown(client: Client, backend: Backend) -> None:
    backend.know(*(make_target(f"zone-{number}") for number in range(50)))
    assert (await text_of(client, "/")).count('href="/targets/zone-') == 50


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://exporter.example:1"}, 200),
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
async def test_a_page_of_another_site_cannot_cause_a_reload(
    backend: Backend, headers: dict[str, str], status: int
) -> None:
    reloads = []

    async def reload() -> bool:
        reloads.append(1)
        return True

    async with TestClient(TestServer(create_app(backend.pages(reload=reload)))) as client:
        answer = await client.post("/-/reload", headers={"Host": "exporter.example:1", **headers})
    assert answer.status == status
    assert bool(reloads) is (status == 200)

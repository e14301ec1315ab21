"""`/probe`: one round on request, and how little that can be used for."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from exporter.credentials import Auth, Secret
from exporter.observation import Trace
from exporter.polling.rounds import FreshRound, FreshRounds
from exporter.simulator import INSTANT, Authority, SimulatedZone
from exporter.targets import Target
from exporter.web.app import create_app
from exporter.web.probing import Prober, scrape_seconds
from tests.support.checkups import make_checkup, make_target
from tests.support.polling import target_at
from tests.support.processes import Metrics
from tests.support.servers import LOOPBACK, ScriptedServer, healthy, silent
from tests.support.waiting import eventually
from tests.web.conftest import Backend

Client = TestClient[Any, Any]
CANARY = "canary-7f3a"


class TestThePage:
    async def test_it_shows_one_target_alone_after_a_fresh_round(
        self, client: Client, backend: Backend
    ) -> None:
        backend.know(make_target(auth=Auth(token=Secret("token"))), make_target("other"))
        answer = await client.get("/probe?target=my-zone")
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        text = await answer.text()
        metrics = Metrics(text)
        assert metrics.value("onedata_onepanel_up", target="my-zone", path="direct") == 1
        assert metrics.value("onedata_zone_users", target="my-zone") == 3
        assert metrics.value("onedata_polls_total", target="my-zone") == 1
        assert 'target="other"' not in text
        assert "onedata_exporter_build_info" not in text

    async def test_it_leaves_what_is_polled_untouched(self, client: Client, backend: Backend) -> None:
        backend.know(make_target())
        await client.get("/probe?target=my-zone")
        (state,) = backend.store.states
        assert (state.polls, state.checkup, len(state.history)) == (0, None, 0)

    async def test_it_negotiates_compresses_and_filters_as_the_metrics_do(
        self, client: Client, backend: Backend
    ) -> None:
        backend.know(make_target())
        headers = {"Accept": "application/openmetrics-text; version=1.0.0", "Accept-Encoding": "gzip"}
        answer = await client.get("/probe?target=my-zone&name[]=onedata_polls_total", headers=headers)
        assert answer.headers["Content-Encoding"] == "gzip"
        text = await answer.text()
        assert text.endswith("# EOF\n")
        assert [line for line in text.splitlines() if line.startswith("# TYPE")] == [
            "# TYPE onedata_polls counter"
        ]

    async def test_debug_explains_the_result(self, client: Client, backend: Backend) -> None:
        backend.know(make_target())
        answer = await client.get("/probe?target=my-zone&debug=true")
        assert answer.content_type == "text/plain"
        text = await answer.text()
        assert "CRITICAL, ok" in text
        assert "explanation" in text

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("", 400),
            ("?target=", 400),
            ("?target=nobody", 404),
            ("?target=https://onezone.example", 404),
            ("?target=onezone.example", 404),
            ("?module=my-zone", 400),
        ],
    )
    async def test_only_names_of_targets_are_taken(
        self, client: Client, backend: Backend, query: str, status: int
    ) -> None:
        backend.know(make_target())
        assert (await client.get(f"/probe{query}")).status == status
        assert backend.rounds_taken == 0

    @pytest.mark.parametrize("seconds", ["", "x", "0", "-1", "nan", "inf", "1e999"])
    async def test_a_timeout_that_is_none_is_refused(
        self, client: Client, backend: Backend, seconds: str
    ) -> None:
        backend.know(make_target())
        headers = {"X-Prometheus-Scrape-Timeout-Seconds": seconds}
        answer = await client.get("/probe?target=my-zone", headers=headers)
        assert answer.status == 400
        assert "positive number of seconds" in await answer.text()


@pytest.mark.parametrize(
    ("header", "most", "seconds"),
    [(None, 15.0, 15.0), ("10", 15.0, 9.5), ("60", 15.0, 15.0), ("1", 15.0, 0.8)],
)
def test_a_round_has_a_little_less_time_than_the_scrape(
    header: str | None, most: float, seconds: float
) -> None:
    headers = {} if header is None else {"X-Prometheus-Scrape-Timeout-Seconds": header}
    assert scrape_seconds(headers, most) == pytest.approx(seconds)


class Rounds:
    """Rounds that last until they are let go."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.go = asyncio.Event()

    async def take(self, target: Target, _seconds: float) -> FreshRound:
        self.begun.append(target.name)
        await self.go.wait()
        return FreshRound(make_checkup(target), ())


@pytest.fixture
async def rounds() -> Rounds:
    return Rounds()


@pytest.fixture
async def prober(rounds: Rounds) -> AsyncIterator[Prober]:
    prober = Prober(rounds.take)
    yield prober
    await prober.stop()


def start(*questions: Awaitable[Any]) -> list[asyncio.Future[Any]]:
    return [asyncio.ensure_future(each) for each in questions]


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class TestLimits:
    async def test_requests_during_or_just_after_a_round_share_it(
        self, prober: Prober, rounds: Rounds
    ) -> None:
        asked = start(*(prober.probe(make_target(), 5) for _ in range(20)))
        await settle()
        rounds.go.set()
        assert len({id(each) for each in await asyncio.gather(*asked)}) == 1
        await prober.probe(make_target(), 5)
        assert rounds.begun == ["my-zone"]

    async def test_a_longer_deadline_does_not_reuse_the_result_of_a_shorter_probe(
        self, prober: Prober, rounds: Rounds
    ) -> None:
        rounds.go.set()
        hurried = await prober.probe(make_target(), 0.5)
        asked = start(*(prober.probe(make_target(), seconds) for seconds in (20, 6, 10)))
        patient, hasty, other = await asyncio.gather(*asked)
        assert patient is not hurried
        assert patient is hasty is other
        assert rounds.begun == ["my-zone"] * 2

    async def test_requests_with_rising_timeouts_do_not_delay_one_with_a_long_timeout(self) -> None:
        """Each of them once let its own round begin first, as the next in line."""
        begun: list[float] = []

        async def hang(target: Target, seconds: float) -> FreshRound:
            begun.append(seconds)
            if seconds > 5:  # of the patient one
                return FreshRound(make_checkup(target), ())
            await asyncio.sleep(seconds)
            raise TimeoutError

        prober = Prober(hang)
        hurried = start(*(prober.probe(make_target(), 0.3 + number / 100) for number in range(40)))
        await settle()
        began = time.perf_counter()
        await prober.probe(make_target(), 10)
        assert time.perf_counter() - began < 2.5
        assert len(begun) == 2
        await asyncio.gather(*hurried, return_exceptions=True)
        await prober.stop()

    async def test_a_request_gets_a_round_that_had_all_the_time_it_has_left(self) -> None:
        async def hang(target: Target, seconds: float) -> FreshRound:
            await asyncio.sleep(seconds)
            return FreshRound(make_checkup(target), ())

        prober = Prober(hang)
        first, second = start(prober.probe(make_target(), 1.0), prober.probe(make_target(), 1.2))
        assert await first is await second
        await prober.stop()

    async def test_at_most_ten_targets_are_probed_at_once(self, prober: Prober, rounds: Rounds) -> None:
        asked = start(*(prober.probe(make_target(str(number)), 5) for number in range(30)))
        await settle()
        assert len(rounds.begun) == 10
        rounds.go.set()
        assert len(await asyncio.gather(*asked)) == 30

    async def test_a_request_beyond_the_limit_is_answered_with_retry_after(
        self, prober: Prober, rounds: Rounds
    ) -> None:
        asked = start(*(prober.probe(make_target(), 5) for _ in range(100)))
        await settle()
        with pytest.raises(web.HTTPServiceUnavailable) as caught:
            await prober.probe(make_target(), 5)
        assert caught.value.headers["Retry-After"] == "1"
        rounds.go.set()
        await asyncio.gather(*asked)
        await prober.probe(make_target(), 5)

    async def test_a_round_that_does_not_end_in_time_is_given_up(self, prober: Prober) -> None:
        began = time.perf_counter()
        with pytest.raises(web.HTTPServiceUnavailable):
            await prober.probe(make_target(), 0.1)
        assert time.perf_counter() - began < 5.0  # it would never end

    async def test_a_round_cancelled_after_its_client_left_is_no_error(self, prober: Prober) -> None:
        errors: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: errors.append(context))
        (asked,) = start(prober.probe(make_target(), 0.1))
        await settle()
        asked.cancel()

        async def remembered() -> int:
            return len(prober._rounds)

        await eventually(remembered, lambda count: count == 0)
        gc.collect()
        assert not errors

    async def test_a_bug_in_a_round_is_raised_and_not_kept(self) -> None:
        async def fail(_target: Target, _seconds: float) -> FreshRound:
            raise LookupError("a bug")

        prober = Prober(fail)
        with pytest.raises(LookupError):
            await prober.probe(make_target(), 1)
        await prober.stop()


Serve = Callable[[Target], Awaitable[Client]]


@pytest.fixture
async def serve(backend: Backend) -> AsyncIterator[Serve]:
    """The pages over the real client, which knows one target."""
    fresh = FreshRounds(backend.report_bug)
    clients: list[Client] = []

    async def serve(target: Target) -> Client:
        backend.know(target)
        client: Client = TestClient(
            TestServer(create_app(replace(backend.pages(), prober=Prober(fresh.take))))
        )
        await client.start_server()
        clients.append(client)
        return client

    yield serve
    for client in clients:
        await client.close()
    await fresh.close()
    assert not backend.bugs


class TestWithTheRealClient:
    async def test_a_round_ends_within_the_scrape_even_if_the_target_hangs(self, serve: Serve) -> None:
        async with ScriptedServer(silent) as hanging:
            client = await serve(target_at(f"https://{LOOPBACK}:{hanging.port}"))
            headers = {"X-Prometheus-Scrape-Timeout-Seconds": "3"}
            began = time.perf_counter()
            answer = await client.get("/probe?target=zone", headers=headers)
            assert time.perf_counter() - began < 3.0
            assert answer.status == 200
            # Three seconds are less than the timeout of a request: nothing is judged by them.
            assert Metrics(await answer.text()).diagnosis("zone") == "unknown"

    async def test_details_are_read_with_credentials_that_are_never_shown(
        self, serve: Serve, tmp_path: Path
    ) -> None:
        authority = Authority()
        ca_file = authority.write_ca_file(tmp_path / "ca.pem")
        async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
            target = replace(
                target_at(zone.proxy_url, zone.direct_url, ca_file), auth=Auth(token=Secret(CANARY))
            )
            client = await serve(target)
            metrics = Metrics(await (await client.get("/probe?target=zone")).text())
            assert metrics.value("onedata_credentials_accepted", method="token") == 0
            explained = await (await client.get("/probe?target=zone&debug=true")).text()
            assert "X-Auth-Token" in explained
            assert CANARY not in explained

    async def test_rounds_at_the_same_time_keep_their_exchanges_apart(self, backend: Backend) -> None:
        fresh = FreshRounds(backend.report_bug)
        async with ScriptedServer(healthy) as one, ScriptedServer(healthy) as other:
            targets = [target_at(f"http://{LOOPBACK}:{each.port}") for each in (one, other)]
            found = await asyncio.gather(*(fresh.take(target, 5.0) for target in targets))
        await fresh.close()
        for target, round_found in zip(targets, found, strict=True):
            traces: list[Trace] = list(round_found.traces)
            assert traces
            assert all(trace.url.startswith(target.proxy_url) for trace in traces)
            assert round_found.checkup.target == target

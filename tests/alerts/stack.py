"""The real Prometheus and Alertmanager with the project's own files, in a hurry; and a receiver."""

from __future__ import annotations

import asyncio
import contextlib
import re
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import yaml
from aiohttp import web

from exporter.settings.durations import parse_duration
from tests.support.programs import program
from tests.support.servers import LOOPBACK, closed_port
from tests.support.waiting import eventually
from tools import generate_alerts

DEPLOY = Path(__file__).parents[2] / "deploy"
ABSENT_JOB = "absent"
TIMES_FASTER = 20
# What is longer than five minutes is shortened more, from there on; so are Alertmanager's waits.
MORE_TIMES_FASTER = 60
_SHORT_SECONDS = 300.0
# The exporter counts certificates over ten minutes: their alert waits for longer, or each change would fire it.
AS_SLOW_AS_EVER = frozenset({"OnedataCertificatesDiffer"})
# The longest wait of all is shortened further, or the tests would last six minutes longer.
SHORTER_STILL = {"OnedataCertificateRenewalFailing": "20s"}
_START_SECONDS = 30.0


def sooner(duration: str) -> str:
    """The one change that is made to rules: every duration is a fraction of what it was. What is longer stays so."""
    seconds = parse_duration(duration)
    short = min(seconds, _SHORT_SECONDS)
    return _in_ms(short / TIMES_FASTER + (seconds - short) / MORE_TIMES_FASTER)


def _in_ms(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"


def sooner_in(expression: str) -> str:
    """The same for the ranges and subqueries of an expression."""

    def shorten(found: re.Match[str]) -> str:
        return "[" + ":".join(sooner(each) for each in found[1].split(":")) + "]"

    return re.sub(r"\[([^\]]+)\]", shorten, expression)


def hurried_rules(text: str, slow: AbstractSet[str] = AS_SLOW_AS_EVER) -> dict[str, Any]:
    """A rule file with every duration shortened, but for those of the `slow` alerts."""
    rules: dict[str, Any] = yaml.safe_load(text)
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        if rule.get("alert") in slow:
            continue
        rule["expr"] = sooner_in(rule["expr"])
        for key in ("for", "keep_firing_for"):
            if key in rule:
                rule[key] = sooner(rule[key])
        if rule.get("alert") in SHORTER_STILL:
            rule["for"] = SHORTER_STILL[rule["alert"]]
    for group in rules["groups"]:
        if "interval" in group:
            group["interval"] = sooner(group["interval"])
    return rules


def hurried_routes(text: str, receiver_url: str) -> dict[str, Any]:
    """Alertmanager's configuration with every duration shortened and every mail made a webhook."""
    config: dict[str, Any] = yaml.safe_load(text)
    config["global"] = {}
    for route in _routes(config["route"]):
        for key in ("group_wait", "group_interval", "repeat_interval"):
            if key in route:
                route[key] = _in_ms(parse_duration(route[key]) / MORE_TIMES_FASTER)
    for receiver in config["receivers"]:
        if receiver.pop("email_configs", None) or receiver["name"] == "dead-mans-switch":
            hook = {"url": f"{receiver_url}/{receiver['name']}", "send_resolved": True}
            receiver["webhook_configs"] = [hook]
    return config


def _routes(route: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield route
    for inner in route.get("routes", ()):
        yield from _routes(inner)


def subject(labels: Mapping[str, str]) -> str:
    """What an alert with these labels is about: a target, or a job."""
    return labels.get("target") or labels.get("job", "")


class Notification(NamedTuple):
    """What Alertmanager sent. `at` is a timestamp of the event loop's clock."""

    at: float
    receiver: str
    status: str
    alerts: list[dict[str, Any]]

    @property
    def names(self) -> list[str]:
        """The names of its alerts."""
        return [alert["labels"]["alertname"] for alert in self.alerts]

    @property
    def job(self) -> str:
        """The job of its alerts, which are grouped by it."""
        return str(self.alerts[0]["labels"].get("job", ""))

    def is_of(self, target: str) -> bool:
        """Whether it concerns this target; or this job, and no target."""
        return any(subject(alert["labels"]) == target for alert in self.alerts)


@dataclass
class Stack:
    """The addresses of the parts, and what was received so far."""

    session: aiohttp.ClientSession
    prometheus: str = ""
    alertmanager: str = ""
    received: list[Notification] = field(default_factory=list)

    async def until_notified(self, status: str, targets: Iterable[str], seconds: float = 120.0) -> None:
        """Wait until there was a notification with this status about each of these targets (or jobs)."""
        wanted = set(targets)

        async def missing() -> set[str]:
            return {
                target
                for target in wanted
                if not any(seen.status == status and seen.is_of(target) for seen in self.received)
            }

        await eventually(missing, lambda still: not still, seconds)

    async def ask(self, api: str, **parameters: str) -> Any:
        """What Prometheus' HTTP API answers; fails with its error."""
        async with self.session.get(f"{self.prometheus}/api/v1/{api}", params=parameters) as response:
            answer = await response.json()
        assert answer["status"] == "success", (parameters, answer)
        return answer["data"]

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """The result of an instant query."""
        result: list[dict[str, Any]] = (await self.ask("query", query=expression))["result"]
        return result

    async def post_alerts(self, alerts: list[dict[str, Any]]) -> None:
        """Hand alerts to Alertmanager, as Prometheus does."""
        async with self.session.post(f"{self.alertmanager}/api/v2/alerts", json=alerts) as response:
            assert response.status == 200, await response.text()

    async def held(self, **labels: str) -> list[dict[str, Any]]:
        """Alertmanager's alerts with these labels."""
        filters = [("filter", f'{name}="{value}"') for name, value in labels.items()]
        async with self.session.get(f"{self.alertmanager}/api/v2/alerts", params=filters) as response:
            alerts: list[dict[str, Any]] = await response.json()
        return alerts


@asynccontextmanager
async def running_stack(
    folder: Path, *scraped: str, slow: AbstractSet[str] = AS_SLOW_AS_EVER
) -> AsyncIterator[Stack]:
    """Everything between the exporters at these origins and the receiver, as long as the context lasts."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        parts = Stack(session)
        hook_url = await stack.enter_async_context(_receiver(parts.received))
        alertmanager = closed_port()
        parts.alertmanager = await stack.enter_async_context(
            _running(session, _alertmanager_command(folder, hook_url, alertmanager), alertmanager)
        )
        prometheus = closed_port()
        command = _prometheus_command(folder, scraped, parts.alertmanager, prometheus, slow)
        parts.prometheus = await stack.enter_async_context(_running(session, command, prometheus))
        yield parts


def _alertmanager_command(folder: Path, hook_url: str, port: int) -> list[str]:
    routes = hurried_routes((DEPLOY / "alertmanager" / "alertmanager.yml").read_text(), hook_url)
    config = _write(folder / "alertmanager.yml", routes)
    return [
        program("prometheus-alertmanager"),
        f"--config.file={config}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--cluster.listen-address=",
    ]


def _prometheus_command(
    folder: Path, scraped: Iterable[str], alertmanager: str, port: int, slow: AbstractSet[str]
) -> list[str]:
    for name in ("onedata-alerts.yml", "onedata-recording.yml"):
        rules = hurried_rules((DEPLOY / "prometheus" / "rules" / name).read_text(), slow)
        _write(folder / "rules" / name, rules)
    _write(folder / "rules" / "onedata-absent.yml", hurried_rules(_rule_of_the_absent()))
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    config["global"] = {key: sooner(interval) for key, interval in config["global"].items()}
    config["alerting"]["alertmanagers"][0]["static_configs"] = _at([alertmanager])
    config["scrape_configs"][0]["static_configs"] = _at(scraped)
    return [
        program("prometheus"),
        f"--config.file={_write(folder / 'prometheus.yml', config)}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--rules.alert.resend-delay=1s",
    ]


def _rule_of_the_absent() -> str:
    """The mixin's rule about a job of exporters that there is not."""
    groups = generate_alerts.render_mixin({"exporterSelector": f'job="{ABSENT_JOB}"'})["alerts"]["groups"]
    rules = [
        rule for group in groups for rule in group["rules"] if rule.get("alert") == "OnedataExporterAbsent"
    ]
    return yaml.safe_dump({"groups": [{"name": ABSENT_JOB, "rules": rules}]})


def _at(origins: Iterable[str]) -> list[dict[str, list[str]]]:
    return [{"targets": [urlsplit(origin).netloc for origin in origins]}]


def _write(file: Path, value: object) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(yaml.safe_dump(value), encoding="utf-8")
    return file


@asynccontextmanager
async def _receiver(received: list[Notification]) -> AsyncIterator[str]:
    async def note(request: web.Request) -> web.Response:
        message = await request.json()
        at = asyncio.get_running_loop().time()
        received.append(
            Notification(at, request.match_info["receiver"], message["status"], message["alerts"])
        )
        return web.Response()

    app = web.Application()
    app.router.add_post("/{receiver}", note)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, LOOPBACK, 0)
        await site.start()
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _running(session: aiohttp.ClientSession, command: list[str], port: int) -> AsyncIterator[str]:
    """A server, once it reports that it is ready; its origin."""
    origin = f"http://{LOOPBACK}:{port}"
    process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)

    async def ready() -> bool:
        assert process.returncode is None, f"{command[0]} has ended"
        with contextlib.suppress(aiohttp.ClientError):
            async with session.get(f"{origin}/-/ready") as response:
                return response.status == 200
        return False

    try:
        await eventually(ready, bool, _START_SECONDS)
        yield origin
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def promql_blocks(text: str) -> Iterator[str]:
    """The queries in a Markdown page: its ```promql blocks."""
    for block in re.findall(r"```promql\n(.*?)```", text, flags=re.DOTALL):
        yield block.strip()

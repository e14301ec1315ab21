"""A real Prometheus that has watched the real exporter watch simulated zones in faults of all kinds."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from exporter.simulator import INSTANT, Authority, Cluster, Fault, SimulatedZone
from exporter.simulator.cluster import DnsCheck, WebCertificate
from exporter.simulator.host_state import HostState, Worker
from tests.support.processes import ExporterProcess, target_of, write_config
from tests.support.programs import program
from tests.support.servers import closed_port
from tests.support.waiting import eventually

_RANGE_SECONDS = 60
_WELL_SCRAPES, _TROUBLED_SCRAPES = 4, 12
_STEP_SECONDS = 1

# A cluster of three hosts, each with something else.
_THREE_HOSTS = Cluster(
    name="Three Hosts",
    hosts=("host1.example", "host2.example", "host3.example"),
    host_states={
        "host2.example": HostState(worker=Worker.STOPPED),
        "host3.example": HostState(words={"databases": "unhealthy"}, modules={"gs_worker": "out_of_sync"}),
    },
    web_certificate=WebCertificate(status="near_expiration"),
    dns_check=DnsCheck(zone="bad_records"),
)


@dataclass(frozen=True, slots=True)
class Prometheus:
    """What it knew at a moment. `end` is that moment, in seconds since the epoch."""

    origin: str
    end: float = 0.0

    def get(self, page: str, **parameters: object) -> Any:
        """The data of an answer of its API; fails with Prometheus' message when it is an error."""
        address = f"{self.origin}/api/v1/{page}?{urllib.parse.urlencode(parameters, doseq=True)}"
        try:
            with urllib.request.urlopen(address, timeout=30) as response:  # noqa: S310 - our own Prometheus
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{error.read().decode()} to {parameters}") from None

    def ask(
        self, expr: str, *, instant: bool = True, **chosen: str
    ) -> list[tuple[dict[str, str], list[float]]]:
        """Labels and values of each series; `chosen` are values of variables, which else are 'All'."""
        query = interpolate(expr, chosen)
        if instant:
            answer = self.get("query", query=query, time=self.end)
        else:
            begin = self.end - _RANGE_SECONDS
            answer = self.get("query_range", query=query, start=begin, end=self.end, step=_STEP_SECONDS)
        return [
            (each["metric"], [float(value) for _at, value in each.get("values") or [each["value"]]])
            for each in answer["result"]
        ]


def interpolate(expr: str, chosen: Mapping[str, str]) -> str:
    """An expression as Grafana would send it, for a scrape interval of a second."""
    times = {"__rate_interval": "5s", "__interval": f"{_STEP_SECONDS}s", "__range": f"{_RANGE_SECONDS}s"}

    def value(match: re.Match[str]) -> str:
        own = {"owner": ".*", "site": ".*"}
        return {**times, **own, **chosen}.get(match[1] or match[2], ".+")

    return re.sub(r"\$(?:\{(\w+)[^}]*\}|(\w+))", value, expr)


@contextmanager
def prometheus(folder: Path, exporter_port: int) -> Iterator[Prometheus]:
    """A Prometheus that scrapes an exporter every second."""
    port = closed_port()
    config = folder / "prometheus.json"
    job = {"job_name": "onedata-exporter", "static_configs": [{"targets": [f"127.0.0.1:{exporter_port}"]}]}
    config.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}))
    command = (
        program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    log = (folder / "prometheus.log").open("wb")
    with log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield Prometheus(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


def _troubled(authority: Authority) -> dict[str, tuple[SimulatedZone, Fault | None]]:
    def zone(**options: Any) -> SimulatedZone:
        return SimulatedZone(authority=authority, timing=INSTANT, **options)

    return {
        "all-well": (zone(), None),
        "worker-stopped": (zone(), Fault.WORKER_STOPPED),
        "panel-stopped": (zone(), Fault.PANEL_STOPPED),
        "certificate-expired": (zone(), Fault.PROXY_CERTIFICATE_EXPIRED),
        "three-hosts": (zone(cluster=_THREE_HOSTS), None),
        "two-nodes": (zone(nodes=2), None),
    }


async def watch(folder: Path, seen_by: Any) -> float:
    """Let a Prometheus watch zones that are healthy at first, then in fault; the moment of its last scrape.

    `seen_by(port)` enters a Prometheus that scrapes this port of the exporter. The moment is that of a scrape
    which is stored: one that is under way as the exporter ends fails, and marks all series as ended at its begin.
    """
    authority = Authority()
    ca_file = authority.write_ca_file(folder / "ca.pem")
    async with AsyncExitStack() as stack:
        zones = _troubled(authority)
        targets = []
        for name, (zone, _trouble) in zones.items():
            await stack.enter_async_context(zone)
            auth = {"passphrase": zone.cluster.passphrase}
            targets.append({**target_of(zone, name), "auth": auth})
        targets[-1]["nodes"] = dict(zones["two-nodes"][0].node_addresses)
        config = write_config(folder / "onedata-exporter.json", targets, ca_file, _STEP_SECONDS)
        often = {"ONEDATA_EXPORTER_POLL__DETAILS_INTERVAL": "1s"}
        exporter = await stack.enter_async_context(ExporterProcess(config, environment=often))
        await exporter.metrics_when(lambda metrics: min(metrics.values("onedata_polls_total")) >= 1)
        database: Prometheus = seen_by(int(exporter.origin.rpartition(":")[2]))
        await _scraped(
            database, 'onedata_onepanel_up{target="worker-stopped",path="proxy"} == 1', _WELL_SCRAPES
        )
        exporter.signal(signal.SIGHUP)
        for zone, fault in zones.values():
            await zone.only(*([fault] if fault else []))
        await zones["two-nodes"][0].only(Fault.HOST_DOWN, node="node2")
        await _scraped(
            database, 'onedata_onepanel_up{target="worker-stopped",path="proxy"} == 0', _TROUBLED_SCRAPES
        )
        ((_labels, (last,)),) = replace(database, end=time.time()).ask("timestamp(up)")
        return last


async def _scraped(database: Prometheus, host_state: str, times: int) -> None:
    """Wait until so many scrapes have met a condition."""

    async def count() -> float:
        try:
            result = database.get("query", query=f"count_over_time(({host_state})[{_RANGE_SECONDS}s:1s])")[
                "result"
            ]
        except (OSError, AssertionError):
            return 0.0  # it is still starting
        return float(result[0]["value"][1]) if result else 0.0

    await eventually(count, lambda seen: seen >= times, 60.0)

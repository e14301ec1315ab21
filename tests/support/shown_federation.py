"""What the exporter shows of each fault of a federation: real exporters beside federations with several faults each."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from exporter.simulator import Authority, FederationFault, SimulatedFederation
from exporter.simulator.membership import Site
from exporter.targets import AccessPath
from tests.support.federation import configuration
from tests.support.forking import Ended
from tests.support.processes import ExporterProcess, Metrics, run_command

ZONE = "zone"
_PACE = {"interval": "3s", "details_interval": "4s", "timeout": "2900ms"}
_LIST_SECONDS = 2.0
# A list that lost most of its providers counts when three agree.
_LISTS = 4
_LISTED_AT = "onedata_discovery_last_success_timestamp_seconds"
_HELD = {"target": ZONE, "state": "held"}
_REQUESTS, _POLLS = "onedata_onepanel_requests_total", "onedata_polls_total"
_LAST_OF_DETAILS = "worker_report"


class Setting(NamedTuple):
    """A federation: its sites, those of them that are configured as targets too, and the faults of its members."""

    sites: tuple[str, ...]
    configured: tuple[str, ...]
    faults: tuple[tuple[FederationFault, str], ...]


class ShownFederation(NamedTuple):
    """What is shown of one federation, by the names of targets: JSON, pages, probes; and metrics and log of all.

    `held` are the metrics while a list was held, if one was. The log begins with the faults.
    """

    statuses: Mapping[str, Mapping[str, Any]]
    pages: Mapping[str, str]
    metrics: Metrics
    held: Metrics | None
    log: tuple[str, ...]
    probes: Mapping[str, Ended]


async def show_federations(
    folder: Path, authority: Authority, settings: Mapping[str, Setting], probed: Mapping[str, Sequence[str]]
) -> dict[str, ShownFederation]:
    """Show all at the same time. `probed` are the names that a probe of each is given."""
    shown = await asyncio.gather(
        *(_show(folder / name, authority, each, probed[name]) for name, each in settings.items())
    )
    return dict(zip(settings, shown, strict=True))


async def _show(
    folder: Path, authority: Authority, setting: Setting, probed: Collection[str]
) -> ShownFederation:
    sites = [Site(key, key, 50.0, 19.0) for key in setting.sites]
    async with AsyncExitStack() as stack:
        federation = await stack.enter_async_context(SimulatedFederation(authority=authority, sites=sites))
        config = _configure(folder, federation, setting.configured)
        exporter = await stack.enter_async_context(ExporterProcess(config))
        await exporter.metrics_when(partial(_is_well, len(sites)), 90.0)
        logged, began = len(exporter.log), time.time()
        for fault, member in setting.faults:
            await federation.set(fault, on=True, member=member)
        held = None
        if any(fault is FederationFault.LIST_EMPTIED for fault, _member in setting.faults):
            held = await exporter.metrics_when(
                lambda seen: seen.value("onedata_discovered_providers", **_HELD)
            )
        metrics = await _settle(exporter, began)
        _status, text = await exporter.get("/api/v1/targets")
        statuses = {each["name"]: each for each in json.loads(text)["targets"]}
        pages = {name: (await exporter.get(f"/targets/{name}"))[1] for name in statuses}
        commands = {name: await run_command("probe", name, config, "--format=nagios") for name in probed}
        return ShownFederation(statuses, pages, metrics, held, tuple(exporter.log[logged:]), commands)


def _configure(folder: Path, federation: SimulatedFederation, configured: Collection[str]) -> str:
    """Write the configuration; return the option that names it."""
    folder.mkdir()
    file = configuration(federation, folder, interval=f"{_LIST_SECONDS:g}s")
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    document["poll"] = _PACE
    for member in configured:
        origin = f"https://{federation.members[member].cluster.own_domain}"
        proxy, direct = (
            f"{origin}:{federation.ports[path]}" for path in (AccessPath.PROXY, AccessPath.DIRECT)
        )
        document["targets"].append({"name": member, "url": proxy, "direct_url": direct})
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return f"--config.file={file}"


def _is_well(providers: int, metrics: Metrics) -> bool:
    is_ok = list(metrics.diagnoses().values()) == ["ok"] * (providers + 1)
    return is_ok and metrics.total("onedata_provider_connected") == providers


async def _settle(exporter: ExporterProcess, began: float) -> Metrics:
    """Wait until the zone has listed its providers several times, and all targets have had their rounds since."""
    listed_at = began + _LISTS * _LIST_SECONDS
    listed = await exporter.metrics_when(
        lambda seen: (seen.value(_LISTED_AT, target=ZONE) or 0.0) > listed_at
    )
    await _count_two(exporter, listed.diagnoses(), _REQUESTS, operation=_LAST_OF_DETAILS)
    await _count_two(exporter, listed.diagnoses(), _POLLS)
    return await exporter.metrics()


async def _count_two(exporter: ExporterProcess, names: Collection[str], family: str, **labels: str) -> None:
    """Wait until a counter of all targets has grown by two."""
    before = await exporter.metrics()

    def have_grown(seen: Metrics) -> bool:
        counts = (
            (seen.total(family, target=each, **labels), before.total(family, target=each, **labels))
            for each in names
        )
        return all(now >= then + 2 for now, then in counts)

    await exporter.metrics_when(have_grown, 60.0)

"""Many clusters: a shard of ten thousand, and the discovery of a thousand providers from one zone."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path

from bench.contestants import Contestant, FarmProcess, address_of, exporter, write_exporter_config
from bench.farm import PROVIDERS, SERVER_NAME
from bench.machine import measured, peak_mib
from bench.measures import Figures, Ground

_ALL_TARGETS = 10_000
_SHARDS = 12
_USUAL_INTERVAL = 15.0
_LIST_INTERVAL = 20.0
_LISTS = 3
_YEAR_SECONDS = 365 * 86_400
_DEADLINE_SECONDS = 120.0


async def shard(ground: Ground) -> Figures:
    """Measure the first of twelve shards of 10,000 targets at the usual interval."""
    file = write_exporter_config(ground.folder / "shard.yml", ground.farm, _ALL_TARGETS, _USUAL_INTERVAL)
    _set(file, "shard", f"0/{_SHARDS}")
    async with exporter(file) as contestant:
        await asyncio.sleep(_USUAL_INTERVAL + 5.0)
        await contestant.get("/metrics")
        await ground.farm.record()
        with measured(contestant.pid) as span:
            await asyncio.sleep(2 * _USUAL_INTERVAL if ground.thorough else _USUAL_INTERVAL)
        record = await ground.farm.record()
        wire = await contestant.get("/metrics")
        targets = await _value(contestant, "onedata_exporter_targets")
        rounds = sum(port == ground.farm.direct for _address, port, _at in record["arrivals"])
        return {
            "targets": targets,
            "share": span.share,
            "rounds": rounds / targets / (span.seconds / _USUAL_INTERVAL),
            "peak_mib": peak_mib(contestant.pid),
            "wire_mb": len(wire) / 1e6,
        }


async def discovery(ground: Ground) -> Figures:
    """Measure how long a list of a thousand providers takes, and its CPU. Nothing else is due meanwhile."""
    file = _write_zone(ground.folder / "zone.yml", ground.farm)
    async with exporter(file) as contestant:
        began = time.monotonic()
        while await _value(contestant, "onedata_exporter_targets") < PROVIDERS:
            if time.monotonic() - began > _DEADLINE_SECONDS:
                raise RuntimeError("the providers were not discovered")
            await asyncio.sleep(0.1)
        found = time.monotonic() - began
        await asyncio.sleep(_LIST_INTERVAL)  # the first rounds of all providers
        await ground.farm.record()
        with measured(contestant.pid) as span:
            await asyncio.sleep(_LISTS * _LIST_INTERVAL)
        record = await ground.farm.record()
        lists = record["requests"] / (2 * PROVIDERS + 1)
        return {
            "found_seconds": found,
            "list_cpu": span.cpu / lists,
            "list_requests": 2 * PROVIDERS + 1,
            "peak_mib": peak_mib(contestant.pid),
        }


def _write_zone(file: Path, where: FarmProcess) -> Path:
    (file.parent / "token").write_text("token", encoding="ascii")
    never = {"interval": _YEAR_SECONDS, "details_interval": _YEAR_SECONDS}
    tls = {"ca_file": where.ca_file, "server_name": SERVER_NAME}
    zone = {
        "name": "zone",
        "url": f"https://{address_of(0)}:{where.proxy}",
        "direct_url": f"https://{address_of(0)}:{where.direct}",
        "auth": {"token_file": "token"},
        "poll": never,
        "discover": {
            "interval": _LIST_INTERVAL,
            "proxy_port": where.proxy,
            "direct_port": where.direct,
            "defaults": {"poll": never},
        },
    }
    document = {
        "web": {"listen_addresses": ["127.0.0.1:0"]},
        "defaults": {"tls": tls},
        "targets": [zone],
    }
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def _set(file: Path, key: str, value: object) -> None:
    document = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**document, key: value}), encoding="utf-8")


async def _value(contestant: Contestant, name: str) -> float:
    page = await contestant.get(f"/metrics?name[]={name}", plain=True)
    found = re.search(rf"^{name} (\S+)$", page.decode(), re.MULTILINE)
    return float(found[1]) if found else 0.0

"""One round of one target with the real client."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from exporter.client.client import Client
from exporter.diagnosis.checkup import Checkup
from exporter.diagnosis.conclusion import conclude
from exporter.operations import OPERATIONS
from exporter.operations.operation import Known
from exporter.reasons import Reason
from exporter.targets import AccessPath, Route, Schedule, Target, TlsOptions

PROXY = Route(AccessPath.PROXY)
DIRECT = Route(AccessPath.DIRECT)


def target_at(
    proxy_url: str, direct_url: str = "", ca_file: Path | None = None, timeout: float = 10.0
) -> Target:
    """A target with both paths at these origins (by default the same), polled without haste."""
    return Target(
        name="zone",
        url=proxy_url,
        proxy_url=proxy_url,
        direct_url=direct_url or proxy_url,
        tls=TlsOptions(ca_file=str(ca_file) if ca_file else ""),
        schedule=Schedule(interval=1.5 * timeout, timeout=timeout),
    )


async def poll(target: Target) -> Checkup:
    """A whole round; fails when the client reports a bug, or overstays the interval."""
    bugs: list[tuple[str, Exception]] = []
    client = Client(lambda where, error: bugs.append((where, error)))
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(target.schedule.interval + 2.0):
            visits = await client.poll(target, OPERATIONS, Known())
    finally:
        await client.close()
    assert not bugs, bugs
    return conclude(target, visits, 0.0, asyncio.get_running_loop().time() - began)


def reasons(checkup: Checkup) -> dict[AccessPath, dict[str, str]]:
    """Of each path and operation the reason of its failure, "ok", or why there is no outcome."""
    return {
        route.path: {
            seen.operation: str(seen.failure.reason if seen.failure else seen.not_learnt or "ok")
            for seen in visit.observations
        }
        for route, visit in checkup.visits.items()
    }


def everywhere(reason: Reason | str) -> dict[AccessPath, dict[str, str]]:
    """The same reason for both operations on both paths, as `reasons` gives it."""
    return {path: dict.fromkeys(("configuration", "health"), str(reason)) for path in AccessPath}


def with_tls(target: Target, **options: object) -> Target:
    """The target with other TLS options."""
    return replace(target, tls=replace(target.tls, **options))  # type: ignore[arg-type]  # names of fields

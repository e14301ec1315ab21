"""The simulated zones of the end to end test, the real exporter that watches them, and the alerts' receivers."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter.simulator import INSTANT, Authority, Cluster, SimulatedZone
from tests.alerts.faults import FaultCase
from tests.alerts.stack import AS_SLOW_AS_EVER, Stack, running_stack, subject
from tests.support.processes import LOOPBACK_ANY_PORT, ExporterProcess, target_of
from tests.support.waiting import eventually

_INTERVAL_SECONDS = 2.0
_WELL = Cluster()
_FIRING = 'ALERTS{alertstate="firing",alertname!="OnedataWatchdog"}'


@dataclass(frozen=True)
class Surveillance:
    """The zones by target, the exporter, and all that follows. Its files are in `folder`."""

    folder: Path
    zones: Mapping[str, SimulatedZone]
    exporter: ExporterProcess
    stack: Stack

    async def all_well(self) -> None:
        """Return once every zone is healthy for Prometheus."""

        def holds(result: list[dict[str, Any]]) -> bool:
            return {entry["metric"]["target"] for entry in result} == set(self.zones)

        expression = 'onedata_target_diagnosis{diagnosis="ok"} == 1'
        await eventually(lambda: self.stack.query(expression), holds, 30.0)

    async def cause(self, fault: FaultCase) -> None:
        """Break a zone, or what belongs to its target."""
        if fault.wrong_passphrase:
            _secret_file(self.folder, fault).write_text(fault.wrong_passphrase)
        await self.zones[fault.target].only(*fault.faults)
        await self.zones[fault.target].change(**fault.facts)

    async def mend(self, fault: FaultCase) -> None:
        """The opposite."""
        if fault.wrong_passphrase:
            _secret_file(self.folder, fault).write_text(_WELL.passphrase)
        await self.zones[fault.target].only()
        await self.zones[fault.target].change(**{key: getattr(_WELL, key) for key in fault.facts})

    @property
    def configuration(self) -> str:
        """The exporter's configuration file."""
        return _config_file(self.folder).read_text()

    def reload(self, configuration: str) -> None:
        """Have the exporter load another configuration."""
        _config_file(self.folder).write_text(configuration)
        self.exporter.signal(signal.SIGHUP)

    async def fires_only(self, expected: Mapping[str, str], besides: str = "") -> None:
        """Return once these alerts, by target (or job), are all that Prometheus holds as firing, besides one name."""

        async def firing() -> list[tuple[str, str]]:
            alerts = [entry["metric"] for entry in await self.stack.query(_FIRING)]
            names = [(subject(alert), alert["alertname"]) for alert in alerts]
            return sorted((about, name) for about, name in names if name != besides)

        await eventually(firing, lambda seen: seen == sorted(expected.items()), 30.0)


@asynccontextmanager
async def surveillance(
    folder: Path, faults: Iterable[FaultCase], *, slow: AbstractSet[str] = AS_SLOW_AS_EVER
) -> AsyncIterator[Surveillance]:
    """One zone for each fault, none of them broken yet, with everything up to the receiver, in this context.

    The alerts that are `slow` wait for as long as ever.
    """
    authority = Authority()
    ca_file = authority.write_ca_file(folder / "ca.pem")
    async with AsyncExitStack() as stack:
        zones = {
            fault.target: await stack.enter_async_context(SimulatedZone(authority=authority, timing=INSTANT))
            for fault in faults
        }
        config = {
            "poll": {"interval": _INTERVAL_SECONDS, "details_interval": _INTERVAL_SECONDS, "timeout": 1.9},
            "web": {"listen_addresses": [LOOPBACK_ANY_PORT]},
            "defaults": {"tls": {"ca_file": str(ca_file)}},
            "targets": [
                {**target_of(zones[fault.target], fault.target), **_keys(folder, fault)} for fault in faults
            ],
        }
        file = _config_file(folder)
        file.write_text(json.dumps(config))
        exporter = await stack.enter_async_context(ExporterProcess(f"--config.file={file}"))
        parts = await stack.enter_async_context(running_stack(folder, exporter.origin, slow=slow))
        yield Surveillance(folder, zones, exporter, parts)


def _keys(folder: Path, fault: FaultCase) -> Mapping[str, Any]:
    if not fault.wrong_passphrase:
        return fault.keys
    file = _secret_file(folder, fault)
    file.write_text(_WELL.passphrase)
    return {**fault.keys, "auth": {"passphrase_file": str(file)}}


def _config_file(folder: Path) -> Path:
    return folder / "onedata-exporter.yml"


def _secret_file(folder: Path, fault: FaultCase) -> Path:
    return folder / f"{fault.target}.passphrase"

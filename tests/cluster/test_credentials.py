"""Credentials in every situation: the right ones, wrong ones, and none that can be verified."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from exporter.simulator import INSTANT, Authority, Fault, SimulatedZone
from tests.cluster.reported import (
    PASSPHRASE,
    TOKEN,
    accepted,
    paths_with_credentials,
    served,
    statuses,
    with_auth,
)
from tests.support.processes import ExporterProcess, Metrics, write_config

HOST = ("127.0.0.1",)
EVERY_SECOND = {"ONEDATA_EXPORTER_POLL__DETAILS_INTERVAL": "1"}
EVERY_TWO_SECONDS = {"ONEDATA_EXPORTER_POLL__DETAILS_INTERVAL": "2"}
DETAILS_ROUNDS_MEANWHILE = 2

WRONG = "wrong-secret"
AUTH = {
    "token": {"token": TOKEN},
    "both": {"token": TOKEN, "passphrase": PASSPHRASE},
    "wrong-token": {"token": WRONG, "passphrase": PASSPHRASE},
    "expired-token": {"token": "simulated-expired-token"},
    "wrong-passphrase": {"passphrase": WRONG},
    "wrong-both": {"token": WRONG, "passphrase": WRONG},
}
# (token, passphrase) as accepted or rejected; None: not tried, or it could not be verified.
WHILE_THE_WORKER_RUNS = {
    "token": (1.0, None),
    "both": (1.0, None),
    "wrong-token": (0.0, 1.0),
    "expired-token": (0.0, None),
    "wrong-passphrase": (None, 0.0),
    "wrong-both": (0.0, 0.0),
}
WELL = {"token", "both", "wrong-token"}


def seen_accepted(metrics: Metrics) -> dict[str, tuple[float | None, float | None]]:
    verdicts = {name: accepted(metrics, name) for name in AUTH}
    return {name: (verdict["token"], verdict["passphrase"]) for name, verdict in verdicts.items()}


def with_services(metrics: Metrics, word: str) -> set[str]:
    """The targets whose worker is reported in this state, their manager being healthy."""
    return {
        name
        for name in AUTH
        if statuses(metrics, name, "worker", HOST) == [word]
        and statuses(metrics, name, "manager", HOST) == ["healthy"]
    }


async def test_accepted_credentials_and_their_details_depend_on_the_worker(
    config_file: Path, authority: Authority, ca_file: Path
) -> None:
    zones = {name: SimulatedZone(authority=authority, timing=INSTANT) for name in AUTH}
    async with AsyncExitStack() as stack:
        for zone in zones.values():
            await stack.enter_async_context(zone)
        targets = [with_auth(zone, name, **AUTH[name]) for name, zone in zones.items()]
        config = write_config(config_file, targets, ca_file, 2.0)
        exporter = await stack.enter_async_context(ExporterProcess(config, environment=EVERY_TWO_SECONDS))

        metrics = await exporter.metrics_when(lambda seen: seen_accepted(seen) == WHILE_THE_WORKER_RUNS)
        metrics = await exporter.metrics_when(lambda seen: with_services(seen, "healthy") == WELL)

        # A rejected credential stays rejected, and is not shown again in every round.
        before = {name: served(zone, "/nagios") for name, zone in zones.items()}
        metrics = await until(
            exporter,
            lambda _: all(
                served(zone, "/nagios") >= before[name] + DETAILS_ROUNDS_MEANWHILE
                for name, zone in zones.items()
            ),
            always=lambda seen: seen_accepted(seen) == WHILE_THE_WORKER_RUNS,
        )
        refused = {name: served(zone, "", 401) for name, zone in zones.items()}
        assert refused == {
            "token": 0,
            "both": 0,
            "wrong-token": 1,
            "expired-token": 1,
            "wrong-passphrase": 1,
            "wrong-both": 2,
        }

        for zone in zones.values():
            await zone.set(Fault.WORKER_STOPPED, on=True)
        metrics = await exporter.metrics_when(
            lambda seen: (
                with_services(seen, "stopped") == {"both", "wrong-token"}
                and all(seen.diagnosis(name) == "proxy_down" for name in AUTH)
                and seen_accepted(seen)["token"] == (None, None)
                and seen_accepted(seen)["both"] == (None, 1.0)
            )
        )
        assert statuses(metrics, "token", "worker", HOST) == [""]
        for name in AUTH:
            assert metrics.value("onedata_onepanel_up", target=name, path="direct") == 1.0
            assert metrics.value("onedata_onepanel_healthy", target=name, path="direct") == 1.0
        await _passphrase_goes_first(exporter, zones["both"])

        for zone in zones.values():
            await zone.set(Fault.WORKER_STOPPED, on=False)
        # A token that could not be verified gets its chance in the next round, not a minute later.
        await exporter.metrics_when(
            lambda seen: (
                with_services(seen, "healthy") == WELL
                and seen_accepted(seen)["token"] == (1.0, None)
                and seen_accepted(seen)["both"][0] == 1.0
            ),
            8.0,
        )
    for zone in zones.values():
        public = {"/api/v3/onepanel/configuration", "/api/v3/onepanel/health", "/nagios"}
        assert not paths_with_credentials(zone) & public


async def _passphrase_goes_first(exporter: ExporterProcess, zone: SimulatedZone) -> None:
    """While no service can verify a token, and the passphrase works."""

    async def rounds_go_by(count: int) -> None:
        end = served(zone, "/zone/managers", 200) + count
        await exporter.metrics_when(lambda _: served(zone, "/zone/managers", 200) >= end)

    await rounds_go_by(1)
    refused = served(zone, "/zone/managers", 503)
    assert refused > 0
    await rounds_go_by(2)
    assert served(zone, "/zone/managers", 503) == refused


async def until(
    exporter: ExporterProcess, holds: Callable[[Metrics], bool], always: Callable[[Metrics], bool]
) -> Metrics:
    """What /metrics shows once it holds, with every answer in between checked."""

    def poll(metrics: Metrics) -> bool:
        assert always(metrics)
        return holds(metrics)

    return await exporter.metrics_when(poll)


async def test_secret_files_are_read_again_when_they_change_and_only_another_secret_is_tried_at_once(
    config_file: Path, authority: Authority, ca_file: Path, tmp_path: Path
) -> None:
    file = tmp_path / "passphrase"
    file.write_text(f"{WRONG}\n")
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        targets = [with_auth(zone, "zone", passphrase_file=str(file))]
        config = write_config(config_file, targets, ca_file, 1.0)
        async with ExporterProcess(config, environment=EVERY_SECOND) as exporter:

            async def verdict_is(verdict: float | None) -> Metrics:
                return await exporter.metrics_when(
                    lambda seen: accepted(seen, "zone")["passphrase"] == verdict
                )

            await verdict_is(0.0)
            # Written anew with the same secret it is the same secret.
            file.unlink()
            file.write_text(f"{WRONG} \n")
            rounds = served(zone, "/nagios")
            await exporter.metrics_when(lambda _: served(zone, "/nagios") >= rounds + 2)
            assert served(zone, "", 401) == 1
            # Neither who asks for a round of their own shows it again, ...
            status, page = await exporter.get("/probe?target=zone")
            assert status == 200
            assert accepted(Metrics(page), "zone")["passphrase"] == 0.0
            assert served(zone, "", 401) == 1
            # ... nor a reload that changes another key.
            write_config(config_file, [{**targets[0], "labels": {"owner": "ops"}}], ca_file, 1.0)
            exporter.signal(signal.SIGHUP)
            await exporter.metrics_when(lambda seen: seen.value("onedata_target_info", owner="ops") == 1)
            rounds = served(zone, "/nagios")
            metrics = await exporter.metrics_when(lambda _: served(zone, "/nagios") >= rounds + 2)
            assert accepted(metrics, "zone")["passphrase"] == 0.0
            assert served(zone, "", 401) == 1

            file.write_text(f"{PASSPHRASE}\n")
            metrics = await verdict_is(1.0)
            assert statuses(metrics, "zone", "worker", HOST) == ["healthy"]

            file.unlink()
            metrics = await verdict_is(None)
            assert statuses(metrics, "zone", "worker", HOST) == [""]
            asked = served(zone, "/zone/workers")
            rounds = served(zone, "/nagios")
            await exporter.metrics_when(lambda _: served(zone, "/nagios") >= rounds + 2)
            assert served(zone, "/zone/workers") == asked

            file.write_text(PASSPHRASE)
            await verdict_is(1.0)

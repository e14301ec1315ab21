"""Shards as pods run them: the real exporter in processes with host names of their own."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from exporter.simulator import INSTANT, Authority, SimulatedZone
from tests.support.processes import ExporterProcess, run_command, target_of, write_config

_COUNT = 3
_NAMES = {f"oneprovider{number}.example.org" for number in range(24)}


async def test_three_pods_with_one_configuration_poll_every_target_once(
    authority: Authority, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        zone = await stack.enter_async_context(SimulatedZone(authority=authority, timing=INSTANT))
        ca_file = authority.write_ca_file(tmp_path / "ca.pem")
        targets = [target_of(zone, name) for name in sorted(_NAMES)]
        config = write_config(tmp_path / "exporter.yml", targets, ca_file, 3.0)
        shares = []
        for index in range(_COUNT):
            exporter = await stack.enter_async_context(
                ExporterProcess(config, f"--shard=auto/{_COUNT}", host_name=f"monitoring-exporter-r0-{index}")
            )
            metrics = await exporter.metrics()
            assert metrics.value("onedata_exporter_shard_info", index=str(index), count=str(_COUNT)) == 1
            shares.append(
                {each.labels["target"] for each in metrics.samples("onedata_poll_interval_seconds")}
            )
            assert metrics.value("onedata_exporter_targets") == len(shares[-1])
        assert all(shares), shares
        assert sorted(name for share in shares for name in share) == sorted(_NAMES)


@pytest.mark.parametrize(
    ("host", "what"), [("exporter", "without a number"), ("exporter-3", "with the number 3")]
)
async def test_a_host_name_without_a_fitting_number_ends_with_exit_code_2(host: str, what: str) -> None:
    ended = await run_command("--target=https://a.test", "--shard=auto/3", host_name=host)
    assert (ended.code, ended.out) == (2, "")
    assert (
        f"command line: shard: auto/3 needs a host name that ends with a number from 0 to 2, but {host!r} ends {what}"
        in ended.err
    )
    assert len(ended.err.splitlines()) == 1


async def test_a_pod_that_lost_the_value_of_its_shard_does_not_start() -> None:
    ended = await run_command("--target=https://a.test", environment={"ONEDATA_EXPORTER_SHARD": ""})
    assert ended.code == 2
    assert ended.err.startswith("environment: ONEDATA_EXPORTER_SHARD: must be INDEX/COUNT")

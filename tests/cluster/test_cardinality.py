"""Thousands of hosts with hostile names, in every answer: `/metrics` stays small and can be parsed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_classic

from exporter.exposition.text_format import TextFormat
from exporter.operations.limits import MAX_HOSTS, MAX_MODULES
from exporter.simulator import INSTANT, Authority, Cluster, HostState, Panel, SimulatedZone
from tests.cluster.polled_target import polled_zone, polling, target_at
from tests.support.processes import Metrics
from tests.support.programs import program

HERE = "127.0.0.1"
# Too many of them; and each is different for a machine, and alike or empty for a person.
HOSTILE = (
    'host"} 1\n# EOF\nonedata_onepanel_up{target="',
    "back\\slash\\",
    "nul\0nul",
    "\u202eright to left",
    "white \t\r\n space",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    " ",
    "\x1b[31mred",
    "x" * 10_000,
    "x" * 10_001,
)
HOSTS = (HERE, *HOSTILE, *(f"host{number:05}" for number in range(10_000)))
WORDS = {host: HostState(words=dict.fromkeys(("workers", "managers"), f"{host}\n")) for host in HOSTILE}
MODULES = {f"module{number}": "ok" for number in range(200)}
DROPPED = "onedata_exporter_label_values_dropped_total"


def check(page: str) -> None:
    """Promtool may find fault with a name, but not with the text."""
    done = subprocess.run(
        [program("promtool"), "check", "metrics"], input=page.encode(), capture_output=True, check=False
    )
    assert done.returncode in {0, 3}, done.stderr.decode()


def label_values(page: str, name: str) -> set[str]:
    return {
        sample.labels[name]
        for family in read_classic(page)
        for sample in family.samples
        if name in sample.labels
    }


@pytest.mark.parametrize("is_stopped", [False, True])
async def test_a_hundred_of_ten_thousand_hosts_are_exported_and_the_rest_counted(
    authority: Authority, ca_file: Path, *, is_stopped: bool
) -> None:
    host_states = {**WORDS, "host00001": HostState(panel=Panel.STOPPED if is_stopped else Panel.RUNNING)}
    async with (
        SimulatedZone(authority=authority, cluster=Cluster(hosts=HOSTS), timing=INSTANT) as zone,
        polling(target_at(zone, ca_file)) as polled,
    ):
        await zone.change(host_states=host_states)
        await zone.change_node("node1", modules={**MODULES})
        await polled.poll()
        page = await polled.page()
        check(page)
        assert list(read_openmetrics(await polled.page(TextFormat.OPENMETRICS)))  # type: ignore[no-untyped-call]  # the library's
        hosts = label_values(page, "host")
        assert len(hosts) == MAX_HOSTS
        assert all(host.isprintable() and len(host) <= 200 for host in hosts)
        assert len(label_values(page, "module")) <= MAX_MODULES
        metrics = Metrics(page)
        assert sum(metrics.values("onedata_onepanel_up", target="zone")) == 2.0
        dropped = metrics.total(DROPPED)
        assert dropped >= 3 * (len(HOSTS) - MAX_HOSTS)
        await polled.poll()
        assert (await polled.metrics()).total(DROPPED) == 2 * dropped


async def test_each_answer_naming_other_hosts_does_not_add_up(authority: Authority, ca_file: Path) -> None:
    async with polled_zone(authority, ca_file) as (zone, polled):
        for turn in range(3):
            await zone.change(hosts=(HERE, *(f"turn{turn}-{number}" for number in range(80))))
            await polled.poll()
            assert len(label_values(await polled.page(), "host")) == 81


async def test_facts_of_a_hostile_cluster_are_labels_like_any_other(
    authority: Authority, ca_file: Path
) -> None:
    cluster = Cluster(name=HOSTILE[0] * 1000, version="21.02.7\n\0", build='"' * 5000)
    async with (
        SimulatedZone(authority=authority, cluster=cluster, timing=INSTANT) as zone,
        polling(target_at(zone, ca_file)) as polled,
    ):
        await polled.poll()
        page = await polled.page()
        check(page)
        (name,) = {
            sample.labels["name"]
            for family in read_classic(page)
            for sample in family.samples
            if sample.name == "onedata_cluster_info"
        }
        assert len(name) <= 200

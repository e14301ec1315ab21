"""The compose stack, without an engine: its schema, its promises, and every configuration that it mounts."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from tests.support.commands import ROOT, succeed
from tests.support.mounts import bind_mounts, check_alertmanager, check_exporter, check_prometheus, lay_out
from tests.support.processes import DEMO, ExporterProcess
from tests.support.programs import program
from tests.support.servers import LOOPBACK, closed_port
from tests.support.waiting import eventually

FOLDER = ROOT / "deploy" / "compose"
STACK = yaml.safe_load((FOLDER / "compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
ALERT = {"alertname": "OnedataProxyPathDown", "severity": "critical", "target": "demo-zone"}


def of_profile(profile: str) -> set[str]:
    return {name for name, service in SERVICES.items() if profile in service["profiles"]}


def mounts(name: str) -> dict[str, Path]:
    return bind_mounts(SERVICES[name], FOLDER)


def test_the_files_follow_the_schema_of_compose() -> None:
    files = (FOLDER / "compose.yml", FOLDER / "compose.credentials.yml")
    succeed("check-jsonschema", "--builtin-schema", "vendor.compose-spec", *files)


def test_each_profile_is_a_whole_stack_and_the_real_one_is_the_default() -> None:
    assert of_profile("exporter") == {"exporter", "prometheus", "alertmanager", "grafana"}
    assert of_profile("demo") >= {"demo", "demo-prometheus", "demo-alertmanager", "demo-grafana"}
    assert of_profile("exporter") | of_profile("demo") == set(SERVICES)
    assert "COMPOSE_PROFILES=exporter\n" in (FOLDER / ".env").read_text()


@pytest.mark.parametrize("profile", ["exporter", "demo"])
def test_the_services_of_a_profile_find_one_another(profile: str) -> None:
    names = {name for name in of_profile(profile) if not name.startswith("demo")}
    for name in of_profile(profile):
        names |= set(SERVICES[name].get("networks", {}).get("default", {}).get("aliases", ()))
    hosts = {"exporter", "prometheus", "alertmanager"}
    for file in (
        source for name in of_profile(profile) for source in mounts(name).values() if source.is_file()
    ):
        hosts |= set(re.findall(r"([a-z-]+):(?:19443|9093|9090|8080)\b", file.read_text()))
    assert hosts <= names


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_hardened_pinned_and_seen_from_this_machine_alone(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    # Name and tag; the host is that of whoever runs it.
    assert re.fullmatch(r"([a-z-]+/)?[a-z-]+:(v?\d+\.\d+\.\d+|local)", service["image"]), service["image"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert service["healthcheck"].get("test") or service["healthcheck"] == {"disable": True}
    assert all(source.exists() for source in mounts(name).values())
    if service["image"].startswith("onedata-exporter:"):
        assert (service["user"], service["read_only"]) == ("65532:65532", True)


def test_no_file_of_the_stack_holds_a_secret() -> None:
    credentials = yaml.safe_load((FOLDER / "compose.credentials.yml").read_text())
    for document in (STACK, credentials):
        assert all(list(secret) == ["file"] for secret in document["secrets"].values())
        for service in document["services"].values():
            for variable in service.get("environment", {}):
                assert not re.search(r"(PASSWORD|PASSPHRASE|TOKEN)$", variable), variable


async def test_the_mounted_configuration_of_the_exporter_is_valid(tmp_path: Path) -> None:
    await check_exporter(lay_out(tmp_path, mounts("exporter")))


@pytest.mark.parametrize("name", ["prometheus", "demo-prometheus"])
def test_the_mounted_configuration_of_prometheus_is_valid(name: str, tmp_path: Path) -> None:
    check_prometheus(lay_out(tmp_path, mounts(name)))


@pytest.mark.parametrize("name", ["alertmanager", "demo-alertmanager"])
def test_the_mounted_configuration_of_alertmanager_is_valid(name: str, tmp_path: Path) -> None:
    check_alertmanager(lay_out(tmp_path, mounts(name)))


@pytest.mark.parametrize("name", ["grafana", "demo-grafana"])
def test_grafana_finds_its_data_source_and_every_dashboard(name: str, tmp_path: Path) -> None:
    root = lay_out(tmp_path, mounts(name))
    provisioning = root / "etc/grafana/provisioning"
    (provider,) = _only(provisioning / "dashboards")["providers"]
    dashboards = list((root / provider["options"]["path"].lstrip("/")).glob("*.json"))
    assert dashboards
    assert all(json.loads(file.read_text())["panels"] for file in dashboards)
    (source,) = _only(provisioning / "datasources")["datasources"]
    assert source["url"] == "http://prometheus:9090"


def _only(folder: Path) -> dict[str, Any]:
    (file,) = folder.glob("*.yml")
    document: dict[str, Any] = yaml.safe_load(file.read_text())
    return document


async def test_the_demo_breaks_the_proxy_path_of_the_simulated_zone() -> None:
    script, *_ = mounts("demo-breaks-proxy-path").values()
    async with ExporterProcess(*DEMO) as demo:
        await demo.metrics_when(lambda seen: seen.diagnosis("demo-zone") == "ok")
        output = await asyncio.to_thread(
            succeed, sys.executable, script / "break_proxy_path.py", demo.origin, "0"
        )
        assert "the worker was stopped" in output.lower()
        await demo.metrics_when(lambda seen: seen.diagnosis("demo-zone") == "proxy_down")


@asynccontextmanager
async def running(*command: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    try:
        yield process
    finally:
        process.terminate()
        await process.communicate()


async def test_the_demo_prints_what_alertmanager_sends(tmp_path: Path) -> None:
    printer_port, port = closed_port(), closed_port()
    configuration = tmp_path / "alertmanager.yml"
    (mounted,) = mounts("demo-alertmanager").values()
    configuration.write_text(
        mounted.read_text().replace("webhook-printer:8080", f"{LOOPBACK}:{printer_port}")
    )
    alertmanager = (
        program("prometheus-alertmanager"),
        f"--config.file={configuration}",
        f"--storage.path={tmp_path}",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--cluster.listen-address=",
    )
    printer = (sys.executable, str(FOLDER / "demo/webhook_printer.py"), f"{LOOPBACK}:{printer_port}")
    async with running(*printer) as printing, running(*alertmanager), aiohttp.ClientSession() as session:

        async def post() -> int:
            alert = {"labels": ALERT, "annotations": {"summary": "the proxy path is down"}}
            try:
                async with session.post(f"http://{LOOPBACK}:{port}/api/v2/alerts", json=[alert]) as answer:
                    return answer.status
            except aiohttp.ClientConnectionError:
                return 0

        await eventually(post, lambda status: status == 200)
        assert printing.stdout is not None
        async with asyncio.timeout(20):
            line = (await printing.stdout.readline()).decode().strip()
    assert line == "FIRING critical OnedataProxyPathDown demo-zone: the proxy path is down"

"""What the chart's schema refuses before anything is rendered, each with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.chart import refusal, render_with

SETTINGS = [
    ("replica=2", "replica"),
    ("image.tagg=1", "/image"),
    ("image.digest=sha256:1", "/image/digest"),
    ("image.pullPolicy=Sometimes", "/image/pullPolicy"),
    ("config.targets=null", "/config"),
    ("config.targets={}", "/config/targets"),
    ("config.web.listen_addresses={:1}", "/config/web/listen_addresses"),
    ("config.web.telemetry_path=/m", "/config/web/telemetry_path"),
    ("config.web.health_address=:1", "/config/web/health_address"),
    ("config.web.config_file=web.yml", "/config/web/config_file"),
    ("config.shard=0/3", "/config/shard"),
    ("serviceMonitor.endpoint.port=http", "/serviceMonitor/endpoint/port"),
    ("serviceMonitor.enabled=often", "/serviceMonitor/enabled"),
    ("serviceMonitor.interval=15", "/serviceMonitor/interval"),
    ("scrapeConfig.client.scheme=https", "/scrapeConfig/client/scheme"),
    ("shards=0", "/shards"),
    ("replicas=-1", "/replicas"),
    ("service.port=0", "/service/port"),
    ("service.type=External", "/service/type"),
    ("fullnameOverride=Not_A_Name", "/fullnameOverride"),
    ("secrets.files.a=b,secrets.existingSecret=c", "/secrets"),
    ("networkPolicy.egressPorts={https}", "/networkPolicy/egressPorts/0"),
    ("persistence.size=much", "/persistence/size"),
    (r"commonLabels.app\.kubernetes\.io/component=x", "/commonLabels"),
    ("extraEnv={A=B}", "/extraEnv/0"),
]
# The schema knows the configuration: it is generated from the same models as `config-schema`.
CONFIGURATIONS: list[tuple[dict[str, Any], str]] = [
    ({"poll": {"intervall": "15s"}}, "/config/poll"),
    ({"poll": {"interval": "15 s"}}, "/config/poll/interval"),
    ({"targets": [{"url": "http://my.zone.domain.org"}]}, "/config/targets/0/url"),
    ({"targets": [{"url": "http://x"}]}, "/config/targets/0/url"),
    ({"targets": [{"url": "ftp://my.zone.domain.org"}]}, "/config/targets/0/url"),
    ({"targets": [{"name": "my-zone"}]}, "/config/targets/0"),
    ({"targets": [{"url": "https://x.org", "tsl": {}}]}, "/config/targets/0"),
    ({"targets": [{"url": "https://x.org", "kind": "zone"}]}, "/config/targets/0/kind"),
    ({"targets": [{"url": "https://x.org", "auth": {"token": "T"}}]}, "/config/targets/0/auth/token"),
    (
        {"targets": [{"url": "https://x.org", "auth": {"passphrase": "P"}}]},
        "/config/targets/0/auth/passphrase",
    ),
    (
        {"targets": [{"url": "https://x.org", "discover": {"defaults": {"auth": {"token": "T"}}}}]},
        "/config/targets/0/discover",
    ),
    (
        {"targets": [{"url": "https://x.org", "discover": {"auth": {"ID": {"passphrase": "P"}}}}]},
        "/config/targets/0/discover",
    ),
    ({"defaults": {"auth": {"passphrase": "P"}}}, "/config/defaults/auth/passphrase"),
]


@pytest.mark.parametrize(("setting", "place"), SETTINGS)
def test_the_schema_refuses_a_value_and_names_its_place(setting: str, place: str) -> None:
    error = refusal("--set", setting)
    assert place in error
    assert "schema" in error


@pytest.mark.parametrize(("configuration", "place"), CONFIGURATIONS)
def test_the_schema_refuses_a_fault_of_the_configuration(
    configuration: dict[str, Any], place: str, tmp_path: Path
) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump({"config": configuration}))
    error = refusal("--values", str(file))
    assert f"'{place}'" in error
    assert "schema" in error


@pytest.mark.parametrize(
    "configuration",
    [
        {"targets": [{"url": "http://x", "allow_http": True}]},
        {"targets": [{"url": "http://x"}], "defaults": {"allow_http": True}},
        {"targets": [{"url": "https://[2001:db8::1]:8443/"}], "poll": {"interval": 15, "timeout": "1m30s"}},
        {"x-ours": {"owner": "ops"}, "targets": [{"url": "https://x.org", "labels": {"owner": "ops"}}]},
    ],
)
def test_the_schema_accepts_what_the_exporter_accepts(configuration: dict[str, Any], tmp_path: Path) -> None:
    assert render_with({"config": configuration}, tmp_path)["StatefulSet"]

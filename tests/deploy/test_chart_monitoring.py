"""What the chart gives to Prometheus and Grafana: scraping, rules and dashboards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.chart import (
    CHART,
    DASHBOARDS,
    FULL_NAME,
    RULES,
    only,
    refusal,
    render,
    render_with,
    values,
)
from tests.support.commands import succeed


def test_the_service_monitor_selects_one_service_and_names_the_job_as_the_rules_do() -> None:
    full = render(*values("full"))
    monitor = only(full, "ServiceMonitor")
    selector = monitor["spec"]["selector"]["matchLabels"].items()
    (service,) = (each for each in full["Service"] if selector <= each["metadata"]["labels"].items())
    assert service["metadata"]["name"] == "onedata-watcher"
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint == {
        "port": service["spec"]["ports"][0]["name"],
        "interval": "30s",
        "scrapeTimeout": "20s",
        "scheme": "http",
        "relabelings": [
            {"targetLabel": "job", "replacement": "onedata-exporter"},
            {"targetLabel": "site", "replacement": "krakow"},
        ],
        "metricRelabelings": [{"sourceLabels": ["__name__"], "regex": "python_.*", "action": "drop"}],
    }
    assert monitor["spec"]["sampleLimit"] == 1_000_000
    assert monitor["metadata"]["labels"]["release"] == "kube-prometheus-stack"


def test_a_service_monitor_in_another_namespace_selects_that_of_the_release() -> None:
    monitor = only(render(*values("full")), "ServiceMonitor")
    assert monitor["metadata"]["namespace"] == "monitoring"
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": ["default"]}
    own = only(render("--set", "serviceMonitor.enabled=true"), "ServiceMonitor")
    assert own["metadata"]["namespace"] == "default"
    assert set(own["spec"]) == {"selector", "endpoints"}


def test_pages_with_a_password_are_scraped_with_it() -> None:
    (endpoint,) = only(render(*values("guarded")), "ServiceMonitor")["spec"]["endpoints"]
    assert (endpoint["scheme"], endpoint["port"]) == ("https", "metrics")
    assert endpoint["basicAuth"]["username"] == {"name": "login", "key": "name"}


def test_the_scrape_config_asks_every_share_for_its_targets(tmp_path: Path) -> None:
    given = {"shards": 2, "replicas": 2, "scrapeConfig": {"enabled": True}}
    objects = render_with(given, tmp_path)
    config = only(objects, "ScrapeConfig")
    headless = only(objects, "StatefulSet", f"{FULL_NAME}-r0")["spec"]["serviceName"]
    assert [each["url"] for each in config["spec"]["httpSDConfigs"]] == [
        f"http://{FULL_NAME}-r0-{shard}.{headless}.default.svc:19443/api/v1/sd" for shard in range(2)
    ]
    assert config["metadata"]["namespace"] == "default"
    assert {key: value for key, value in config["spec"].items() if key != "httpSDConfigs"} == {
        "scrapeInterval": "1m",
        "scrapeTimeout": "10s",
        "relabelings": [{"targetLabel": "job", "replacement": "onedata-probe"}],
    }


def test_the_scrape_config_has_all_of_its_values() -> None:
    config = only(render(*values("full")), "ScrapeConfig")
    assert config["metadata"]["namespace"] == "monitoring"
    assert config["metadata"]["labels"]["release"] == "kube-prometheus-stack"
    spec = config["spec"]
    discovery = spec.pop("httpSDConfigs")
    assert [each["url"].partition("://")[0] for each in discovery] == ["https"] * 3
    assert all(each["tlsConfig"] == {"serverName": "onedata-exporter"} for each in discovery)
    assert spec == {
        "scrapeInterval": "2m",
        "scrapeTimeout": "30s",
        "scheme": "HTTPS",
        "tlsConfig": {"serverName": "onedata-exporter"},
        "sampleLimit": 1_000_000,
        "relabelings": [
            {"targetLabel": "job", "replacement": "onedata-probe"},
            {"sourceLabels": ["__meta_onedata_kind"], "targetLabel": "kind"},
        ],
        "metricRelabelings": [{"sourceLabels": ["__name__"], "regex": "python_.*", "action": "drop"}],
    }


@pytest.mark.parametrize("job", ["serviceMonitor", "scrapeConfig"])
@pytest.mark.parametrize(
    ("interval", "timeout"), [("15s", "16s"), ("1m30s", "91s"), ("900ms", "1s"), ("1h", "61m")]
)
def test_a_scrape_longer_than_its_interval_is_refused_in_a_sentence(
    job: str, interval: str, timeout: str
) -> None:
    output = refusal("--set", f"{job}.enabled=true,{job}.interval={interval},{job}.scrapeTimeout={timeout}")
    assert f"{job}.scrapeTimeout ({timeout}) is longer than {job}.interval ({interval})" in output
    assert "Shorten the timeout or lengthen the interval." in output


@pytest.mark.parametrize(
    ("interval", "timeout"), [("15s", "15s"), ("1m30s", "90s"), ("1h", "59m"), ("1m", "60000ms")]
)
def test_a_scrape_as_long_as_its_interval_is_accepted(interval: str, timeout: str) -> None:
    given = f"serviceMonitor.enabled=true,serviceMonitor.interval={interval},serviceMonitor.scrapeTimeout={timeout}"
    (endpoint,) = only(render("--set", given), "ServiceMonitor")["spec"]["endpoints"]
    assert endpoint["scrapeTimeout"] == timeout


def test_the_operator_selects_the_rules_by_their_labels() -> None:
    labels = only(render(*values("full")), "PrometheusRule")["metadata"]["labels"]
    assert labels["release"] == "kube-prometheus-stack"


def test_the_dashboards_are_those_of_the_project() -> None:
    carried = {
        name: json.loads(text)
        for each in render(*values("full"))["ConfigMap"]
        for name, text in each.get("data", {}).items()
        if each["metadata"].get("labels", {}).get("grafana_dashboard") == "1"
    }
    assert DASHBOARDS
    assert carried == {file.name: json.loads(file.read_text()) for file in DASHBOARDS}


def once_for_all(release: str, *arguments: str) -> set[str]:
    """The kinds of what a release renders for all releases."""
    objects = render(
        "--set", "prometheusRule.enabled=true,dashboards.enabled=true", *arguments, release=release
    )
    dashboards = [each for each in objects["ConfigMap"] if "dashboard" in each["metadata"]["name"]]
    return {*({"PrometheusRule"} & set(objects)), *(["dashboards"] if dashboards else [])}


def test_of_several_releases_with_the_same_values_one_renders_rules_and_dashboards() -> None:
    owner = ("--set", "ownerRelease=first")
    assert once_for_all("first", *owner) == {"PrometheusRule", "dashboards"}
    assert once_for_all("second", *owner) == set()
    assert once_for_all("second") == {"PrometheusRule", "dashboards"}


def test_the_notes_name_the_scrape_job_of_the_rules_and_the_release_that_renders_them() -> None:
    output = succeed("helm", "install", "release", CHART, "--dry-run=client")
    assert "add a scrape job\nnamed onedata-exporter" in output
    assert any('job="onedata-exporter"' in file.read_text() for file in RULES)
    output = succeed("helm", "install", "release", CHART, "--dry-run=client", "--set", "ownerRelease=other")
    assert "The release other renders alert rules and dashboards for all releases." in output

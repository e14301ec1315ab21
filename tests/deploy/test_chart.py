"""The Helm chart: linted, rendered with default and full values, and every rendered object validated."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from exporter import __version__
from tests.support.commands import ROOT, run, succeed
from tests.support.mounts import check_exporter
from tests.support.processes import run_command

CHART = ROOT / "deploy" / "helm" / "onedata-exporter"
FULL = Path(__file__).with_name("full-values.yaml")
GUARDED = Path(__file__).with_name("guarded-values.yaml")
VALUES = {"default": (), "full": ("--values", str(FULL)), "guarded": ("--values", str(GUARDED))}
RULES = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"))
DASHBOARDS = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
OF_THE_OPERATOR = {"ServiceMonitor", "PrometheusRule"}

Objects: TypeAlias = dict[str, list[dict[str, Any]]]


def render(*arguments: str) -> Objects:
    """The rendered objects by kind."""
    found: Objects = {}
    for each in yaml.safe_load_all(succeed("helm", "template", "release", CHART, *arguments)):
        if each is not None:
            found.setdefault(each["kind"], []).append(each)
    return found


@pytest.fixture(scope="module")
def full() -> Objects:
    return render(*VALUES["full"])


def only(objects: Objects, kind: str) -> dict[str, Any]:
    (found,) = objects[kind]
    return found


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_helm_lint_finds_no_fault(values: tuple[str, ...]) -> None:
    succeed("helm", "lint", "--strict", CHART, *values)


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_every_rendered_object_is_what_kubernetes_expects(values: tuple[str, ...], tmp_path: Path) -> None:
    for kind, objects in render(*values).items():
        for number, each in enumerate(objects):
            if kind not in OF_THE_OPERATOR:
                file = tmp_path / f"{kind}-{number}.yaml"
                file.write_text(yaml.safe_dump(each))
    files = sorted(tmp_path.iterdir())
    said = run("kubernetes-validate", "--strict", *files)
    assert said.returncode == 0, said.stdout + said.stderr
    # An unknown kind would only be warned of.
    assert "WARN" not in (said.stdout + said.stderr).upper(), said.stdout + said.stderr


def test_the_defaults_make_the_exporter_and_nothing_that_needs_more_than_kubernetes() -> None:
    assert {kind: len(objects) for kind, objects in render().items()} == {
        "ServiceAccount": 1,
        "ConfigMap": 1,
        "Service": 1,
        "Deployment": 1,
    }


def test_the_full_values_make_every_kind_of_object(full: Objects) -> None:
    assert {kind: len(objects) for kind, objects in full.items()} == {
        "NetworkPolicy": 1,
        "PodDisruptionBudget": 1,
        "ServiceAccount": 1,
        "Secret": 1,
        "ConfigMap": 1 + len(DASHBOARDS),
        "Service": 1,
        "Deployment": 1,
        "ServiceMonitor": 1,
        "PrometheusRule": 1,
    }


def test_the_full_values_use_every_value_of_the_chart() -> None:
    known, used = (yaml.safe_load(file.read_text()) for file in (CHART / "values.yaml", FULL))
    assert set(known) == set(used)
    groups = {key: value for key, value in known.items() if isinstance(value, dict)}
    unused = {f"{group}.{key}" for group, value in groups.items() for key in value if key not in used[group]}
    assert unused == {"secrets.existingSecret", "resources.requests"}


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_the_pod_is_restricted(values: tuple[str, ...]) -> None:
    objects = render(*values)
    pod = only(objects, "Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 65532
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False
    assert only(objects, "ServiceAccount")["automountServiceAccountToken"] is False
    port = container["ports"][-1]["name"]
    assert container["livenessProbe"]["httpGet"] == {"path": "/-/healthy", "port": port}
    assert container["readinessProbe"]["httpGet"] == {"path": "/-/ready", "port": port}


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
async def test_the_mounted_configuration_is_valid(values: tuple[str, ...], tmp_path: Path) -> None:
    objects = render(*values)
    (container,) = only(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    places = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for secret in objects.get("Secret", ()):
        for name, text in secret["stringData"].items():
            (secrets / name).write_text(text)
    (configuration,) = (
        each["data"] for each in objects["ConfigMap"] if "onedata-exporter.yml" in each["data"]
    )
    place = tmp_path / places["config"].lstrip("/")
    place.mkdir(parents=True)
    text = configuration["onedata-exporter.yml"].replace(places.get("secrets", "/none"), str(secrets))
    (place / "onedata-exporter.yml").write_text(text)
    assert f"--config.file={places['config']}/onedata-exporter.yml" in container["args"]
    await check_exporter(tmp_path)


def test_another_configuration_makes_other_pods_and_the_same_one_does_not() -> None:
    def annotations(*arguments: str) -> dict[str, str]:
        template = only(render(*arguments), "Deployment")["spec"]["template"]
        found: dict[str, str] = template["metadata"]["annotations"]
        return found

    assert annotations() == annotations()
    assert annotations() != annotations("--set", "config.poll.interval=20s")


def test_an_existing_secret_is_mounted_and_none_is_made() -> None:
    objects = render("--set", "secrets.existingSecret=mine")
    assert "Secret" not in objects
    volumes = only(objects, "Deployment")["spec"]["template"]["spec"]["volumes"]
    assert {"name": "secrets", "secret": {"secretName": "mine", "defaultMode": 0o440}} in volumes


def test_the_rules_are_those_of_the_project(full: Objects, tmp_path: Path) -> None:
    spec = only(full, "PrometheusRule")["spec"]
    assert RULES
    assert spec == {
        "groups": [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]
    }
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump(spec))
    succeed("promtool", "check", "rules", file)


def test_the_dashboards_are_those_of_the_project(full: Objects) -> None:
    carried = {
        name: json.loads(text)
        for each in full["ConfigMap"]
        for name, text in each["data"].items()
        if each["metadata"]["labels"].get("grafana_dashboard") == "1"
    }
    assert DASHBOARDS
    assert carried == {file.name: json.loads(file.read_text()) for file in DASHBOARDS}


def test_the_service_monitor_leads_to_the_service_and_names_the_job_as_the_rules_do(full: Objects) -> None:
    monitor, service = only(full, "ServiceMonitor"), only(full, "Service")
    assert monitor["apiVersion"] == only(full, "PrometheusRule")["apiVersion"] == "monitoring.coreos.com/v1"
    assert set(monitor["spec"]) == {"selector", "endpoints"}
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint == {
        "port": service["spec"]["ports"][0]["name"],
        "interval": "30s",
        "scrapeTimeout": "20s",
        "scheme": "http",
        "relabelings": [{"targetLabel": "job", "replacement": "onedata-exporter"}],
    }
    assert monitor["metadata"]["labels"]["release"] == "prometheus"


async def test_pages_with_passwords_have_a_port_of_their_own_for_the_probes(tmp_path: Path) -> None:
    guarded = render("--values", str(GUARDED))
    (container,) = only(guarded, "Deployment")["spec"]["template"]["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"metrics": 19443, "health": 19444}
    probes = (container["livenessProbe"], container["readinessProbe"])
    assert [probe["httpGet"]["port"] for probe in probes] == ["health", "health"]
    (endpoint,) = only(guarded, "ServiceMonitor")["spec"]["endpoints"]
    assert (endpoint["scheme"], endpoint["port"]) == ("https", "metrics")
    text = only(guarded, "ConfigMap")["data"]["onedata-exporter.yml"]
    for name, content in only(guarded, "Secret")["stringData"].items():
        (tmp_path / name).write_text(content)
    file = tmp_path / "onedata-exporter.yml"
    file.write_text(text.replace("/run/secrets/onedata-exporter", str(tmp_path)))
    assert yaml.safe_load(text)["web"]["health_address"] == f":{ports['health']}"
    checked = await run_command("check-config", f"--config.file={file}")
    assert checked.code == 0, checked.stderr


def test_every_selector_selects_the_pods(full: Objects) -> None:
    labels = only(full, "Deployment")["spec"]["template"]["metadata"]["labels"].items()
    assert only(full, "Service")["spec"]["selector"].items() <= labels
    assert only(full, "Deployment")["spec"]["selector"]["matchLabels"].items() <= labels
    assert only(full, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"].items() <= labels
    assert only(full, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"].items() <= labels


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        ("replica=2", "replica"),
        ("image.tagg=1", "/image"),
        ("config.targets=null", "/config"),
        ("config.targets={}", "/config/targets"),
        ("config.targets[0].url=ftp://my.zone.domain.org", "/config/targets/0/url"),
        ("config.web.listen_addresses={:1}", "/config/web/listen_addresses"),
        ("config.web.telemetry_path=/m", "/config/web/telemetry_path"),
        ("config.web.health_address=:1", "/config/web/health_address"),
        ("config.web.config_file=web.yml", "/config/web/config_file"),
        ("serviceMonitor.endpoint.port=http", "/serviceMonitor/endpoint/port"),
        ("replicas=-1", "/replicas"),
        ("service.port=0", "/service/port"),
        ("service.type=External", "/service/type"),
        ("serviceMonitor.enabled=often", "/serviceMonitor/enabled"),
        ("serviceMonitor.interval=15", "/serviceMonitor/interval"),
        ("image.pullPolicy=Sometimes", "/image/pullPolicy"),
        ("fullnameOverride=Not_A_Name", "/fullnameOverride"),
        ("secrets.files.a=b,secrets.existingSecret=c", "/secrets"),
        ("networkPolicy.egressPorts={https}", "/networkPolicy/egressPorts/0"),
    ],
)
def test_the_schema_refuses_a_value_and_says_where(setting: str, place: str) -> None:
    refused = run("helm", "template", "release", CHART, "--set", setting)
    assert refused.returncode != 0
    assert place in refused.stderr
    assert "schema" in refused.stderr


def test_the_notes_name_every_target() -> None:
    said = succeed("helm", "install", "release", CHART, "--dry-run=client", *VALUES["full"])
    notes = said.partition("NOTES:")[2]
    assert "2 targets" in notes
    assert "https://krakow.provider.domain.org" in notes
    assert "port-forward service/onedata-watcher 19443:8080" in notes


def test_the_notes_name_the_scrape_job_that_the_rules_look_for() -> None:
    said = succeed("helm", "install", "release", CHART, "--dry-run=client")
    assert "add a scrape job\nnamed onedata-exporter" in said
    assert any('job="onedata-exporter"' in file.read_text() for file in RULES)


def test_the_packaged_chart_carries_rules_and_dashboards_themselves(tmp_path: Path) -> None:
    succeed("helm", "package", "--destination", tmp_path, CHART)
    with tarfile.open(tmp_path / f"onedata-exporter-{__version__}.tgz") as archive:
        carried = {Path(each.name).name for each in archive.getmembers() if each.isfile()}
    assert {file.name for file in (*RULES, *DASHBOARDS)} <= carried


def test_the_chart_is_of_the_version_of_the_exporter() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)

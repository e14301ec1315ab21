"""The Helm chart as a whole: linted, rendered with each file of values, and every rendered object validated."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
import yaml

from exporter import __version__
from tests.support.chart import (
    CHART,
    CI_VALUES,
    DASHBOARDS,
    configuration_of,
    only,
    pod_of,
    render,
    values,
)
from tests.support.commands import ROOT, run, succeed
from tests.support.mounts import check_exporter

OF_THE_OPERATOR = {"ServiceMonitor", "ScrapeConfig", "PrometheusRule"}
EVERY = pytest.mark.parametrize("name", ["default", *CI_VALUES])


@EVERY
def test_helm_lint_finds_no_fault(name: str) -> None:
    assert "[INFO]" not in succeed("helm", "lint", "--strict", CHART, *values(name))


@EVERY
def test_every_rendered_object_is_valid_for_kubernetes(name: str, tmp_path: Path) -> None:
    for kind, objects in render(*values(name)).items():
        for number, each in enumerate(objects):
            if kind not in OF_THE_OPERATOR:
                file = tmp_path / f"{kind}-{number}.yaml"
                file.write_text(yaml.safe_dump(each))
    files = sorted(tmp_path.iterdir())
    finished = run("kubernetes-validate", "--strict", *files)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    # An unknown kind would only cause a warning.
    assert "WARN" not in (finished.stdout + finished.stderr).upper(), finished.stdout + finished.stderr


@EVERY
def test_no_two_objects_have_the_same_name(name: str) -> None:
    for objects in render(*values(name)).values():
        names = [(each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects]
        assert len(set(names)) == len(names)


def test_the_defaults_render_nothing_that_needs_more_than_kubernetes() -> None:
    assert {kind: len(objects) for kind, objects in render().items()} == {
        "ServiceAccount": 1,
        "ConfigMap": 1,
        "Service": 2,
        "StatefulSet": 1,
        "Pod": 1,
    }


def test_the_full_values_render_every_kind_of_object() -> None:
    assert {kind: len(objects) for kind, objects in render(*values("full")).items()} == {
        "NetworkPolicy": 1,
        "PodDisruptionBudget": 1,
        "ServiceAccount": 1,
        "Secret": 1,
        "ConfigMap": 1 + len(DASHBOARDS) + 2,
        "Service": 2,
        "StatefulSet": 2,
        "Pod": 1,
        "ServiceMonitor": 1,
        "ScrapeConfig": 1,
        "PrometheusRule": 1,
    }


def test_the_full_values_set_every_value_of_the_chart() -> None:
    known, used = (yaml.safe_load(file.read_text()) for file in (CHART / "values.yaml", CI_VALUES["full"]))
    assert set(known) == set(used)
    groups = {key: value for key, value in known.items() if isinstance(value, dict)}
    unused = {f"{group}.{key}" for group, value in groups.items() for key in value if key not in used[group]}
    assert unused == {"secrets.existingSecret", "resources.requests", "podSecurityContext.runAsGroup"}


@EVERY
def test_every_pod_is_restricted(name: str) -> None:
    objects = render(*values(name))
    for pod in (*map(pod_of, objects["StatefulSet"]), only(objects, "Pod")["spec"]):
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
    assert all(
        account["automountServiceAccountToken"] is False for account in objects.get("ServiceAccount", ())
    )


@pytest.mark.parametrize("name", ["default", "full", "guarded", "shards"])
async def test_the_mounted_configuration_is_valid(name: str, tmp_path: Path) -> None:
    objects = render(*values(name))
    (container,) = pod_of(objects["StatefulSet"][0])["containers"]
    places = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for secret in objects.get("Secret", ()):
        for key, text in secret["stringData"].items():
            (secrets / key).write_text(text)
    place = tmp_path / places["config"].lstrip("/")
    place.mkdir(parents=True)
    text = configuration_of(objects).replace(places.get("secrets", "/none"), str(secrets))
    (place / "onedata-exporter.yml").write_text(text)
    assert f"--config.file={places['config']}/onedata-exporter.yml" in container["args"]
    await check_exporter(tmp_path)


def test_the_packaged_chart_contains_rules_and_dashboards_and_no_tests(tmp_path: Path) -> None:
    succeed("helm", "package", "--destination", tmp_path, CHART)
    with tarfile.open(tmp_path / f"onedata-exporter-{__version__}.tgz") as archive:
        files = {Path(each.name) for each in archive.getmembers() if each.isfile()}
    assert {"rules.yml", *(file.name for file in DASHBOARDS)} <= {file.name for file in files}
    assert not any("ci" in file.parts for file in files)


def test_the_chart_has_the_version_of_the_exporter() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)


def test_the_chart_names_its_maintainers_and_sources() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["maintainers"]
    assert all(each["name"] and each["url"].startswith("https://") for each in chart["maintainers"])
    assert chart["home"] in chart["sources"]
    assert chart["annotations"]["artifacthub.io/category"] == "monitoring-logging"
    for key in ("artifacthub.io/links", "artifacthub.io/recommendations"):
        assert all(each["url"].startswith("https://") for each in yaml.safe_load(chart["annotations"][key]))
    icon = ROOT / chart["icon"].partition("/main/")[2]
    assert icon.read_text().startswith("<svg ")

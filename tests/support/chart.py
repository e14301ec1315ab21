"""The Helm chart of the project, rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import yaml

from tests.support.commands import ROOT, run, succeed

CHART = ROOT / "deploy" / "helm" / "onedata-exporter"
CI_VALUES = {file.name.removesuffix("-values.yaml"): file for file in sorted((CHART / "ci").glob("*.yaml"))}
RULES = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"))
DASHBOARDS = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
FULL_NAME = "release-onedata-exporter"

Mapping: TypeAlias = dict[str, Any]
Objects: TypeAlias = dict[str, list[Mapping]]


def values(name: str) -> tuple[str, ...]:
    """The arguments that render the chart with one of its files of values; `default`: with none of them."""
    return () if name == "default" else ("--values", str(CI_VALUES[name]))


def render(*arguments: str, release: str = "release") -> Objects:
    """The rendered objects by kind."""
    found: Objects = {}
    for each in yaml.safe_load_all(succeed("helm", "template", release, CHART, *arguments)):
        if each is not None:
            found.setdefault(each["kind"], []).append(each)
    return found


def render_with(given: Mapping, folder: Path) -> Objects:
    """The objects that are rendered with some values, written to a file in a folder."""
    file = folder / "values.yaml"
    file.write_text(yaml.safe_dump(given))
    return render("--values", str(file))


def refusal(*arguments: str) -> str:
    """What helm reports when it refuses to render."""
    refused = run("helm", "template", "release", CHART, *arguments)
    assert refused.returncode != 0, refused.stdout
    return refused.stderr


def only(objects: Objects, kind: str, name: str = "") -> Mapping:
    """The one object of a kind, or of a kind and a name."""
    (found,) = (each for each in objects[kind] if name in {"", each["metadata"]["name"]})
    return found


def pod_of(workload: Mapping) -> Mapping:
    """The pod that a StatefulSet makes."""
    pod: Mapping = workload["spec"]["template"]["spec"]
    return pod


def container_of(objects: Objects) -> Mapping:
    """The container of the first StatefulSet."""
    container: Mapping = pod_of(objects["StatefulSet"][0])["containers"][0]
    return container


def configuration_of(objects: Objects) -> str:
    """The text of the configuration file."""
    (text,) = (
        each["data"]["onedata-exporter.yml"]
        for each in objects["ConfigMap"]
        if "onedata-exporter.yml" in each.get("data", {})
    )
    assert isinstance(text, str)
    return text

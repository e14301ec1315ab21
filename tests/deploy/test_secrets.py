"""README's table of secrets: in every environment the file is mounted where the configuration names it."""

from __future__ import annotations

import re

import yaml

from tests.support.commands import ROOT, succeed

DEPLOY = ROOT / "deploy"


def rows() -> dict[str, tuple[str, str]]:
    """Of each environment in README's table: where the secret is put, and what `passphrase_file` names."""
    found = re.findall(
        r"^\| \[?([\w ]+)(?:\]\(\S+\))?[^|]* \| `([^`]+)`[^|]* \| `([^`]+)` \|$",
        (ROOT / "README.md").read_text(),
        re.MULTILINE,
    )
    return {environment: (place, path) for environment, place, path in found}


def test_the_systemd_unit_passes_the_secret_under_the_path_of_the_table() -> None:
    place, path = rows()["systemd"]
    folder, _, name = place.rpartition("/")
    unit = (DEPLOY / "systemd" / "onedata-exporter.service").read_text()
    assert f"LoadCredential=secrets:{folder}\n" in unit
    assert path == f"/run/credentials/onedata-exporter.service/secrets_{name}"
    assert path in (DEPLOY / "systemd" / "onedata-exporter-as-service").read_text().replace(
        "$credentials/secrets_${file##*/}", path
    )


def test_compose_mounts_the_secret_under_the_path_of_the_table() -> None:
    place, path = rows()["Docker Compose"]
    document = yaml.safe_load((DEPLOY / "compose" / "compose.credentials.yml").read_text())
    ((name, secret),) = document["secrets"].items()
    assert place == f"deploy/compose/{secret['file'].removeprefix('./')}"
    assert path == f"/run/secrets/{name}"
    assert path in document["services"]["exporter"]["environment"].values()


def test_the_chart_mounts_the_secret_under_the_path_of_the_table() -> None:
    name, path = rows()["Kubernetes"]
    rendered = succeed(
        *("helm", "template", "name", DEPLOY / "helm" / "onedata-exporter"),
        *("--set", f"secrets.files.{name}=x", "--set", f"config.defaults.auth.passphrase_file={path}"),
    )
    pods = [
        each
        for each in yaml.safe_load_all(rendered)
        if each and each["kind"] in {"StatefulSet", "Deployment"}
    ]
    (container,) = pods[0]["spec"]["template"]["spec"]["containers"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert f"{mounts['secrets']}/{name}" == path

"""Each value of the chart has its effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.chart import (
    CHART,
    FULL_NAME,
    Objects,
    configuration_of,
    container_of,
    only,
    pod_of,
    render,
    render_with,
    values,
)
from tests.support.commands import succeed
from tests.support.processes import run_command

DIGEST = f"sha256:{'0123456789abcdef' * 4}"


def at(place: str, value: Any) -> Any:
    """What is found at a place of a structure: `spec.containers.0.image`."""
    for part in place.split("."):
        value = value[int(part)] if isinstance(value, list) else value.get(part)
    return value


POD = [
    ({"podLabels": {"team": "ops"}}, "metadata.labels.team", "ops"),
    ({"podAnnotations": {"a": "b"}}, "metadata.annotations.a", "b"),
    ({"imagePullSecrets": [{"name": "pull"}]}, "spec.imagePullSecrets", [{"name": "pull"}]),
    ({"nodeSelector": {"disk": "ssd"}}, "spec.nodeSelector", {"disk": "ssd"}),
    ({"tolerations": [{"operator": "Exists"}]}, "spec.tolerations", [{"operator": "Exists"}]),
    ({"affinity": {"nodeAffinity": {}}}, "spec.affinity", {"nodeAffinity": {}}),
    ({"priorityClassName": "high"}, "spec.priorityClassName", "high"),
    ({"terminationGracePeriodSeconds": 45}, "spec.terminationGracePeriodSeconds", 45),
    ({"podSecurityContext": {"fsGroup": 7}}, "spec.securityContext.fsGroup", 7),
    ({"serviceAccount": {"name": "mine"}}, "spec.serviceAccountName", "mine"),
    ({"serviceAccount": {"create": False}}, "spec.serviceAccountName", "default"),
    ({}, "spec.serviceAccountName", FULL_NAME),
]
CONTAINER = [
    ({"securityContext": {"privileged": True}}, "securityContext.privileged", True),
    ({"resources": {"limits": {"memory": "1Gi"}}}, "resources.limits.memory", "1Gi"),
    ({}, "resources.limits.memory", "256Mi"),
    ({"image": {"pullPolicy": "Always"}}, "imagePullPolicy", "Always"),
    ({"image": {"repository": "r/x", "tag": "1"}}, "image", "r/x:1"),
    ({"image": {"registry": "registry.example.org"}}, "image", "registry.example.org/onedata-exporter:0.1.0"),
    ({"image": {"digest": DIGEST, "tag": "1"}}, "image", f"onedata-exporter@{DIGEST}"),
    ({"extraArgs": ["--log.format=json"]}, "args.2", "--log.format=json"),
    ({"extraEnv": [{"name": "NO_PROXY", "value": "*"}]}, "env.3", {"name": "NO_PROXY", "value": "*"}),
    (
        {"extraVolumeMounts": [{"name": "x", "mountPath": "/x"}]},
        "volumeMounts.2",
        {"name": "x", "mountPath": "/x"},
    ),
]


@pytest.mark.parametrize(("given", "place", "expected"), POD)
def test_a_value_changes_the_pod(given: dict[str, Any], place: str, expected: object, tmp_path: Path) -> None:
    template = only(render_with(given, tmp_path), "StatefulSet")["spec"]["template"]
    assert at(place, template) == expected
    if given:
        assert at(place, only(render(), "StatefulSet")["spec"]["template"]) != expected


@pytest.mark.parametrize(("given", "place", "expected"), CONTAINER)
def test_a_value_changes_the_container(
    given: dict[str, Any], place: str, expected: object, tmp_path: Path
) -> None:
    assert at(place, container_of(render_with(given, tmp_path))) == expected


def test_further_volumes_are_mounted(tmp_path: Path) -> None:
    volume = {"name": "x", "emptyDir": {}}
    assert volume in pod_of(only(render_with({"extraVolumes": [volume]}, tmp_path), "StatefulSet"))["volumes"]


def test_common_labels_are_on_every_object_and_every_pod() -> None:
    objects = render(*values("full"))
    labels = [
        each["metadata"]["labels"]
        for found in objects.values()
        for each in found
        if not each["metadata"]["name"].startswith(("release-extra", "text-in"))
    ]
    labels += [each["spec"]["template"]["metadata"]["labels"] for each in objects["StatefulSet"]]
    assert all(each["app.kubernetes.io/part-of"] == "onedata" for each in labels)


def test_common_labels_replace_none_of_the_chart(tmp_path: Path) -> None:
    given = {
        "commonLabels": {"app.kubernetes.io/name": "mine"},
        "podLabels": {"app.kubernetes.io/name": "mine"},
    }
    workload = only(render_with(given, tmp_path), "StatefulSet")
    assert workload["metadata"]["labels"]["app.kubernetes.io/name"] == "onedata-exporter"
    labels = workload["spec"]["template"]["metadata"]["labels"]
    assert workload["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_further_manifests_are_templates() -> None:
    names = {each["metadata"]["name"] for each in render(*values("full"))["ConfigMap"]}
    assert {"release-extra", "text-in-default"} <= names


def annotations_of(*arguments: str) -> dict[str, str]:
    """The annotations of the pods."""
    template = only(render(*arguments), "StatefulSet")["spec"]["template"]
    found: dict[str, str] = template["metadata"].get("annotations") or {}
    return found


def test_another_configuration_replaces_the_pods_and_the_same_one_does_not() -> None:
    assert annotations_of() == annotations_of()
    assert annotations_of() != annotations_of("--set", "config.poll.interval=20s")


def test_an_existing_config_map_is_mounted_and_none_is_rendered() -> None:
    objects = render("--set", "existingConfigMap=mine")
    assert "ConfigMap" not in objects
    volumes = pod_of(only(objects, "StatefulSet"))["volumes"]
    assert {"name": "config", "configMap": {"name": "mine"}} in volumes
    assert "checksum/config" not in annotations_of("--set", "existingConfigMap=mine")


def test_changes_of_an_existing_config_map_are_reloaded_as_they_do_not_replace_the_pods() -> None:
    option = "--config.enable-auto-reload"
    existing, rendered = (
        pod_of(only(render(*each), "StatefulSet"))["containers"][0]["args"]
        for each in (("--set", "existingConfigMap=mine"), ())
    )
    assert (option in existing, option in rendered) == (True, False)


def test_an_existing_secret_is_mounted_and_none_is_rendered() -> None:
    objects = render("--set", "secrets.existingSecret=mine")
    assert "Secret" not in objects
    volumes = pod_of(only(objects, "StatefulSet"))["volumes"]
    assert {"name": "secrets", "secret": {"secretName": "mine", "defaultMode": 0o440}} in volumes


def test_an_existing_account_is_used_and_none_is_rendered() -> None:
    assert "ServiceAccount" not in render("--set", "serviceAccount.create=false")


def health_port(objects: Objects) -> int:
    """The port that both probes ask."""
    container = container_of(objects)
    assert container["livenessProbe"]["httpGet"] == {"path": "/-/healthy", "port": "health"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/-/ready", "port": "health"}
    (port,) = (each["containerPort"] for each in container["ports"] if each["name"] == "health")
    assert isinstance(port, int)
    return port


@pytest.mark.parametrize("name", ["default", "guarded", "existing"])
def test_probes_ask_the_health_address_which_needs_no_password(name: str) -> None:
    objects = render(*values(name))
    environment = {each["name"]: each["value"] for each in container_of(objects)["env"]}
    assert environment["ONEDATA_EXPORTER_WEB__HEALTH_ADDRESS"] == f":{health_port(objects)}"


async def test_ports_and_paths_of_the_chart_win_over_an_existing_configuration(tmp_path: Path) -> None:
    """The exporter itself accepts the variables, and other addresses in the file change nothing."""
    environment = {each["name"]: each["value"] for each in container_of(render())["env"]}
    assert set(environment) == {
        f"ONEDATA_EXPORTER_WEB__{key}" for key in ("LISTEN_ADDRESSES", "HEALTH_ADDRESS", "TELEMETRY_PATH")
    }
    file = tmp_path / "onedata-exporter.yml"
    file.write_text(f"{configuration_of(render())}\nweb: {{listen_addresses: [nonsense]}}\n")
    refused = await run_command("serve", f"--config.file={file}", "--poll.interval=1s")
    assert "web.listen_addresses" in refused.err
    environment["ONEDATA_EXPORTER_WEB__LISTEN_ADDRESSES"] = '["192.0.2.1:19443"]'
    accepted = await run_command("serve", f"--config.file={file}", environment=environment)
    assert "192.0.2.1" in accepted.err
    assert accepted.code == 1, accepted.err


async def test_the_helm_test_runs_a_command_of_the_image() -> None:
    pod = only(render(), "Pod")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    (container,) = pod["spec"]["containers"]
    assert container["image"] == container_of(render())["image"]
    url = f"http://{FULL_NAME}-pods:{health_port(render())}"
    assert container["args"] == ["healthcheck", f"--url={url}"]
    assert (await run_command("healthcheck", "--help")).code == 0


def test_the_network_policy_admits_the_helm_test(tmp_path: Path) -> None:
    objects = render_with({"networkPolicy": {"enabled": True, "ingressFrom": [{"ipBlock": {}}]}}, tmp_path)
    scrapes, test = only(objects, "NetworkPolicy")["spec"]["ingress"]
    assert (scrapes["ports"][0]["port"], scrapes["from"]) == ("metrics", [{"ipBlock": {}}])
    (peer,) = test["from"]
    assert test["ports"][0]["port"] == "health"
    assert peer["podSelector"]["matchLabels"].items() <= only(objects, "Pod")["metadata"]["labels"].items()


def test_the_network_policy_allows_the_ports_of_the_targets() -> None:
    (egress,) = only(render(*values("full")), "NetworkPolicy")["spec"]["egress"]
    assert [each["port"] for each in egress["ports"]] == [53, 53, 443, 9443, 8443]


def test_the_notes_name_every_target() -> None:
    output = succeed("helm", "install", "release", CHART, "--dry-run=client", *values("full"))
    notes = output.partition("NOTES:")[2]
    assert "(6 pods) monitors 2 targets" in notes
    assert "https://krakow.provider.domain.org" in notes
    assert "port-forward pod/onedata-watcher-r0-0 19443\n" in notes


def test_the_notes_lead_to_the_service_if_one_share_has_all_targets() -> None:
    output = succeed("helm", "install", "release", CHART, "--dry-run=client", "--set", "service.port=8080")
    assert f"port-forward service/{FULL_NAME} 19443:8080\n" in output


def test_the_notes_name_the_existing_configuration() -> None:
    output = succeed("helm", "install", "release", CHART, "--dry-run=client", *values("existing"))
    assert "monitors the targets of the ConfigMap onedata-configuration" in output

"""Shares and replicas of the chart: which pods there are, what each polls, and where they run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.chart import FULL_NAME, Objects, container_of, only, pod_of, render, render_with, values


@pytest.mark.parametrize(("shards", "replicas"), [(1, 1), (1, 2), (3, 1), (3, 2), (2, 0)])
def test_each_replica_is_a_stateful_set_with_a_pod_for_each_share(shards: int, replicas: int) -> None:
    objects = render("--set", f"shards={shards},replicas={replicas}")
    sets = objects.get("StatefulSet", [])
    assert [each["metadata"]["name"] for each in sets] == [
        f"{FULL_NAME}-r{index}" for index in range(replicas)
    ]
    # Ordinals stay below the number of shares: the exporter takes its share from the end of its pod's name.
    assert [each["spec"]["replicas"] for each in sets] == [shards] * replicas
    assert all(each["spec"]["podManagementPolicy"] == "Parallel" for each in sets)


def test_the_name_of_the_pod_selects_its_shard() -> None:
    assert "--shard=auto/3" in container_of(render("--set", "shards=3"))["args"]
    assert not [each for each in container_of(render())["args"] if each.startswith("--shard")]


def test_every_stateful_set_selects_its_own_pods_and_services_select_all() -> None:
    objects = render(*values("full"))
    labels = [each["spec"]["template"]["metadata"]["labels"].items() for each in objects["StatefulSet"]]
    for index, each in enumerate(objects["StatefulSet"]):
        selector = each["spec"]["selector"]["matchLabels"].items()
        assert [selector <= pod for pod in labels] == [number == index for number in range(len(labels))]
    for pod in labels:
        for service in objects["Service"]:
            assert service["spec"]["selector"].items() <= pod
        for kind, key in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
            assert only(objects, kind)["spec"][key]["matchLabels"].items() <= pod


def test_the_test_pod_receives_no_scrapes() -> None:
    objects = render()
    labels = only(objects, "Pod")["metadata"]["labels"].items()
    assert all(not service["spec"]["selector"].items() <= labels for service in objects["Service"])


def test_pods_have_names_in_dns() -> None:
    objects = render()
    headless = only(objects, "Service", only(objects, "StatefulSet")["spec"]["serviceName"])
    assert headless["spec"]["clusterIP"] == "None"
    assert {port["name"]: port["port"] for port in headless["spec"]["ports"]} == {
        "metrics": 19443,
        "health": 19444,
    }


def spread(objects: Objects) -> list[tuple[str, object]]:
    """By what pods are spread, and which labels distinguish groups of them."""
    found = pod_of(objects["StatefulSet"][0])["topologySpreadConstraints"]
    selector = objects["Service"][0]["spec"]["selector"]
    assert all(each["labelSelector"]["matchLabels"] == selector for each in found)
    # Kubernetes refuses two of the same key and effect.
    keys = {(each["topologyKey"], each["whenUnsatisfiable"]) for each in found}
    assert len(keys) == len(found)
    return [(each["topologyKey"], each.get("matchLabelKeys")) for each in found]


def test_pods_are_spread_over_nodes_and_zones() -> None:
    nodes_and_zones = ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
    assert spread(render("--set", "shards=3")) == [(key, None) for key in nodes_and_zones]


def test_replicas_of_one_share_are_spread_if_kubernetes_can() -> None:
    new = spread(render("--set", "shards=3,replicas=2", "--kube-version", "1.28.0"))
    assert [keys for _, keys in new] == [["apps.kubernetes.io/pod-index"]] * 2
    old = spread(render("--set", "shards=3,replicas=2", "--kube-version", "1.27.0"))
    assert [keys for _, keys in old] == [None, None]


def test_constraints_of_the_values_replace_those_of_the_chart() -> None:
    assert spread(render(*values("full"))) == [("example.org/rack", None)]


def test_names_leave_room_for_what_kubernetes_adds_to_them() -> None:
    name = "a" * 53
    objects = render("--set", "replicas=99", release=name)
    longest = max(len(each["metadata"]["name"]) for each in objects["StatefulSet"])
    assert longest + len("-0123456789") <= 63


def test_data_live_as_long_as_the_pod_by_default() -> None:
    objects = render()
    assert {"name": "data", "emptyDir": {"sizeLimit": "1Gi"}} in pod_of(only(objects, "StatefulSet"))[
        "volumes"
    ]
    assert {"name": "data", "mountPath": "/var/lib/onedata-exporter"} in container_of(objects)["volumeMounts"]


def test_persistent_data_have_a_claim_for_each_pod(tmp_path: Path) -> None:
    given = {
        "persistence": {"enabled": True, "size": "5Gi", "storageClass": "fast", "annotations": {"a": "b"}}
    }
    workload = only(render_with(given, tmp_path), "StatefulSet")
    (claim,) = workload["spec"]["volumeClaimTemplates"]
    assert claim["metadata"] == {"name": "data", "annotations": {"a": "b"}}
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast",
        "resources": {"requests": {"storage": "5Gi"}},
    }
    assert "data" not in {volume["name"] for volume in pod_of(workload)["volumes"]}
    assert {"name": "data", "mountPath": "/var/lib/onedata-exporter"} in pod_of(workload)["containers"][0][
        "volumeMounts"
    ]

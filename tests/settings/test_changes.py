"""What a reload logs as changed: names of targets and keys, never values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.settings.changes import Changes, changes_between, names_text
from exporter.settings.conversion import Settings
from exporter.settings.loading import load

A, B, C = ({"url": f"https://{name}.test"} for name in "abc")
SECRET = "hunter2"


def settings_of(tmp_path: Path, document: dict[str, Any]) -> Settings:
    for name in ("first", "second"):
        (tmp_path / name).write_text(SECRET, encoding="ascii")
    file = tmp_path / "onedata-exporter.yml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return load(file, environ={})


def targets(*each: dict[str, Any]) -> dict[str, Any]:
    return {"targets": list(each)}


def lines(found: Changes) -> list[str]:
    """Return the changes as short lines."""
    return [
        *(f"+ {name}" for name in found.added),
        *(f"- {name}" for name in found.removed),
        *(f"{', '.join(names)}: {', '.join(keys)}" for keys, names in found.changed),
        *found.keys,
    ]


WITH_TOKEN = A | {"auth": {"token": SECRET}}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (targets(A), targets(A), []),
        (targets(A, B), targets(B, A), []),
        (targets(A, B), targets(B, C), ["+ c.test", "- a.test"]),
        (targets(A), targets(A | {"name": "zone"}), ["+ zone", "- a.test"]),
        (targets(A, B), targets(A | {"labels": {"site": "x"}}, B), ["a.test: labels"]),
        (targets(A), targets(A | {"paths": ["proxy"]}), ["a.test: paths"]),
        (targets(A), targets(A | {"worker_report": False}), ["a.test: worker_report"]),
        (targets(A), targets(A | {"notes": "x", "kind": "onezone"}), ["a.test: kind, notes"]),
        (targets(A), targets(A | {"nodes": {"n": "10.0.0.1"}}), ["a.test: nodes"]),
        (targets(A), targets(A | {"tls": {"server_name": "x.test"}}), ["a.test: tls.server_name"]),
        (targets(A), targets(A | {"poll": {"interval": "1m"}}), ["a.test: poll.interval"]),
        (targets(A), targets(WITH_TOKEN), ["a.test: auth.token"]),
        (targets(WITH_TOKEN), targets(A | {"auth": {"token": "another"}}), ["a.test: auth.token"]),
        (
            targets(WITH_TOKEN),
            targets(A | {"auth": {"token_file": "first"}}),
            ["a.test: auth.token, auth.token_file"],
        ),
        (
            targets(A | {"auth": {"passphrase_file": "first"}}),
            targets(A | {"auth": {"passphrase_file": "second"}}),
            ["a.test: auth.passphrase_file"],
        ),
        (targets(WITH_TOKEN), targets(WITH_TOKEN | {"discover": True}), ["a.test: discover"]),
        (
            targets(WITH_TOKEN | {"discover": True}),
            targets(WITH_TOKEN | {"discover": {"interval": "1m", "defaults": {"labels": {"x": "2"}}}}),
            ["a.test: discover.interval, discover.defaults.labels"],
        ),
        (
            targets(A, B),
            targets(A, B) | {"defaults": {"labels": {"owner": "ops"}}},
            ["a.test, b.test: labels"],
        ),
        (targets(A), targets(A) | {"poll": {"max_concurrency": 7}}, ["poll.max_concurrency"]),
        (targets(A), targets(A) | {"log": {"level": "debug"}}, ["log.level"]),
        (targets(A), targets(A) | {"web": {"enable_lifecycle": True}}, ["web.enable_lifecycle"]),
        (targets(A), targets(A) | {"web": {"links": {"grafana": "https://g.test"}}}, ["web.links.grafana"]),
        (targets(A), targets(A) | {"latency_buckets": [1, 2]}, ["latency_buckets"]),
        (targets(A), targets(A) | {"config": {"auto_reload": True}}, ["config.auto_reload"]),
    ],
)
def test_changes_are_named_by_target_and_key(
    tmp_path: Path, old: dict[str, Any], new: dict[str, Any], expected: list[str]
) -> None:
    found = changes_between(settings_of(tmp_path, old), settings_of(tmp_path, new))
    assert lines(found) == expected
    assert SECRET not in repr(found)


def test_another_share_of_the_same_targets_adds_and_removes_them(tmp_path: Path) -> None:
    all_targets = targets(*({"url": f"https://zone{number}.test"} for number in range(20)))
    old = settings_of(tmp_path, all_targets | {"shard": "0/2"})
    new = settings_of(tmp_path, all_targets | {"shard": "1/2"})
    found = changes_between(old, new)
    assert set(found.removed) == {target.name for target in old.targets}
    assert set(found.added) == {target.name for target in new.targets}
    assert found.keys == ("shard",)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "n0"),
        (2, "n0, n1"),
        (20, ", ".join(f"n{i}" for i in range(20))),
        (1000, ", ".join(f"n{i}" for i in range(20)) + " and 980 more"),
    ],
)
def test_a_line_holds_at_most_twenty_names(count: int, text: str) -> None:
    assert names_text([f"n{i}" for i in range(count)]) == text

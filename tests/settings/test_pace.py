"""The pace of each target: `targets[].poll`, and what it inherits."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.settings.errors import ConfigurationError
from exporter.settings.loading import load
from exporter.targets import Schedule, Target

ZONE = {"url": "https://zone.test", "auth": {"token": "secret"}}


def schedule(poll: dict[str, Any], **more: Any) -> Schedule:
    flags: dict[str, object] = {"targets": [{"url": "https://a.test", "poll": poll}], **more}
    return load(None, flags, {}).targets[0].schedule


def faults(flags: dict[str, object]) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        load(None, flags, {})
    return [str(fault) for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("poll", "expected"),
    [
        ({}, Schedule(15, 60, 10)),
        ({"interval": "60s", "timeout": "20s", "details_interval": "5m"}, Schedule(60, 300, 20)),
        ({"interval": "5m"}, Schedule(300, 300, 10)),
        ({"interval": "3s"}, Schedule(3, 60, 3)),
        ({"interval": "1s"}, Schedule(1, 60, 1)),
        ({"details_interval": "15s"}, Schedule(15, 15, 10)),
    ],
)
def test_a_target_has_a_pace_of_its_own_and_inherits_the_rest(
    poll: dict[str, Any], expected: Schedule
) -> None:
    assert schedule(poll) == expected


def test_the_defaults_give_a_pace_key_by_key() -> None:
    defaults = {"poll": {"interval": "30s", "timeout": "12s"}}
    assert schedule({"interval": "60s"}, defaults=defaults) == Schedule(60, 60, 12)


def template(discover: dict[str, Any], **more: Any) -> Target:
    flags: dict[str, object] = {"targets": [{**ZONE, "discover": discover}], **more}
    (zone,) = load(None, flags, {}).targets
    assert zone.discovery is not None
    assert zone.discovery.template is not None
    return zone.discovery.template


def test_discovered_targets_have_the_pace_of_their_defaults() -> None:
    discover = {"defaults": {"poll": {"interval": "60s"}}}
    assert template(discover).schedule == Schedule(60, 60, 10)
    defaults = {"poll": {"timeout": "5s"}}
    assert template(discover, defaults=defaults).schedule == Schedule(60, 60, 5)


@pytest.mark.parametrize(
    ("poll", "expected"),
    [
        ({"interval": "500ms"}, "interval: must be at least 1s"),
        ({"interval": "999ms", "timeout": "2s"}, "timeout: 2s is longer than the target's interval, 999ms"),
        ({"timeout": "20s"}, "timeout: 20s is longer than the target's interval, 15s"),
        (
            {"interval": "60s", "details_interval": "30s"},
            "details_interval: 30s is shorter than the target's interval, 1m",
        ),
        ({"details_interval": "10s"}, "details_interval: 10s is shorter than the target's interval, 15s"),
        ({"intervall": "10s"}, "intervall: unknown key; did you mean interval?"),
        ({"interval": "0s"}, "interval: must be longer than 0 and at most a year (1y)"),
    ],
)
def test_a_pace_that_cannot_be_kept_is_refused(poll: dict[str, Any], expected: str) -> None:
    for flags, place in (
        ({"targets": [{"url": "https://a.test", "poll": poll}]}, "targets[0].poll"),
        ({"targets": ["https://a.test"], "defaults": {"poll": poll}}, "defaults.poll"),
        (
            {"targets": [{**ZONE, "discover": {"defaults": {"poll": poll}}}]},
            "targets[0].discover.defaults.poll",
        ),
    ):
        assert f"command line: {place}.{expected}" in faults(dict(flags)), place


def test_the_details_of_all_targets_are_not_polled_more_often_than_the_rest() -> None:
    flags: dict[str, object] = {"targets": ["https://a.test"], "poll.interval": "2m"}
    assert load(None, flags, {}).poll.details_interval == 120
    refused = faults({**flags, "poll.details_interval": "60s"})
    assert refused == ["command line: poll.details_interval: 1m is shorter than poll.interval, 2m"]


def test_a_pace_that_costs_more_than_it_seems_is_a_warning() -> None:
    assert load(None, {"targets": ["https://a.test"]}, {}).warnings == ()
    slow = {"url": "https://b.test", "poll": {"interval": "10m"}}
    settings = load(None, {"targets": ["https://a.test", slow], "poll.interval": "500ms"}, {})
    often, late = settings.warnings
    assert often == "poll.interval of a.test: 500ms loads the clusters; 5s is enough for alerts"
    assert late.startswith("poll.interval of b.test: with an interval of 10m, an outage is seen up to")


def test_a_shard_without_targets_is_a_warning() -> None:
    flags: dict[str, object] = {"targets": ["https://a.test"]}
    counts = [len(load(None, {**flags, "shard": f"{index}/2"}, {}).warnings) for index in (0, 1)]
    assert sorted(counts) == [0, 1]

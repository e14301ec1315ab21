from __future__ import annotations

from pathlib import Path

import pytest

from exporter.settings.errors import ConfigurationError
from exporter.settings.loading import load
from exporter.settings.schema import Log
from exporter.settings.values import LogFormat, LogLevel
from exporter.settings.web_config import ListenAddress

URL = "https://a.test"
FLAGS: dict[str, object] = {"targets": [URL]}


def faults_in(environ: dict[str, str], flags: dict[str, object] | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(None, FLAGS if flags is None else flags, environ)
    return str(caught.value).splitlines()


def test_one_url_is_enough_and_all_else_has_its_default() -> None:
    settings = load(None, FLAGS, {})
    assert (settings.poll.interval, settings.poll.details_interval, settings.poll.timeout) == (15, 60, 10)
    assert settings.poll.max_concurrency == 100
    assert settings.web.listen_addresses == (ListenAddress("", 19443),)
    assert settings.web.telemetry_path == "/metrics"
    assert settings.log == Log(level=LogLevel.INFO, format=LogFormat.LOGFMT)
    assert settings.latency_buckets == (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
    assert [target.url for target in settings.targets] == [URL]


def test_a_short_interval_shortens_the_timeout_that_was_not_given() -> None:
    assert load(None, {**FLAGS, "poll.interval": "2s"}, {}).poll.timeout == 2


@pytest.mark.parametrize(
    ("flags", "environ", "interval"),
    [
        ({"poll.interval": "11s"}, {"ONEDATA_EXPORTER_POLL__INTERVAL": "12s"}, 11),
        ({}, {"ONEDATA_EXPORTER_POLL__INTERVAL": "12s"}, 12),
        ({}, {"onedata_exporter_poll__interval": "12"}, 12),
        ({}, {"ONEDATA_EXPORTER_POLL": "{interval: 12s}"}, 12),
        ({}, {"ONEDATA_EXPORTER_POLL": "{interval: 9s}", "ONEDATA_EXPORTER_POLL__INTERVAL": "12s"}, 12),
        ({}, {"ONEDATA_EXPORTER_POLL__INTERVAL": ""}, 13),
        ({}, {}, 13),
    ],
)
def test_a_flag_wins_over_the_environment_and_that_over_the_file(
    config_file: Path, flags: dict[str, object], environ: dict[str, str], interval: float
) -> None:
    config_file.write_text(
        f"poll: {{interval: 13s, max_concurrency: 7}}\ntargets: [{{url: {URL}}}]", encoding="utf-8"
    )
    poll = load(config_file, flags, environ).poll
    assert (poll.interval, poll.max_concurrency) == (interval, 7)


def test_targets_of_a_flag_replace_the_others_and_still_have_the_defaults_of_the_file(
    config_file: Path,
) -> None:
    config_file.write_text(
        "defaults: {kind: onezone}\ntargets: [{url: https://b.test}, {url: https://c.test}]", encoding="utf-8"
    )
    environ = {"ONEDATA_EXPORTER_TARGETS": "[{url: https://d.test}]"}
    assert [(each.name, each.kind) for each in load(config_file, FLAGS, environ).targets] == [
        ("a.test", "onezone")
    ]
    assert [each.name for each in load(config_file, {}, environ).targets] == ["d.test"]


def test_a_flag_may_hold_whole_targets() -> None:
    (target,) = load(None, {"targets": [{"url": URL, "name": "x"}]}, {}).targets
    assert target.name == "x"


@pytest.mark.parametrize(
    "text",
    ["[{url: https://a.test, labels: {site: x}}]", '[{"url": "https://a.test", "labels": {"site": "x"}}]'],
)
def test_a_list_in_the_environment_is_yaml_or_json(text: str) -> None:
    (target,) = load(None, {}, {"ONEDATA_EXPORTER_TARGETS": text}).targets
    assert (target.url, target.labels) == ("https://a.test", (("site", "x"),))


def test_the_environment_names_the_file_where_no_flag_does(config_file: Path, tmp_path: Path) -> None:
    config_file.write_text(f"targets: [{{url: {URL}}}]", encoding="utf-8")
    other = tmp_path / "other.yml"
    other.write_text("targets: [{url: https://b.test}]", encoding="utf-8")
    environ = {"ONEDATA_EXPORTER_CONFIG_FILE": str(config_file)}
    assert load(None, {}, environ).targets[0].name == "a.test"
    assert load(other, {}, environ).targets[0].name == "b.test"


def test_a_label_in_the_environment_stays_text() -> None:
    environ = {"ONEDATA_EXPORTER_DEFAULTS__LABELS__SITE": "5", "ONEDATA_EXPORTER_DEFAULTS__PATHS": "[direct]"}
    (target,) = load(None, FLAGS, environ).targets
    assert target.labels == (("site", "5"),)
    assert target.expected_paths == {"direct"}


@pytest.mark.parametrize(
    ("variable", "suggestion"),
    [
        ("ONEDATA_EXPORTER_POLL_INTERVAL", "; did you mean ONEDATA_EXPORTER_POLL__INTERVAL?"),
        ("ONEDATA_EXPORTER_POLL__INTERVALL", "; did you mean ONEDATA_EXPORTER_POLL__INTERVAL?"),
        ("ONEDATA_EXPORTER_CONFIGFILE", "; did you mean ONEDATA_EXPORTER_CONFIG_FILE?"),
        ("ONEDATA_EXPORTER_POLL__INTERVAL__S", "; did you mean ONEDATA_EXPORTER_POLL__INTERVAL?"),
        ("ONEDATA_EXPORTER_", ""),
        ("ONEDATA_EXPORTER_WEB_PORT", ""),
    ],
)
def test_an_unknown_variable_is_refused(variable: str, suggestion: str) -> None:
    assert faults_in({variable: "hunter2"}) == [f"environment: {variable}: unknown variable{suggestion}"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ONEDATA_EXPORTER_SERVICE_HOST", "10.0.0.1"),
        ("ONEDATA_EXPORTER_SERVICE_PORT", "19443"),
        ("ONEDATA_EXPORTER_SERVICE_PORT_METRICS", "19443"),
        ("ONEDATA_EXPORTER_PORT", "tcp://10.0.0.1:19443"),
        ("ONEDATA_EXPORTER_PORT_19443_TCP_ADDR", "10.0.0.1"),
        ("ONEDATA_EXPORTER_DEMO_SERVICE_HOST", "10.0.0.2"),
        ("ONEDATA_EXPORTER_DEMO_PORT", "tcp://10.0.0.2:19443"),
        ("ONEDATA_EXPORTER_DEMO_PORT_19443_TCP", "tcp://10.0.0.2:19443"),
        ("ONEDATA_EXPORTERS", "another program's"),
        ("HOME", "/"),
    ],
)
def test_what_kubernetes_and_others_set_is_left_alone(variable: str, value: str) -> None:
    assert load(None, FLAGS, {variable: value}) == load(None, FLAGS, {})


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("POLL__TIMEOUT", "1h", "POLL__TIMEOUT: 1h is longer than poll.interval, 15s"),
        (
            "TARGETS",
            "[{url: x}]",
            "TARGETS[0].url: must begin with https://, as in https://my.zone.domain.org",
        ),
        ("TARGETS", "[{url: https://a.test}, {}]", "TARGETS[1].url: is required"),
        ("TARGETS", "a", "TARGETS: must be a list, as in targets: [{url: ...}]"),
        ("WEB__LISTEN_ADDRESSES", "[]", "WEB__LISTEN_ADDRESSES: must not be empty"),
        ("DEFAULTS__KIND", "x", "DEFAULTS__KIND: must be 'auto', 'onezone' or 'oneprovider'"),
        (
            "DEFAULTS__LABELS__JOB",
            "x",
            "DEFAULTS__LABELS__JOB: is a label that Prometheus sets when it scrapes; choose another name",
        ),
    ],
)
def test_a_wrong_variable_is_named(variable: str, value: str, line: str) -> None:
    flags = {} if variable == "TARGETS" else FLAGS
    assert faults_in({f"ONEDATA_EXPORTER_{variable}": value}, flags) == [
        f"environment: ONEDATA_EXPORTER_{line}"
    ]


def test_a_list_that_cannot_be_parsed_is_the_only_fault() -> None:
    (line,) = faults_in({"ONEDATA_EXPORTER_TARGETS": "["}, {})
    assert line.startswith("environment: ONEDATA_EXPORTER_TARGETS: line 1, column 2: is no valid YAML")


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (
            {"targets": ["http://a.test"]},
            "targets[0].url: must begin with https://; plain http needs allow_http: true on this target",
        ),
        (
            {**FLAGS, "poll.interval": "x"},
            "poll.interval: must be a duration such as 500ms, 15s or 1m30s, or a number of seconds",
        ),
        ({}, "targets: no target: name at least one, in this list or with --target URL"),
    ],
)
def test_a_wrong_flag_is_a_fault_of_the_command_line(flags: dict[str, object], line: str) -> None:
    assert faults_in({}, flags) == [f"command line: {line}"]


def test_each_fault_names_its_own_source(config_file: Path) -> None:
    config_file.write_text("log: {level: x}\ntargets: [{url: https://a.test}, {url: x}]", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(
            config_file,
            {"poll.interval": "x"},
            {"ONEDATA_EXPORTER_LOG__FORMAT": "x", "ONEDATA_EXPORTER_X": "x"},
        )
    assert [(fault.source, fault.key_path) for fault in caught.value.faults] == [
        ("environment", "ONEDATA_EXPORTER_X"),
        ("command line", "poll.interval"),
        (str(config_file), "log.level"),
        ("environment", "ONEDATA_EXPORTER_LOG__FORMAT"),
        (str(config_file), "targets[1].url"),
    ]


def test_a_fault_in_the_targets_names_the_source_that_replaced_the_others(config_file: Path) -> None:
    config_file.write_text(f"targets: [{{url: {URL}, kind: onezone}}]", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(config_file, {}, {"ONEDATA_EXPORTER_TARGETS": "[{kind: onezone}]"})
    assert str(caught.value) == "environment: ONEDATA_EXPORTER_TARGETS[0].url: is required"


def test_keys_for_anchors_are_left_out(config_file: Path) -> None:
    config_file.write_text(
        "x-pace: &pace {interval: 20s}\npoll: *pace\ntargets: [{url: https://a.test}]", encoding="utf-8"
    )
    assert load(config_file, environ={}).poll.interval == 20.0

from __future__ import annotations

import os
from pathlib import Path

import pytest

from exporter.settings.errors import ConfigError, ConfigurationError
from exporter.settings.loading import load

from .conftest import FaultsOf

# Each line stands for ten times the line before.
LAUGHS = "a: &a0 [x]\n" + "".join(
    f"b{each}: &a{each} [{', '.join([f'*a{each - 1}'] * 10)}]\n" for each in range(1, 10)
)
NO_TARGET = "targets: no target: name at least one, in this list or with --target URL"


def test_aliases_that_unfold_to_millions_are_refused(faults_of: FaultsOf) -> None:
    assert faults_of(LAUGHS) == ["line 7, column 5: aliases that unfold to more than 1,000,000 values"]


def test_a_tag_that_would_run_code_is_refused(faults_of: FaultsOf) -> None:
    (line,) = faults_of("a: !!python/object/apply:os.getcwd []")
    assert line.startswith("line 1, column 4: ")


def test_two_targets_with_one_name_are_refused_also_beside_other_faults(faults_of: FaultsOf) -> None:
    assert faults_of(
        "targets: [{url: https://a.test, name: x, knd: a}, {url: https://b.test}, {url: https://c.test, name: x}]"
    ) == [
        "targets[0].knd: unknown key; did you mean kind?",
        "targets[2].name: targets[0] and targets[2] have the same name; give each a 'name' of its own",
    ]


def test_two_targets_on_one_host_need_names(faults_of: FaultsOf) -> None:
    assert faults_of("targets: [{url: https://a.test:1}, {url: https://A.test:2}]") == [
        "targets[1].name: targets[0] and targets[1] have the same name; give each a 'name' of its own",
    ]


def test_a_host_too_long_for_a_name_is_a_fault_of_the_name(faults_of: FaultsOf) -> None:
    host = ".".join(["x" * 60] * 2)
    assert faults_of(f"targets: [{{url: https://{host}}}]") == [
        "targets[0].name: must have 1 to 100 characters"
    ]


def test_all_faults_are_reported_at_once(faults_of: FaultsOf) -> None:
    text = """
poll: {interval: x, max_concurrency: 0}
log: {level: x}
latency_buckets: [2, 1]
nonsense: 1
targets: [{url: ftp://a.test, kind: x, tls: {ca_file: absent.pem}}, {name: a}]
"""
    assert [line.split(": ")[0] for line in faults_of(text)] == [
        "poll.interval",
        "poll.max_concurrency",
        "log.level",
        "latency_buckets",
        "targets[0].url",
        "targets[0].kind",
        "targets[0].tls.ca_file",
        "targets[1].url",
        "nonsense",
    ]


def test_a_fault_in_the_defaults_is_reported_once_at_its_place(faults_of: FaultsOf) -> None:
    text = """
defaults: {knd: auto, labels: {job: x}, ip_protocol: ipv5, tls: {server_name: '!'}}
targets:
- {url: https://a.test}
- {url: https://b.test, ip_protocol: ipv4}
- {url: https://c.test, tls: {server_name: '?'}}
"""
    assert [line.split(": ")[0] for line in faults_of(text)] == [
        "defaults.labels.job",
        "defaults.tls.server_name",
        "defaults.ip_protocol",
        "defaults.knd",
        "targets[2].tls.server_name",
    ]


def test_no_secret_is_repeated(faults_of: FaultsOf) -> None:
    text = """
passphrase: hunter2
poll: hunter2
latency_buckets: [hunter2]
targets:
  - url: https://u:hunter2@a.test # pragma: allowlist secret
    auth: {token: hunter2}
    kind: hunter2
    labels: {a: [hunter2]}
"""
    assert "hunter2" not in "\n".join(faults_of(text))


def lines_about(file: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(file, environ={})
    return str(caught.value).splitlines()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "absent.yml"
    assert lines_about(file) == [f"{file}: cannot be read: No such file or directory"]


def test_a_directory_is_refused(tmp_path: Path) -> None:
    assert lines_about(tmp_path) == [f"{tmp_path}: cannot be read: Is a directory"]


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    loop = tmp_path / "loop.yml"
    loop.symlink_to(loop)
    assert lines_about(loop) == [f"{loop}: cannot be read: {os.strerror(40)}"]


def test_a_file_that_is_not_utf_8_is_refused(config_file: Path) -> None:
    config_file.write_bytes("poll: {}\n# caf\u00e9".encode("latin-1"))
    assert lines_about(config_file) == [f"{config_file}: is not UTF-8 text (byte 15)"]


def test_the_faults_are_values_too(config_file: Path) -> None:
    config_file.write_text("targets: []", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(config_file, environ={})
    path, message = NO_TARGET.split(": ", 1)
    assert caught.value.faults == (ConfigError(str(config_file), path, message),)

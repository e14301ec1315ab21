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
TARGETS = "targets: [{url: https://a.test}]\n"
NO_TARGET = "targets: no target: name at least one, in this list or with --target URL"
DURATION = "must be a duration such as 500ms, 15s or 1m30s, or a number of seconds"
TWO_READINGS = "a number that YAML 1.1 and 1.2 read differently; put it in quotes"
MOMENT = "must be a date and time with its zone: 2026-12-01T20:00:00Z or 2026-12-01T21:00:00+01:00"
ADDRESS = "must be an address and port such as ':19443', '127.0.0.1:19443' or '[::1]:19443'"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("- a\n", "must be a mapping (key: value) at its top, such as 'targets: [...]'"),
        ("just text", "must be a mapping (key: value) at its top, such as 'targets: [...]'"),
        (
            "a: b: c",
            (
                "line 1, column 5: is no valid YAML: a ': ' where none is expected; check the indentation, "
                "and put text that contains ': ' in quotes"
            ),
        ),
        ("a:\n\tb: c", "line 2, column 1: is no valid YAML: a tab; indent with spaces"),
        (
            "a:\n    b: 1\n  c: 2",
            "line 3, column 3: is no valid YAML: a line that is not indented like the lines before it",
        ),
        ("a:\n  b: 1\n  c\nd: 1", "line 4, column 1: is no valid YAML: a line without ': ' after its key"),
        (
            "a: [1, 2\nb: 3",
            "line 2, column 2: is no valid YAML: a bracket that is not closed, or a missing comma",
        ),
        ("a: 'b", "line 1, column 6: is no valid YAML: a quote that is not closed"),
        (
            "poll: {interval: 1:30}",
            f"line 1, column 18: {TWO_READINGS}",
        ),
        (
            "poll: {interval: 0123}",
            f"line 1, column 18: {TWO_READINGS}",
        ),
        (
            "poll: {interval: 1_000}",
            f"line 1, column 18: {TWO_READINGS}",
        ),
        ("a: 1:30.5", f"line 1, column 4: {TWO_READINGS}"),
        ("poll: {}\npoll: {}\n", "line 2, column 1: the key 'poll' comes a second time"),
        ("poll:\n  1: x\n", "line 2, column 3: a key that is no text; put it in quotes"),
        ("? [a]\n: b\n", "line 1, column 3: a key that is no text; put it in quotes"),
        ("a: !!int x", "line 1, column 4: a value that does not fit its type"),
        ("a: !!timestamp x", "line 1, column 4: a value that does not fit its type"),
        (
            "a: b\n--- c",
            "line 2, column 1: is no valid YAML: expected a single document in the stream, but found another document",
        ),
        ("a:\n  \x01", "line 2: a character that YAML does not allow"),
        ("[" * 5000, "line 1, column 51: brackets that are nested too deeply"),
        ("a: &a {b: *a}", "line 1, column 11: a value that contains itself"),
        ("a: &a\n- b\n- [*a]", "line 3, column 4: a value that contains itself"),
        ("<<: &a {b: {<<: *a}}", "line 1, column 17: a value that contains itself"),
        (LAUGHS, "line 7, column 5: aliases that unfold to more than 1,000,000 values"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(faults_of: FaultsOf, text: str, line: str) -> None:
    assert faults_of(text) == [line]


def test_a_tag_that_would_run_code_is_refused(faults_of: FaultsOf) -> None:
    (line,) = faults_of("a: !!python/object/apply:os.getcwd []")
    assert line.startswith("line 1, column 4: ")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("intervall: 5s", "intervall: unknown key"),
        ("interval: 5s", "interval: unknown key; did you mean poll.interval?"),
        ("ca_file: ca.pem", "ca_file: unknown key; did you mean targets[].tls.ca_file?"),
        ("url: https://b.test", "url: unknown key; did you mean targets[].url?"),
        ("lgo: {}", "lgo: unknown key; did you mean log?"),
        ("pol: {}", "pol: unknown key; did you mean poll?"),
        ("poll: {intervall: 5s}", "poll.intervall: unknown key; did you mean interval?"),
        ("web: {outer: x}", "web.outer: unknown key"),
        ("web: {external_url: x}", "web.external_url: must be a URL that begins with http:// or https://"),
        (
            "web: {links: {grafana: 'https://user:word@grafana.domain.org'}}",
            "web.links.grafana: must not contain a user name or password",
        ),
        ("web: {route_prefix: onedata}", "web.route_prefix: must be a URL path such as /onedata"),
        ("web: {route_prefix: /../x}", "web.route_prefix: must be a URL path such as /onedata"),
        ("history: {retention: 59m}", "history.retention: must be from 1h to 30d"),
        ("history: {retention: 31d}", "history.retention: must be from 1h to 30d"),
        ('"\\n": 1', "'\\n': unknown key"),
        ("poll: 5s", "poll: must be a mapping (key: value)"),
        ("poll: [1]", "poll: must be a mapping (key: value)"),
        ("poll: {interval: soon}", f"poll.interval: {DURATION}"),
        ("poll: {interval: 0s}", "poll.interval: must be longer than 0 and at most a year (1y)"),
        ("poll: {interval: true}", f"poll.interval: {DURATION}"),
        ("poll: {timeout: 20s}", "poll.timeout: 20s is longer than poll.interval, 15s"),
        ("poll: {interval: 500ms, timeout: 1}", "poll.timeout: 1s is longer than poll.interval, 500ms"),
        ("poll: {max_concurrency: 0}", "poll.max_concurrency: must be at least 1"),
        ("poll: {max_concurrency: many}", "poll.max_concurrency: must be a whole number"),
        ("poll: {max_concurrency: 1.5}", "poll.max_concurrency: must be a whole number"),
        ("web: {listen_addresses: []}", "web.listen_addresses: must not be empty"),
        (
            "web: {listen_addresses: ':19443'}",
            "web.listen_addresses: must be a list, as in listen_addresses: [...]",
        ),
        ("web: {listen_addresses: [19443]}", f"web.listen_addresses[0]: {ADDRESS}"),
        ("web: {listen_addresses: ['19443']}", f"web.listen_addresses[0]: {ADDRESS}"),
        ("web: {listen_addresses: [':1', ':99999']}", f"web.listen_addresses[1]: {ADDRESS}"),
        ("web: {listen_addresses: ['::1:19443']}", f"web.listen_addresses[0]: {ADDRESS}"),
        ("web: {listen_addresses: ['1.2.3:80']}", "web.listen_addresses[0]: the host is no valid IP address"),
        ("web: {listen_addresses: ['[::x]:80']}", "web.listen_addresses[0]: the host is no valid IP address"),
        (
            "web: {listen_addresses: [':1', ':2', ':1']}",
            "web.listen_addresses: :1 and :1 cannot both be listened on: leave one of them out",
        ),
        (
            "web: {listen_addresses: ['127.0.0.1:1', ':1']}",
            "web.listen_addresses: 127.0.0.1:1 and :1 cannot both be listened on: leave one of them out",
        ),
        (
            "web: {listen_addresses: ['[::1]:1', '[::]:1']}",
            "web.listen_addresses: [::1]:1 and [::]:1 cannot both be listened on: leave one of them out",
        ),
        (
            "web: {listen_addresses: ['unix:/run/x', 'unix:/run/x']}",
            "web.listen_addresses: unix:/run/x and unix:/run/x cannot both be listened on: leave one of them out",
        ),
        (
            "web: {health_address: '127.0.0.1:19443'}",
            "web.health_address: :19443 and 127.0.0.1:19443 cannot both be listened on: leave one of them out",
        ),
        ("web: {telemetry_path: metrics}", "web.telemetry_path: must be a URL path such as /metrics"),
        ("web: {telemetry_path: /}", "web.telemetry_path: must be a URL path such as /metrics"),
        ("web: {telemetry_path: '/a?b'}", "web.telemetry_path: must be a URL path such as /metrics"),
        (
            "web: {telemetry_path: /-/healthy}",
            "web.telemetry_path: is the place of another page of the exporter",
        ),
        ("log: {level: loud}", "log.level: must be 'debug', 'info', 'warning' or 'error'"),
        ("log: {format: xml}", "log.format: must be 'logfmt' or 'json'"),
        ("latency_buckets: []", "latency_buckets: must not be empty"),
        ("latency_buckets: 5", "latency_buckets: must be a list, as in latency_buckets: [...]"),
        ("latency_buckets: [1, 1]", "latency_buckets: must increase: 1 comes after 1"),
        ("latency_buckets: [1, 0.5]", "latency_buckets: must increase: 0.5 comes after 1"),
        ("latency_buckets: [0]", "latency_buckets[0]: must be greater than 0"),
        ("latency_buckets: [.nan]", "latency_buckets[0]: must be a finite number"),
        ("latency_buckets: [1, .inf]", "latency_buckets[1]: must be a finite number"),
        ("latency_buckets: [1, '2']", "latency_buckets[1]: must be a number"),
        ("latency_buckets: [true]", "latency_buckets[0]: must be a number"),
        ("defaults: []", "defaults: must be a mapping (key: value)"),
    ],
)
def test_a_wrong_value_at_the_top_is_refused(faults_of: FaultsOf, text: str, line: str) -> None:
    assert faults_of(TARGETS + text) == [line]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("poll: {}", NO_TARGET),
        ("targets:", NO_TARGET),
        ("targets: []", NO_TARGET),
        ("targets: https://a.test", "targets: must be a list, as in targets: [...]"),
        ("targets: [https://a.test]", "targets[0]: must be a mapping (key: value)"),
        ("targets: [{}]", "targets[0].url: is required"),
        ("targets: [{name: a}]", "targets[0].url: is required"),
    ],
)
def test_there_must_be_a_target(faults_of: FaultsOf, text: str, line: str) -> None:
    assert faults_of(text) == [line]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("a.test", "must begin with https://, as in https://my.zone.domain.org"),
        ("a.test:443", "must begin with https://, as in https://my.zone.domain.org"),
        ("ftp://a.test", "must begin with https://, as in https://my.zone.domain.org"),
        ("http://a.test", "must begin with https://; plain http needs allow_http: true on this target"),
        ("https://", "has no host"),
        ("https://:443", "has no host"),
        ("https://u:hunter2@a.test", "must not contain a user name or password"),  # pragma: allowlist secret
        ("https://hunter2@a.test", "must not contain a user name or password"),
        ("https://a.test?x", "must not contain a query (?) or a fragment (#)"),
        ("https://a.test/?", "must not contain a query (?) or a fragment (#)"),
        ("https://a.test#x", "must not contain a query (?) or a fragment (#)"),
        ("https://a.test/nagios", "must not contain a path: only https://, the host and perhaps a port"),
        ("https://a.test:0", "the port must be between 1 and 65535"),
        ("https://a.test:70000", "is no valid URL: see its port (1 to 65535) and its brackets"),
        ("https://a.test:x", "is no valid URL: see its port (1 to 65535) and its brackets"),
        ("https://[::1", "is no valid URL: see its port (1 to 65535) and its brackets"),
        ("https://1.2.3", "the host is no valid IP address"),
        ("https://[fe80::1%25eth0]", "the host must not name a network interface (%)"),
        ("https://a b.test", "must not contain spaces or control characters"),
        ("https://żu_\u200bbr.test", "must not contain spaces or control characters"),
        ("https://ża\u2488.test", "the host is no valid name (letters, digits, - and .)"),
        (
            "https://a.test:9443",
            (
                "has the port of the direct path (9443), and the proxy path would not be polled: give the domain "
                "alone, as in https://a.test; direct_url is derived from it"
            ),
        ),
        (
            "https://-a.test",
            "the host is no valid name (letters, digits, - and .)",
        ),
        (
            "https://a..test",
            "the host is no valid name (letters, digits, - and .)",
        ),
    ],
)
def test_a_url_that_is_more_or_less_than_an_origin_is_refused(
    faults_of: FaultsOf, url: str, message: str
) -> None:
    assert faults_of(f"targets: [{{url: '{url}'}}]") == [f"targets[0].url: {message}"]


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("name: ''", "name: must have 1 to 100 characters"),
        ("name: 5", "name: must be text; put it in quotes"),
        (f"name: {'x' * 101}", "name: must have 1 to 100 characters"),
        ("name: a/b", "name: must be printable text without '/', and without spaces at its ends"),
        ("name: '..'", "name: must be printable text without '/', and without spaces at its ends"),
        ("name: ' a'", "name: must be printable text without '/', and without spaces at its ends"),
        ('name: "a\\nb"', "name: must be printable text without '/', and without spaces at its ends"),
        ("knd: auto", "knd: unknown key; did you mean kind?"),
        ("tsl: {}", "tsl: unknown key; did you mean tls?"),
        ("ca_file: x", "ca_file: unknown key; did you mean tls.ca_file?"),
        ("nodes: {}", "nodes: must not be empty"),
        ("nodes: [10.0.0.1]", "nodes: must be a mapping (key: value)"),
        ("nodes: {a: node.test}", "nodes.a: must be an IP address such as 10.0.0.11 or 2001:db8::11"),
        ("nodes: {a: 10.0.0}", "nodes.a: the host is no valid IP address"),
        ("nodes: {a: 1.5}", "nodes.a: must be text; put it in quotes"),
        ("nodes: {'': 10.0.0.1}", "nodes.: the name of a node must have 1 to 63 characters"),
        (
            f"nodes: {{{'x' * 64}: 10.0.0.1}}",
            f"nodes.{'x' * 60}…: the name of a node must have 1 to 63 characters",
        ),
        (
            "nodes: {' a': 10.0.0.1}",
            "nodes. a: the name of a node must be printable text without spaces at its ends",
        ),
        (
            'nodes: {"a\\nb": 10.0.0.1}',
            "nodes.'a\\nb': the name of a node must be printable text without spaces at its ends",
        ),
        ("nodes: {a: '::1', b: '0::1'}", "nodes: 'a' and 'b' have the same address"),
        (
            "nodes: {a: 10.0.0.1}\n  resolve_nodes: true",
            "resolve_nodes: nodes is set, too; give only one of them",
        ),
        (
            "nodes: {a: 10.0.0.1}\n  direct_url: https://10.0.0.1:9443",
            "nodes: needs a host name in direct_url: an IP address is one node already",
        ),
        (
            "resolve_nodes: true\n  proxy_url: 'https://[::1]'",
            "resolve_nodes: needs a host name in proxy_url: an IP address is one node already",
        ),
        (
            "nodes: {a: 10.0.0.1}\n  proxy_from_environment: true",
            "nodes: an HTTP proxy chooses the node itself; set proxy_from_environment: false",
        ),
        ("worker_report: perhaps", "worker_report: must be true or false"),
        ("maintenance: {}", "maintenance: must be a list, as in maintenance: [...]"),
        ("maintenance: [{}]", ["maintenance[0].start: is required", "maintenance[0].end: is required"]),
        ("maintenance: [{start: 2026-12-01, end: 2026-12-01T23:00:00Z}]", f"maintenance[0].start: {MOMENT}"),
        (
            "maintenance: [{start: 2026-12-01T20:00:00, end: 2026-12-01T23:00:00Z}]",
            f"maintenance[0].start: {MOMENT}",
        ),
        ("maintenance: [{start: 1, end: 2026-12-01T23:00:00Z}]", f"maintenance[0].start: {MOMENT}"),
        (
            "maintenance: [{start: 2026-02-30T20:00:00Z, end: 2026-12-01T23:00:00Z}]",
            "maintenance[0].start: there is no such date or time",
        ),
        (
            "maintenance: [{start: 2026-12-01T20:00:00Z, end: 2026-12-01T21:00:00+01:00}]",
            "maintenance[0].end: must be later than the start",
        ),
        (
            'maintenance: [{start: 2026-12-01T20:00:00Z, end: 2026-12-01T21:00:00Z, reason: "a\\nb"}]',
            "maintenance[0].reason: must not contain line breaks or other unprintable characters",
        ),
        ("maintenance_file: ''", "maintenance_file: must name a file"),
        ('maintenance_file: "a\\0b"', "maintenance_file: is no file name"),
        ("kind: zone", "kind: must be 'auto', 'onezone' or 'oneprovider'"),
        (
            "ip_protocol: ipv6\n  direct_url: https://10.0.0.1:9443",
            "ip_protocol: is ipv6, but the host of direct_url is an address of the other IP version",
        ),
        (
            "ip_protocol: ipv4\n  nodes: {a: 10.0.0.1, b: '::1'}",
            "nodes: 'b' has an address of the other IP version: ip_protocol is ipv4",
        ),
        ("ip_protocol: 4", "ip_protocol: must be 'auto', 'ipv4' or 'ipv6'"),
        ("paths: []", "paths: must not be empty"),
        ("paths: proxy", "paths: must be a list, as in paths: [...]"),
        ("paths: [proxy, sideways]", "paths[1]: must be 'proxy' or 'direct'"),
        ("allow_http: perhaps", "allow_http: must be true or false"),
        (
            "proxy_url: http://a.test",
            "proxy_url: must begin with https://; plain http needs allow_http: true on this target",
        ),
        ("direct_url: 9443", "direct_url: must be a URL such as https://my.zone.domain.org"),
        ("labels: [a]", "labels: must be a mapping (key: value)"),
        ("labels: {site: 5}", "labels.site: must be text; put it in quotes"),
        ("labels: {site: true}", "labels.site: must be text; put it in quotes"),
        (
            'labels: {site: "a\\nb"}',
            "labels.site: must not contain line breaks or other unprintable characters",
        ),
        (
            'labels: {site: "\\ud800"}',
            "labels.site: must not contain line breaks or other unprintable characters",
        ),
        (
            "labels: {a-b: x}",
            "labels.a-b: is no label name (letters, digits and _, not beginning with a digit)",
        ),
        ("labels: {__a: x}", "labels.__a: label names that begin with __ are Prometheus' own"),
        (
            "labels: {target: x}",
            "labels.target: is a label of the exporter's own metrics; choose another name",
        ),
        (
            "labels: {instance: x}",
            "labels.instance: is a label that Prometheus sets when it scrapes; choose another name",
        ),
        (
            "tls: {server_name: ''}",
            "tls.server_name: must be a host name; leave the key out for the host of the URL",
        ),
        (
            "tls: {server_name: 'a b'}",
            "tls.server_name: the host is no valid name (letters, digits, - and .)",
        ),
        ("tls: {ca: x}", "tls.ca: unknown key"),
    ],
)
def test_a_wrong_key_of_a_target_is_refused(faults_of: FaultsOf, keys: str, line: str | list[str]) -> None:
    lines = [line] if isinstance(line, str) else line
    assert faults_of(f"targets:\n- url: https://a.test\n  {keys}") == [f"targets[0].{each}" for each in lines]


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


def test_a_host_too_long_for_a_name_is_told_at_the_name(faults_of: FaultsOf) -> None:
    host = ".".join(["x" * 60] * 2)
    assert faults_of(f"targets: [{{url: https://{host}}}]") == [
        "targets[0].name: must have 1 to 100 characters"
    ]


def test_everything_is_told_at_once(faults_of: FaultsOf) -> None:
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


def test_a_fault_in_the_defaults_is_told_once_and_there(faults_of: FaultsOf) -> None:
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

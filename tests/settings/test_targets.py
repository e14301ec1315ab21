from __future__ import annotations

from pathlib import Path

import pytest

from exporter.credentials import Auth, Secret
from exporter.maintenance import Window
from exporter.settings.loading import load
from exporter.targets import AccessPath, IpProtocol, Kind, Node, Schedule, Target, TlsOptions

from .conftest import FaultsOf

NO_KEY_PAIR = (
    "tls.key_file: tls.cert_file and tls.key_file must be a certificate and its key "
    "without a passphrase, in PEM format"
)


def targets_of(file: Path, text: str) -> tuple[Target, ...]:
    file.write_text(text, encoding="utf-8")
    return load(file, environ={}).targets


@pytest.mark.parametrize(
    ("url", "name", "proxy_url", "direct_url"),
    [
        ("https://My.Zone.test/", "my.zone.test", "https://my.zone.test", "https://my.zone.test:9443"),
        ("https://a.test:443", "a.test", "https://a.test", "https://a.test:9443"),
        ("https://a.test:8443", "a.test", "https://a.test:8443", "https://a.test:9443"),
        ("https://a.test.", "a.test", "https://a.test", "https://a.test:9443"),
        (
            "https://Żubr.test",
            "xn--ubr-22a.test",
            "https://xn--ubr-22a.test",
            "https://xn--ubr-22a.test:9443",
        ),
        ("https://10.0.0.1", "10.0.0.1", "https://10.0.0.1", "https://10.0.0.1:9443"),
        (
            "https://[2001:DB8::1]:8443",
            "2001:db8::1",
            "https://[2001:db8::1]:8443",
            "https://[2001:db8::1]:9443",
        ),
    ],
)
def test_both_paths_follow_from_the_url(
    config_file: Path, url: str, name: str, proxy_url: str, direct_url: str
) -> None:
    (target,) = targets_of(config_file, f"targets: [{{url: '{url}'}}]")
    assert (target.name, target.url) == (name, proxy_url)
    assert (target.proxy_url, target.direct_url) == (proxy_url, direct_url)


def test_every_key_reaches_the_target(config_file: Path, certificates: Path) -> None:
    text = f"""
poll: {{interval: 30s, details_interval: 5m, timeout: 20s}}
targets:
- url: https://a.test
  name: my zone
  kind: onezone
  labels: {{site: cracow, owner: ops, since: 2024-01-01}}
  paths: [direct]
  proxy_url: https://b.test
  direct_url: https://c.test:1234/
  tls:
    ca_file: {certificates}/ca.pem
    server_name: D.test
    cert_file: {certificates}/exporter.pem
    key_file: {certificates}/exporter.key
    insecure_skip_verify: true
  ip_protocol: ipv6
  proxy_from_environment: true
  allow_insecure_credentials: true
  auth: {{token: a-token, passphrase_file: passphrase}}
  worker_report: false
  maintenance:
  - {{start: 1970-01-02T00:00:00Z, end: 1970-01-02t01:00:00.5+00:30, reason: upgrade}}
  maintenance_file: touch-{{name}}
"""
    config_file.with_name("passphrase").write_text("a passphrase\n", encoding="ascii")
    assert targets_of(config_file, text) == (
        Target(
            name="my zone",
            url="https://a.test",
            proxy_url="https://b.test",
            direct_url="https://c.test:1234",
            kind=Kind.ONEZONE,
            labels=(("owner", "ops"), ("since", "2024-01-01"), ("site", "cracow")),
            expected_paths=frozenset({AccessPath.DIRECT}),
            tls=TlsOptions(
                ca_file=f"{certificates}/ca.pem",
                server_name="d.test",
                cert_file=f"{certificates}/exporter.pem",
                key_file=f"{certificates}/exporter.key",
                insecure_skip_verify=True,
            ),
            ip_protocol=IpProtocol.IPV6,
            proxy_from_environment=True,
            auth=Auth(Secret("a-token"), Secret(file=str(config_file.with_name("passphrase")))),
            left_out=frozenset({"worker_report"}),
            schedule=Schedule(30, 300, 20),
            maintenance=(Window(86_400.0, 88_200.5, "upgrade"),),
            maintenance_file=str(config_file.with_name("touch-my zone")),
        ),
    )


def test_nodes_are_listed_or_resolved(config_file: Path) -> None:
    listed, resolved = targets_of(
        config_file,
        "targets: [{url: https://a.test, nodes: {b: 10.0.0.2, a: '2001:DB8::1'}},"
        " {url: https://b.test, resolve_nodes: true}]",
    )
    assert listed.nodes == (Node("b", "10.0.0.2"), Node("a", "2001:db8::1"))
    assert [listed.address(name) for name in listed.node_names] == ["10.0.0.2", "2001:db8::1"]
    assert not listed.resolve_nodes
    assert resolved.resolve_nodes
    assert (resolved.domain, resolved.node_names, resolved.address("10.0.0.3")) == (
        "b.test",
        ("",),
        "10.0.0.3",
    )


def test_plain_http_is_accepted_where_it_is_asked_for(config_file: Path) -> None:
    (target,) = targets_of(config_file, "targets: [{url: http://a.test:8080, allow_http: true}]")
    assert (target.proxy_url, target.direct_url) == ("http://a.test:8080", "https://a.test:9443")


def test_a_target_overrides_the_defaults_key_by_key(config_file: Path) -> None:
    text = """
defaults:
  {kind: onezone, labels: {site: a, owner: ops}, paths: [proxy], tls: {server_name: a.test, insecure_skip_verify: true}}
targets:
- url: https://a.test
- {url: https://b.test, kind: auto, labels: {site: b}, tls: {insecure_skip_verify: false}, paths: [direct]}
- {url: https://c.test, kind: , tls: }
"""
    first, second, third = targets_of(config_file, text)
    assert first.kind is third.kind is Kind.ONEZONE
    assert first.labels == third.labels == (("owner", "ops"), ("site", "a"))
    assert first.tls == third.tls == TlsOptions(server_name="a.test", insecure_skip_verify=True)
    assert second.kind is Kind.AUTO
    assert second.labels == (("owner", "ops"), ("site", "b"))
    assert second.tls == TlsOptions(server_name="a.test")
    assert first.expected_paths == frozenset({AccessPath.PROXY})
    assert second.expected_paths == frozenset({AccessPath.DIRECT})


def test_a_key_without_a_value_counts_as_absent(config_file: Path) -> None:
    assert targets_of(
        config_file, "poll:\nweb: {telemetry_path: }\ntargets: [{url: https://a.test, labels: }]"
    )


def test_file_names_are_relative_to_the_file_that_has_them(certificates: Path) -> None:
    file = certificates / "relative.yml"
    text = """
defaults: {tls: {ca_file: ./ca.pem}}
targets: [{url: https://a.test, tls: {cert_file: exporter.pem, key_file: exporter.key}}]
"""
    (target,) = targets_of(file, text)
    assert target.tls.ca_file == str(certificates / "ca.pem")
    assert target.tls.key_file == str(certificates / "exporter.key")


@pytest.mark.parametrize(
    ("tls", "line"),
    [
        ("ca_file: absent.pem", "tls.ca_file: cannot be read: No such file or directory: {0}/absent.pem"),
        ("ca_file: .", "tls.ca_file: cannot be read: Is a directory: {0}"),
        ("ca_file: ''", "tls.ca_file: must name a file"),
        ('ca_file: "a\\0b"', "tls.ca_file: is no file name"),
        ('ca_file: "a\\nb"', "tls.ca_file: is no file name"),
        ("ca_file: exporter.key", "tls.ca_file: has no certificate in PEM format: {0}/exporter.key"),
        ("cert_file: exporter.pem", "tls: cert_file needs key_file, too"),
        ("key_file: exporter.key", "tls.key_file: needs tls.cert_file, too"),
        (
            "{{cert_file: exporter.pem, key_file: absent}}",
            "tls.key_file: cannot be read: No such file or directory: {0}/absent",
        ),
        (
            "{{cert_file: exporter.pem, key_file: other.key}}",
            "tls.key_file: is not the key of the certificate in tls.cert_file",
        ),
        (
            "{{cert_file: exporter.key, key_file: exporter.key}}",
            NO_KEY_PAIR,
        ),
        ("{{cert_file: exporter.pem, key_file: locked.key}}", NO_KEY_PAIR),
    ],
)
def test_certificate_files_must_be_usable(
    certificates: Path, faults_of: FaultsOf, config_file: Path, tls: str, line: str
) -> None:
    for file in certificates.glob("*.*"):
        (config_file.parent / file.name).write_bytes(file.read_bytes())
    inner = tls.format() if tls.startswith("{") else f"{{{tls}}}"
    assert faults_of(f"targets: [{{url: https://a.test, tls: {inner}}}]") == [
        f"targets[0].{line.format(config_file.parent)}"
    ]


def test_a_certificate_file_that_changed_is_validated_again(
    certificates: Path, faults_of: FaultsOf, config_file: Path
) -> None:
    text = "targets: [{url: https://a.test, tls: {ca_file: ca.pem}}]"
    file = config_file.parent / "ca.pem"
    file.write_bytes((certificates / "ca.pem").read_bytes())
    assert targets_of(config_file, text)
    file.write_text("no certificate", encoding="ascii")
    assert faults_of(text) == [f"targets[0].tls.ca_file: has no certificate in PEM format: {file}"]

"""The file of `web.config_file`, in the format of Prometheus' own web configuration."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from exporter.commands.arguments import parse
from exporter.files import file_version
from exporter.settings.ciphers import _TLS12, _TLS13
from exporter.settings.errors import ConfigurationError
from exporter.settings.loading import load
from exporter.settings.web_config import (
    ClientAuth,
    ListenAddress,
    RateLimit,
    ServerTls,
    SystemdSockets,
    TlsVersion,
    UnixAddress,
    WebConfig,
)
from exporter.settings.web_config_file import read_web_config
from exporter.web.tls import server_context
from tests.settings.conftest import FaultsOf

HASH = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
TARGETS = "targets: [{url: 'https://zone.test'}]\n"
PAIR = "cert_file: exporter.pem, key_file: exporter.key"
CLIENTS = "client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert"
RATE_LIMIT_WITHOUT_BURST = "rate_limit: burst must be at least 1: otherwise every request is refused"
RATE_LIMIT_WITHOUT_UNIT = "rate_limit.interval: must be a duration with a unit, such as 100ms, 1s or 1m30s"
NO_USERS = (
    "basic_auth_users: must not be empty, as no request would need a password: name a user, or remove the key"
)


@pytest.fixture
def web_file(certificates: Path) -> Path:
    return certificates / "web.yml"


def faults(file: Path, text: str) -> list[str]:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_web_config(str(file))
    return [line.removeprefix(f"{file}: ") for line in str(caught.value).splitlines()]


def test_everything_that_can_be_set_is_read(web_file: Path) -> None:
    web_file.write_text(
        f"""\
tls_server_config:
  {PAIR.replace(", ", chr(10) + "  ")}
  client_ca_file: ca.pem
  client_auth_type: RequireAndVerifyClientCert
  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: false
  curve_preferences: [CurveP384]
  client_allowed_sans: [prometheus.test, 10.0.0.1]
rate_limit: {{interval: 1.5s, burst: 3}}
http_server_config:
  http2: false
  headers: {{X-Frame-Options: deny, Strict-Transport-Security: max-age=31536000}}
basic_auth_users:
  alice: {HASH}
""",
        encoding="utf-8",
    )
    folder = web_file.parent
    cert, key, ca = (folder / name for name in ("exporter.pem", "exporter.key", "ca.pem"))
    assert read_web_config(str(web_file)) == WebConfig(
        tls=ServerTls(
            certificate=cert.read_text(),
            key=key.read_text(),
            client_ca=ca.read_text(),
            client_auth=ClientAuth.REQUIRED,
            allowed_sans=frozenset({"prometheus.test", "10.0.0.1"}),
            min_version=TlsVersion.TLS12,
            max_version=TlsVersion.TLS13,
            ciphers=("ECDHE-RSA-AES128-GCM-SHA256",),
            curve="secp384r1",
            prefer_server_ciphers=False,
        ),
        headers=(("X-Frame-Options", "deny"), ("Strict-Transport-Security", "max-age=31536000")),
        users=(("alice", HASH),),
        rate_limit=RateLimit(1.5, 3),
        files=tuple((str(each), file_version(str(each))) for each in (web_file, cert, key, ca)),
    )


# Of the same kinds as the test files of Prometheus' exporter-toolkit.
GOOD = {
    "an empty file": "",
    "a certificate": f"tls_server_config: {{{PAIR}}}",
    "clients verified by the system's authorities": (
        f"tls_server_config: {{{PAIR}, client_auth_type: VerifyClientCertIfGiven}}"
    ),
    "clients required": f"tls_server_config: {{{PAIR}, {CLIENTS}}}",
    "names of clients": f"tls_server_config: {{{PAIR}, {CLIENTS}, client_allowed_sans: [one, two, 10.0.0.1]}}",
    "all curves": (
        f"tls_server_config: {{{PAIR}, curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]}}"
    ),
    "newer curves, too": (
        f"tls_server_config: {{{PAIR}, curve_preferences: "
        "[CurveP256, CurveP384, CurveP521, X25519, X25519MLKEM768]}"
    ),
    "one curve": f"tls_server_config: {{{PAIR}, min_version: TLS13, curve_preferences: [CurveP521]}}",
    "all cipher suites": f"tls_server_config: {{{PAIR}, cipher_suites: [{', '.join((*_TLS12, *_TLS13))}]}}",
    "some cipher suites": (
        f"tls_server_config: {{{PAIR}, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256], "
        "min_version: TLS12, max_version: TLS12}"
    ),
    "only cipher suites of TLS 1.3": f"tls_server_config: {{{PAIR}, cipher_suites: [TLS_AES_128_GCM_SHA256]}}",
    "cipher suites without an order": (
        f"tls_server_config: {{{PAIR}, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384], "
        "prefer_server_cipher_suites: false}"
    ),
    "no HTTP/2": f"tls_server_config: {{{PAIR}}}\nhttp_server_config: {{http2: false}}",
    "HTTP/2": f"tls_server_config: {{{PAIR}}}\nhttp_server_config: {{http2: true}}",
    "headers": """\
http_server_config:
  headers:
    X-Frame-Options: deny
    Strict-Transport-Security: max-age=31536000; includeSubDomains
    X-Content-Type-Options: nosniff
    X-XSS-Protection: 1
    Content-Security-Policy: ""
""",
    "users without TLS": f"basic_auth_users: {{alice: {HASH}, bob: {HASH}}}",
    "a limit of requests": "rate_limit: {interval: 1s, burst: 1}",
    "no limit of requests": "rate_limit: {interval: 0}",
    "an expensive hash": f"basic_auth_users: {{bob: {HASH.replace('$10$', '$18$')}}}",
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD.keys())
def test_what_prometheus_accepts_is_accepted_and_can_be_served(web_file: Path, text: str) -> None:
    web_file.write_text(text, encoding="utf-8")
    config = read_web_config(str(web_file))
    if config.tls:
        server_context(config.tls)


def test_a_number_is_a_value_of_a_header_and_an_empty_one_is_none(web_file: Path) -> None:
    web_file.write_text(GOOD["headers"], encoding="utf-8")
    headers = dict(read_web_config(str(web_file)).headers)
    assert headers["X-XSS-Protection"] == "1"
    assert "Content-Security-Policy" not in headers


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        ("", ["is empty: the pages are served over plain HTTP, without passwords"]),
        (GOOD["users without TLS"], []),
        (
            GOOD["an expensive hash"],
            [
                (
                    "basic_auth_users.bob: the hash has a cost of 18: verifying a password takes seconds; "
                    "10 is enough"
                )
            ],
        ),
    ],
)
def test_what_is_valid_and_yet_strange_has_a_warning(web_file: Path, text: str, warnings: list[str]) -> None:
    web_file.write_text(text, encoding="utf-8")
    assert read_web_config(str(web_file)).warnings == tuple(f"{web_file}: {each}" for each in warnings)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[]", "must be a mapping (key: value) at its top, such as 'targets: [...]'"),
        ("a: 1", "a: unknown key"),
        ("basic_auth_user: {}", "basic_auth_user: unknown key; did you mean basic_auth_users?"),
        (
            "tls_server_config: {key_file: exporter.key}",
            "tls_server_config: needs cert_file or cert: the certificate of the exporter",
        ),
        (
            "tls_server_config: {cert_file: exporter.pem}",
            "tls_server_config: needs key_file or key: the key of the certificate",
        ),
        ("tls_server_config: {cert_file: ''}", "tls_server_config.cert_file: must name a file"),
        ("tls_server_config:", "tls_server_config: needs cert_file or cert: the certificate of the exporter"),
        (
            f"tls_server_config: {{{PAIR}, cert: x}}",
            "tls_server_config.cert_file: cert is set, too; give only one of them",
        ),
        (
            "tls_server_config: {cert: x, key: y}",
            (
                "tls_server_config: tls_server_config.cert_file and tls_server_config.key_file must be a "
                "certificate and its key without a passphrase, in PEM format"
            ),
        ),
        (
            f"tls_server_config: {{{PAIR}, client_ca: x, client_auth_type: RequireAndVerifyClientCert}}",
            "tls_server_config.client_ca: has no certificate in PEM format",
        ),
        (
            "tls_server_config: {cert_file: exporter.pem, key_file: other.key}",
            "tls_server_config.key_file: is not the key of the certificate in tls_server_config.cert_file",
        ),
        (
            f"tls_server_config: {{{PAIR}, min_version: TLS10}}",
            "tls_server_config.min_version: is insecure: only TLS12 and TLS13 are supported",
        ),
        (
            f"tls_server_config: {{{PAIR}, min_version: TLS14}}",
            "tls_server_config.min_version: must be 'TLS12' or 'TLS13'",
        ),
        (
            f"tls_server_config: {{{PAIR}, min_version: TLS13, max_version: TLS12}}",
            "tls_server_config.max_version: is lower than min_version",
        ),
        (
            f"tls_server_config: {{{PAIR}, client_auth_type: RequireAnyClientCert}}",
            (
                "tls_server_config.client_auth_type: asks for certificates without verifying them, "
                "which Python's TLS does not support"
            ),
        ),
        (
            f"tls_server_config: {{{PAIR}, client_auth_type: Maybe}}",
            (
                "tls_server_config.client_auth_type: must be 'NoClientCert', 'VerifyClientCertIfGiven' or "
                "'RequireAndVerifyClientCert'"
            ),
        ),
        (
            f"tls_server_config: {{{PAIR}, client_ca_file: ca.pem}}",
            (
                "tls_server_config: client_ca_file has no effect without a client_auth_type "
                "that verifies certificates"
            ),
        ),
        (
            f"tls_server_config: {{{PAIR}, cipher_suites: [TLS_AES_128_GCM_SHA256], max_version: TLS12}}",
            (
                "tls_server_config.cipher_suites: has no suite of TLS 1.2, which is the only version "
                "allowed by max_version"
            ),
        ),
        (
            f"tls_server_config: {{{PAIR}, curve_preferences: [X25519, CurveP256]}}",
            (
                "tls_server_config.curve_preferences: Python's TLS supports one curve or all of them: "
                "give one entry, or CurveP256, CurveP384, CurveP521, X25519"
            ),
        ),
        (
            f"tls_server_config: {{{PAIR}, curve_preferences: [CurveP257]}}",
            (
                "tls_server_config.curve_preferences[0]: is no known curve; there are "
                "CurveP256, CurveP384, CurveP521, X25519, X25519MLKEM768"
            ),
        ),
        (
            f"tls_server_config: {{{PAIR}, client_allowed_sans: [a]}}",
            ("tls_server_config: client_allowed_sans needs client_auth_type: RequireAndVerifyClientCert"),
        ),
        ("rate_limit: {interval: 1h}", RATE_LIMIT_WITHOUT_BURST),
        ("rate_limit: {interval: 5, burst: 1}", RATE_LIMIT_WITHOUT_UNIT),
        ("basic_auth_users:", NO_USERS),
        ("basic_auth_users: {}", NO_USERS),
        (
            "http_server_config: {headers: {X-Frame-Options: maybe}}",
            "http_server_config.headers: X-Frame-Options must be deny or sameorigin",
        ),
        (
            'http_server_config: {headers: {X-XSS-Protection: "a\\r\\nb: c"}}',
            "http_server_config.headers.X-XSS-Protection: must be printable ASCII text",
        ),
        (
            "basic_auth_users: {alice: hunter2}",
            "basic_auth_users.alice: must be a bcrypt hash, as from: htpasswd -nBC 10 NAME",
        ),
        (
            f"basic_auth_users: {{alice: {HASH.replace('$10$', '$32$')}}}",
            "basic_auth_users.alice: the cost of the hash must be between 4 and 31",
        ),
        (
            f"basic_auth_users: {{'a:b': {HASH}}}",
            "basic_auth_users.a:b: the name of a user must be printable text without ':'",
        ),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(web_file: Path, text: str, fault: str) -> None:
    assert faults(web_file, text) == [fault]


def test_an_unknown_cipher_suite_is_refused_with_the_known_ones(web_file: Path) -> None:
    text = f"tls_server_config: {{{PAIR}, cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]}}"
    (fault,) = faults(web_file, text)
    assert fault.startswith(
        "tls_server_config.cipher_suites[0]: is no cipher suite that can be used; there are"
    )
    assert "RC4" not in fault


def test_another_header_is_refused(web_file: Path) -> None:
    (fault,) = faults(web_file, "http_server_config: {headers: {Set-Cookie: a}}")
    assert "'X-Frame-Options'" in fault


@pytest.mark.parametrize("name", _TLS12.values())
def test_openssl_knows_every_cipher_suite(name: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(name)
    assert name in {each["name"] for each in context.get_ciphers()}


def test_a_password_hash_is_never_shown(web_file: Path) -> None:
    web_file.write_text(f"basic_auth_users: {{alice: {HASH}}}", encoding="ascii")
    assert HASH not in repr(read_web_config(str(web_file)))
    assert "hunter2" not in "".join(faults(web_file, "basic_auth_users: {alice: hunter2}"))


def test_the_faults_of_both_files_are_reported_at_once(faults_of: FaultsOf, config_file: Path) -> None:
    web_file = config_file.with_name("web.yml")
    web_file.write_text("a: 1", encoding="ascii")
    assert faults_of("web: {config_file: web.yml}\nlog: {level: loud}\n" + TARGETS) == [
        "log.level: must be 'debug', 'info', 'warning' or 'error'",
        f"{web_file}: a: unknown key",
    ]


def test_a_web_file_that_cannot_be_read_is_reported_once(faults_of: FaultsOf, config_file: Path) -> None:
    missing = config_file.with_name("web.yml")
    assert faults_of("web: {config_file: web.yml}\n" + TARGETS) == [
        f"web.config_file: cannot be read: No such file or directory: {missing}"
    ]


def test_the_option_names_the_file(web_file: Path) -> None:
    web_file.write_text(f"basic_auth_users: {{alice: {HASH}}}", encoding="ascii")
    flags = parse(["--target", "https://zone.test", "--web.config-file", str(web_file)]).flags
    assert load(None, flags, {}).web_config.users == (("alice", HASH),)


def test_sockets_and_a_health_address_are_read(config_file: Path) -> None:
    config_file.write_text(
        "web: {listen_addresses: ['[::1]:0', 'unix:/run/x.sock', 'systemd:'], health_address: ':19444'}\n"
        + TARGETS,
        encoding="ascii",
    )
    web = load(config_file, environ={}).web
    assert web.listen_addresses == (ListenAddress("::1", 0), UnixAddress("/run/x.sock"), SystemdSockets())
    assert web.health_address == ListenAddress("", 19444)
    assert [str(each) for each in web.listen_addresses] == ["[::1]:0", "unix:/run/x.sock", "systemd:"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "{listen_addresses: ['unix:x.sock']}",
            (
                "web.listen_addresses[0]: must name the Unix socket by its whole path, "
                "such as unix:/run/onedata-exporter.sock"
            ),
        ),
        (
            f"{{listen_addresses: ['unix:/{'x' * 107}']}}",
            "web.listen_addresses[0]: the path of a Unix socket may have 107 bytes at most",
        ),
        (
            "{health_address: 'systemd:'}",
            "web.health_address: must be an address of its own; systemd's sockets belong in listen_addresses",
        ),
    ],
)
def test_wrong_sockets_are_refused(faults_of: FaultsOf, text: str, fault: str) -> None:
    assert faults_of(f"web: {text}\n{TARGETS}") == [fault]


@pytest.mark.parametrize(
    "addresses",
    [
        [":0", ":0"],
        ["127.0.0.1:1", "127.0.0.2:1"],
        ["127.0.0.1:1", "[::1]:1"],
        ["0.0.0.0:1", "[::]:1", "unix:/run/x"],
        ["0.0.0.0:1", "[::1]:1"],
        ["unix:/run/x", "unix:/run/y"],
    ],
)
def test_addresses_that_can_be_listened_on_together_are_accepted(
    config_file: Path, addresses: list[str]
) -> None:
    config_file.write_text(f"targets: [{{url: 'https://a.test'}}]\nweb: {{listen_addresses: {addresses}}}\n")
    listened_on = load(config_file, environ={}).web.listen_addresses
    assert [str(each) for each in listened_on] == addresses

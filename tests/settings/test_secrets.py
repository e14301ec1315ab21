"""Credentials: from every source, rejected where they cannot be used or would be disclosed, and never shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from exporter.commands import check_config
from exporter.commands.arguments import parse
from exporter.credentials import Auth, AuthMethod, Secret
from exporter.settings.errors import ConfigurationError
from exporter.settings.keys import walk
from exporter.settings.loading import load
from exporter.targets import Target

from .conftest import FaultsOf

CANARY = "hunter2-canary"
DEFAULTS = "ONEDATA_EXPORTER_DEFAULTS__"
KNOWN = "the keys are token, token_file, passphrase, passphrase_file"

STOLEN = (
    "credentials together with {} can be stolen on the way; "
    "if that must be, set allow_insecure_credentials: true on this target"
)


def check(file: Path) -> int:
    """The exit code of `check-config`."""
    return check_config.run(parse(["check-config", "--config.file", str(file)]))


def auth_of(file: Path, text: str) -> Auth:
    file.write_text(text, encoding="utf-8")
    return load(file, environ={}).targets[0].auth


@pytest.mark.parametrize(
    ("defaults", "own", "auth"),
    [
        ("token: d", "", Auth(token=Secret("d"))),
        ("token: d", "token: o", Auth(token=Secret("o"))),
        ("token: d", "passphrase: o", Auth(Secret("d"), Secret("o"))),
        ("token: d", "token_file: own", Auth(token=Secret(file="{}/own"))),
        ("token: d", "passphrase_file: own", Auth(Secret("d"), Secret(file="{}/own"))),
        ("token_file: inherited", "token: o", Auth(token=Secret("o"))),
        ("passphrase: d", "passphrase_file: own", Auth(passphrase=Secret(file="{}/own"))),
        ("passphrase_file: inherited", "passphrase: o", Auth(passphrase=Secret("o"))),
        ("token_file: inherited", "token:", Auth(token=Secret(file="{}/inherited"))),
    ],
)
def test_a_targets_own_secret_replaces_the_inherited_one_and_the_other_is_kept(
    config_file: Path, defaults: str, own: str, auth: Auth
) -> None:
    for name in ("own", "inherited"):
        config_file.with_name(name).write_text("secret\n", encoding="ascii")
    read = auth_of(
        config_file,
        f"defaults: {{auth: {{{defaults}}}}}\ntargets: [{{url: https://a.test, auth: {{{own}}}}}]",
    )
    assert read.methods == auth.methods
    for method in AuthMethod:
        mine, wanted = read.secret(method), auth.secret(method)
        assert mine == (wanted and Secret(wanted.value, wanted.file.format(config_file.parent)))


def test_only_secrets_replace_one_another(config_file: Path) -> None:
    config_file.write_text(
        "defaults: {labels: {token: a}}\ntargets: [{url: https://a.test, labels: {token_file: b}}]",
        encoding="ascii",
    )
    assert load(config_file, environ={}).targets[0].labels == (("token", "a"), ("token_file", "b"))


def test_the_environment_gives_secrets_to_targets_of_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text("secret", encoding="ascii")
    environ = {f"{DEFAULTS}AUTH__TOKEN": "12345", f"{DEFAULTS}AUTH__PASSPHRASE_FILE": str(file)}
    (target,) = load(flags={"targets": ["https://a.test"]}, environ=environ).targets
    assert target.auth == Auth(Secret("12345"), Secret(file=str(file)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "the secret in it is empty"),
        (b" \n\n", "the secret in it is empty"),
        (b"a\nb", "the secret in it has line breaks or other control characters"),
        (b"a\x00b", "the secret in it has line breaks or other control characters"),
        (b"\xff\xfe", "the secret in it is not UTF-8 text"),
        (b"x" * 65_537, "the secret in it is too long for a secret"),
    ],
)
@pytest.mark.parametrize("key", ["token_file", "passphrase_file"])
def test_a_file_without_a_usable_secret_is_refused(
    config_file: Path, faults_of: FaultsOf, key: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        config_file.with_name("secret").write_bytes(content)
    assert faults_of(f"targets: [{{url: https://a.test, auth: {{{key}: secret}}}}]") == [
        f"targets[0].auth.{key}: {message}"
    ]


@pytest.mark.parametrize(
    ("auth", "line"),
    [
        ("token_file: .", ".token_file: cannot be read: Is a directory"),
        ("token_file: ''", ".token_file: must name a file"),
        ('token_file: "a\\0b"', ".token_file: is no file name"),
        ('token_file: "\\ud800"', ".token_file: is no file name"),
        ("token: ''", ".token: is empty"),
        ("passphrase: ' '", ".passphrase: is empty"),
        ('token: "a\\nb"', ".token: has line breaks or other control characters"),
        ('token: "\\ud800"', ".token: is not UTF-8 text"),
        (f"token: {'x' * 65_537}", ".token: is too long for a secret"),
        ("token: 12345", ".token: must be text; put it in quotes"),
        ("passphrase: [a]", ".passphrase: must be text; put it in quotes"),
        (
            "{token: a, token_file: secret}",
            ".token_file: auth.token is set, too; give only one of them",
        ),
        (
            "{passphrase: a, passphrase_file: secret}",
            ".passphrase_file: auth.passphrase is set, too; give only one of them",
        ),
        ("pasphrase: a", f": has an unknown key; {KNOWN}"),
        ("[a]", ": must be a mapping, as in auth: {token: ...}"),
    ],
)
def test_credentials_that_cannot_be_meant_are_refused(
    config_file: Path, faults_of: FaultsOf, auth: str, line: str
) -> None:
    config_file.with_name("secret").write_text("secret", encoding="ascii")
    inner = auth if auth[0] in "{[" else f"{{{auth}}}"
    assert faults_of(f"targets: [{{url: https://a.test, auth: {inner}}}]") == [f"targets[0].auth{line}"]


@pytest.mark.parametrize(
    ("keys", "culprits"),
    [
        ("allow_http: true", "allow_http"),
        ("tls: {insecure_skip_verify: true}", "tls.insecure_skip_verify"),
        (
            "allow_http: true, tls: {insecure_skip_verify: true}",
            "allow_http and tls.insecure_skip_verify",
        ),
    ],
)
@pytest.mark.parametrize("place", ["targets[0]", "defaults"])
def test_credentials_are_not_shown_to_a_server_that_proves_nothing_unless_the_risk_is_accepted(
    config_file: Path, faults_of: FaultsOf, place: str, keys: str, culprits: str
) -> None:
    auth = "auth: {passphrase: a}"
    text = {
        "targets[0]": f"targets: [{{url: https://a.test, {auth}, {keys}}}]",
        "defaults": f"defaults: {{{auth}, {keys}}}\ntargets: [{{url: https://a.test}}]",
    }[place]
    assert faults_of(text) == [f"{place}.auth: {STOLEN.format(culprits)}"]
    accepted = text.replace("url: https://a.test", "url: https://a.test, allow_insecure_credentials: true")
    assert auth_of(config_file, accepted).passphrase == Secret("a")


def test_a_risk_that_is_not_there_may_be_accepted(config_file: Path) -> None:
    text = "targets: [{url: https://a.test, allow_insecure_credentials: true, allow_http: true}]"
    assert auth_of(config_file, text) == Auth()


@pytest.mark.parametrize(
    "auth",
    [
        CANARY,
        f"[{CANARY}]",
        f"{{{CANARY}}}",
        f"{{{CANARY}: x}}",
        f"{{token: {{{CANARY}: x}}}}",
        f"{{token: [{CANARY}]}}",
        f"{{tokn: {CANARY}}}",
        f"{{token: {CANARY}, token_file: {CANARY}}}",
        f"{{token_file: {CANARY}}}",
        f"{{token_file: [{CANARY}]}}",
        f"{{passphrase: *{CANARY}}}",
        f"{{passphrase: !{CANARY}}}",
        f"{{passphrase: !{CANARY} x}}",
        f"{{passphrase: !{CANARY}!x}}",
        f"{{passphrase: &{CANARY} a, token: &{CANARY} b}}",
        f"{{passphrase: %{CANARY}}}",
        f"{{passphrase: @{CANARY}}}",
        f"{{passphrase: `{CANARY}}}",
        f"{{passphrase: '{CANARY}}}",
        f'{{passphrase: "{CANARY}\\q"}}',
        f'{{passphrase: "{CANARY}\\n{CANARY}"}}',
        f"{{passphrase: {CANARY}: {CANARY}}}",
        f"{{passphrase: {CANARY}",
        f"{{passphrase: !!int {CANARY}}}",
        f"{{passphrase: !!binary {CANARY}}}",
    ],
)
@pytest.mark.parametrize("place", ["targets", "defaults", "variable"])
def test_a_secret_that_is_written_wrongly_is_not_repeated(
    config_file: Path, capsys: pytest.CaptureFixture[str], place: str, auth: str
) -> None:
    environ: Mapping[str, str] = {}
    text = f"targets: [{{url: https://a.test, auth: {auth}}}]\n"
    if place == "defaults":
        text = f"targets: [{{url: https://a.test}}]\ndefaults: {{auth: {auth}}}\n"
    if place == "variable":
        text, environ = "targets: [{url: https://a.test}]", {f"{DEFAULTS}AUTH": auth}
    config_file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(config_file, environ=environ)
    assert CANARY not in str(caught.value) + repr(caught.value) + repr(caught.value.faults)
    if not environ:
        assert check(config_file) == 2
        assert CANARY not in "".join(capsys.readouterr())


def test_a_secret_that_is_right_is_not_shown_either(
    config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config_file.with_name("file").write_text(CANARY, encoding="ascii")
    text = f"targets: [{{url: https://a.test, auth: {{token: {CANARY}, passphrase_file: file}}}}]"
    config_file.write_text(text, encoding="ascii")
    settings = load(config_file, environ={f"{DEFAULTS}AUTH__PASSPHRASE": CANARY})
    (target,) = settings.targets
    assert isinstance(target, Target)
    assert target.auth.token == Secret(CANARY)
    assert CANARY not in repr(settings) + str(settings) + repr(target) + str(target)
    assert check(config_file) == 0
    assert CANARY not in "".join(capsys.readouterr())


def test_a_secret_beside_any_other_fault_is_not_repeated(config_file: Path) -> None:
    for place, _ in walk():
        if place[0] != "targets" or len(place) != 2 or place[1] == "auth":
            continue
        text = f"targets: [{{url: https://a.test, auth: {{token: {CANARY}}}, {place[1]}: [[{CANARY}]]}}]"
        config_file.write_text(text, encoding="ascii")
        try:
            load(config_file, environ={})
        except ConfigurationError as error:
            text = str(error)
        else:
            pytest.fail(f"{place} accepts nonsense")
        assert CANARY not in text, place

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from exporter import __version__
from exporter.commands import check_config
from exporter.commands.arguments import parse
from exporter.commands.command_list import COMMANDS, COMPLETION_PLACES
from exporter.settings.keys import walk
from exporter.settings.shards import shard_index


@pytest.mark.parametrize(
    ("argv", "command", "config_file", "flags"),
    [
        ([], "serve", None, {}),
        (["serve"], "serve", None, {}),
        (
            ["--target", "https://a", "--target", "https://b"],
            "serve",
            None,
            {"targets": ["https://a", "https://b"]},
        ),
        (["serve", "--config.file", "c.yml"], "serve", Path("c.yml"), {}),
        (
            ["--web.listen-address=:1", "--web.listen-address=:2"],
            "serve",
            None,
            {"web.listen_addresses": [":1", ":2"]},
        ),
        (
            ["--poll.interval", "5s", "--poll.timeout", "1s"],
            "serve",
            None,
            {"poll.interval": "5s", "poll.timeout": "1s"},
        ),
        (
            ["--log.level", "debug", "--log.format", "json"],
            "serve",
            None,
            {"log.level": "debug", "log.format": "json"},
        ),
        (
            ["--web.config.file=w.yml", "--web.telemetry-path=/m"],
            "serve",
            None,
            {"web.config_file": "w.yml", "web.telemetry_path": "/m"},
        ),
        (["--web.config-file=w.yml"], "serve", None, {"web.config_file": "w.yml"}),
        (
            ["--config.enable-auto-reload", "--config.auto-reload-interval", "1m"],
            "serve",
            None,
            {"config.auto_reload": True, "config.auto_reload_interval": "1m"},
        ),
        (["check-config", "--config.file", "c.yml"], "check-config", Path("c.yml"), {}),
        (["demo", "--poll.interval", "1s"], "demo", None, {"poll.interval": "1s"}),
    ],
)
def test_a_command_line_is_read(
    argv: list[str], command: str, config_file: Path | None, flags: dict[str, object]
) -> None:
    arguments = parse(argv)
    assert (arguments.command.name, arguments.config_file, arguments.flags) == (command, config_file, flags)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["--targ", "https://a"], "unrecognized arguments: --targ (values are not shown)"),
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["https://a"], "invalid choice: 'https://a'"),
        (["--target"], "expected one argument"),
        (["--config.file", ""], "argument --config.file: must name a file"),
        (["check-config", "--config.file="], "argument --config.file: must name a file"),
        (["users", "list", "--token-file", ""], "argument --token-file: must name a file"),
        (
            ["check-config", "--config.file", "c.yml", "--target", "https://a"],
            "unrecognized arguments: --target (values are not shown)",
        ),
        (["demo", "--config.file", "c.yml"], "unrecognized arguments: --config.file (values are not shown)"),
    ],
)
def test_bad_usage_ends_with_2_and_a_message(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(argv)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["--version"], f"onedata-exporter {__version__}\n"),
        (["--help"], "--target https://my.zone.domain.org"),
        (["serve", "-h"], "--poll.timeout"),
        (["completion", "--help"], COMPLETION_PLACES),
    ],
)
def test_version_and_help_are_printed(argv: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(argv)
    assert ended.value.code == 0
    assert text in capsys.readouterr().out


def test_every_flag_sets_a_key_that_exists() -> None:
    keys = {".".join(place) for place, _ in walk()}
    assert {flag.key_path for command in COMMANDS for flag in command.flags} <= keys


def test_reading_the_command_line_imports_nothing_heavy() -> None:
    script = (
        "import sys; import exporter.commands.arguments; "
        "print([heavy for heavy in ('aiohttp', 'pydantic') if heavy in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def check(file: Path) -> int:
    arguments: argparse.Namespace = parse(["check-config", "--config.file", str(file)])
    return check_config.run(arguments)


def test_check_config_prints_what_a_configuration_means(
    config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = config_file.with_name("zone.token")
    token.write_text("a-token", encoding="utf-8")
    token.chmod(0o600)
    config_file.write_text(
        """
targets:
- url: https://a.test
- url: https://zone.test
  paths: [direct]
  nodes: {one: 192.0.2.1, two: 192.0.2.2}
  auth: {token_file: zone.token, passphrase: not-shown}
  maintenance: [{start: 2026-12-01T20:00:00Z, end: 2026-12-01T21:00:00Z}]
  maintenance_file: "{name}.maintenance"
  discover: {interval: 5m, max_discovered: 20}
- {name: b, url: https://b.test, resolve_nodes: true}
""",
        encoding="utf-8",
    )
    assert check(config_file) == 0
    nodes = "nodes one, two; 1 maintenance window"
    assert capsys.readouterr() == (
        (
            f"{config_file}: valid, 3 targets\n"
            "a.test: proxy path https://a.test; direct path https://a.test:9443; no credentials\n"
            "zone.test: proxy path https://zone.test (not expected to work); direct path https://zone.test:9443; "
            f"credentials: token from {token}, then passphrase in the configuration; {nodes}; "
            f"maintenance while {config_file.with_name('zone.test.maintenance')} exists; "
            "discovers up to 20 Oneproviders every 300 s\n"
            "b: proxy path https://b.test; direct path https://b.test:9443; no credentials; "
            "a node for each address of the host\n"
        ),
        "",
    )


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("targets: [{url: https://a.test}]", []),
        ("poll: {interval: 5s, timeout: 5s}\ntargets: [{url: https://a.test}]", []),
        (
            "poll: {interval: 4s, timeout: 4s}\ntargets: [{url: https://a.test}]",
            ["poll.interval of a.test: 4s loads the clusters"],
        ),
        ("poll: {timeout: 6s}\ntargets: [{url: https://a.test, auth: {token: t}}]", []),
        (
            "poll: {timeout: 5s}\ntargets: [{url: https://a.test, auth: {token: t}}]",
            ["poll.timeout of a.test: 5s is shorter than Onepanel may take"],
        ),
        (
            "targets: [{url: https://a.test}, {name: b, url: https://A.test.}]",
            ["target b: has the same host as target a.test, which is polled twice"],
        ),
        ("targets: [{url: https://a.test, auth: {token_file: secret}}]", ["secret: every user of this host"]),
        (
            "shard: 0/1000\ntargets: [{url: https://a.test}]",
            ["shard: 0/1000 has none of the 1 targets"],
        ),
        (
            "web: {config_file: web.yml}\ntargets: [{url: https://a.test}]",
            ["web.yml: "],
        ),
    ],
)
def test_check_config_warns_of_what_is_probably_unintended(
    config_file: Path, capsys: pytest.CaptureFixture[str], text: str, warned: list[str]
) -> None:
    config_file.write_text(text, encoding="utf-8")
    config_file.with_name("secret").write_text("s", encoding="utf-8")
    config_file.with_name("secret").chmod(0o644)
    config_file.with_name("web.yml").write_text("", encoding="utf-8")
    assert check(config_file) == 0
    lines = [each for each in capsys.readouterr().out.splitlines() if each.startswith("warning: ")]
    assert len(lines) == len(warned)
    for line, beginning in zip(lines, warned, strict=True):
        assert line.replace(f"{config_file.parent}/", "").startswith(f"warning: {beginning}")


def test_check_config_prints_no_more_than_a_hundred_targets(
    config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    targets = ", ".join(f"{{url: https://zone-{number}.test}}" for number in range(102))
    config_file.write_text(f"targets: [{targets}]", encoding="utf-8")
    assert check(config_file) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 102
    assert lines[-1] == "and 2 targets more"


def test_check_config_needs_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_config.run(parse(["check-config"])) == 2
    assert "--config.file or --environment-file is required" in capsys.readouterr().err


@pytest.mark.parametrize("shard", ["0/8", "7/8"])
def test_check_config_prints_the_size_of_the_share(
    config_file: Path, capsys: pytest.CaptureFixture[str], shard: str
) -> None:
    targets = ", ".join(f"{{url: https://zone-{number}.test}}" for number in range(100))
    config_file.write_text(f"shard: {shard}\ntargets: [{targets}]", encoding="utf-8")
    assert check(config_file) == 0
    valid, share, *targets_of_share = capsys.readouterr().out.splitlines()
    assert valid == f"{config_file}: valid, 100 targets"
    index, count = map(int, shard.split("/"))
    held = sum(shard_index(f"zone-{number}.test", count) == index for number in range(100))
    assert share == f"shard {shard}: {held} of 100 targets"
    assert 0 < held < 100
    assert len(targets_of_share) == held


def check_with_environment(config_file: Path, lines: str) -> int:
    file = config_file.with_suffix(".env")
    file.write_text(lines, encoding="utf-8")
    options = ["--config.file", str(config_file), "--environment-file", str(file)]
    return check_config.run(parse(["check-config", *options]))


def test_check_config_reads_the_environment_of_a_service(
    config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config_file.write_text("targets: [{url: https://a.test}]", encoding="utf-8")
    lines = "# of the service\n\nHTTPS_PROXY=http://proxy.test:3128\nONEDATA_EXPORTER_SHARD='1/2'\n"
    assert check_with_environment(config_file, lines) == 0
    assert "shard 1/2: " in capsys.readouterr().out
    assert check_with_environment(config_file, "ONEDATA_EXPORTER_SHARD=\nONEDATA_EXPORTER_LOG__LEVEL=\n") == 2
    file = config_file.with_suffix(".env")
    assert capsys.readouterr().err.startswith(f"{file}: ONEDATA_EXPORTER_SHARD: must be INDEX/COUNT")


@pytest.mark.parametrize(
    "targets",
    [
        '"[{url: https://a.test}, {url: https://b.test}]"',
        '\'[{"url": "https://a.test"}, {"url": "https://b.test"}]\'',
        '[{"url": "https://a.test"}, {"url": "https://b.test"}]',
    ],
)
def test_an_environment_file_alone_can_name_everything(
    config_file: Path, capsys: pytest.CaptureFixture[str], targets: str
) -> None:
    file = config_file.with_suffix(".env")
    file.write_text(f"ONEDATA_EXPORTER_TARGETS={targets}\n", encoding="utf-8")
    assert check_config.run(parse(["check-config", "--environment-file", str(file)])) == 0
    assert capsys.readouterr().out.startswith(f"{file}: valid, 2 targets\na.test: ")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ONEDATA_EXPORTER_SHARD", "line 1: must be NAME=value"),
        ("export A=1", "line 1: has no valid name of a variable before '='"),
        ("; comment = 1", "line 1: has no valid name of a variable before '='"),
        ("A=s3cret # why", "line 1: is read differently by systemd and Compose"),
        ("A=$s3cret", "line 1: is read differently"),
        ('A="$s3cret"', "line 1: is read differently"),
        ("A=s3cret\\", "line 1: is read differently"),
        ("A='s3cret", "line 1: must end with the quote '"),
        ("A='s3cret' b", "line 1: must end with the quote '"),
        ("A= s3cret", "line 1: is read differently"),
    ],
)
def test_a_line_that_has_no_single_meaning_is_refused(
    config_file: Path, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    config_file.write_text("targets: [{url: https://a.test}]", encoding="utf-8")
    assert check_with_environment(config_file, line) == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert "s3cret" not in errors


def test_check_config_prints_one_line_for_each_fault(
    config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config_file.write_text("nonsense: 1\ntargets: [{url: x}]", encoding="utf-8")
    assert check(config_file) == 2
    printed, errors = capsys.readouterr()
    assert printed == ""
    assert errors.splitlines() == [
        f"{config_file}: targets[0].url: must begin with https://, as in https://my.zone.domain.org",
        f"{config_file}: nonsense: unknown key",
    ]


def test_check_config_leaves_the_environment_aside(
    config_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONEDATA_EXPORTER_LOG__LEVEL", "info")
    config_file.write_text("log: {level: x}\ntargets: [{url: https://a.test}]", encoding="utf-8")
    assert check(config_file) == 2
    assert "log.level" in capsys.readouterr().err


def test_the_command_runs_as_a_process(config_file: Path) -> None:
    config_file.write_text("[", encoding="utf-8")
    command = [sys.executable, "-m", "exporter", "check-config", "--config.file", str(config_file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith(f"{config_file}: line 1, column 2: is no valid YAML")

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

from tests.support.commands import ROOT, run, succeed
from tests.support.processes import run_command

FOLDER = ROOT / "deploy" / "systemd"
UNIT = FOLDER / "onedata-exporter.service"
PROGRAM = "/opt/onedata-exporter/bin/onedata-exporter"


def installed(folder: Path, text: str) -> Path:
    """The unit as it would be installed, with a program that exists here."""
    unit = folder / UNIT.name
    unit.write_text(text.replace(PROGRAM, str(Path(sys.executable).with_name("onedata-exporter"))))
    return unit


def test_systemd_understands_every_line_of_the_unit(tmp_path: Path) -> None:
    verified = run("systemd-analyze", "verify", installed(tmp_path, UNIT.read_text()))
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


def test_systemd_names_an_unknown_setting(tmp_path: Path) -> None:
    misspelt = UNIT.read_text().replace("ProtectSystem=", "ProtectSytem=")
    assert "ProtectSytem" in run("systemd-analyze", "verify", installed(tmp_path, misspelt)).stderr


def test_the_service_is_exposed_less_than_two() -> None:
    output = succeed("systemd-analyze", "security", "--offline=true", "--no-pager", UNIT)
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", output)
    assert level, output
    assert float(level[1]) < 2.0


def test_the_service_sees_where_the_metrics_about_itself_come_from() -> None:
    # /proc/stat tells when the machine started: without it there is no process_* metric at all.
    assert not re.search(r"^ProcSubset=pid$", UNIT.read_text(), re.MULTILINE)


def test_the_install_notes_and_the_unit_name_the_same_files() -> None:
    unit, notes = UNIT.read_text(), (FOLDER / "INSTALL.md").read_text()
    for place in (PROGRAM, "/etc/onedata-exporter/onedata-exporter.yml", "/etc/onedata-exporter/secrets"):
        assert place in unit
        assert place in notes
    assert "LoadCredential=secrets:" in unit
    assert "/run/credentials/onedata-exporter.service/secrets_passphrase" in notes
    assert "install -m 644 deploy/systemd/onedata-exporter.env /etc/onedata-exporter/" in notes
    assert "EnvironmentFile=-/etc/onedata-exporter/onedata-exporter.env" in unit


async def test_check_config_prints_what_the_install_notes_promise(tmp_path: Path) -> None:
    notes = (FOLDER / "INSTALL.md").read_text()
    written = re.search(r"^    targets:\n(?:      .*\n)+", notes, re.MULTILINE)
    assert written
    file = tmp_path / "onedata-exporter.yml"
    text = textwrap.dedent(written[0])
    file.write_text(text)
    checked = await run_command("check-config", f"--config.file={file}")
    assert checked.code == 0, checked.err
    promised = re.search(r"prints `/etc/onedata-exporter/onedata-exporter.yml: (.+?)`", notes)
    assert promised
    assert promised[1] in checked.out

    secret = re.search(r"^    defaults:\n(?:      .*\n)+", notes, re.MULTILINE)
    assert secret
    file.write_text(text + textwrap.dedent(secret[0]))
    unreadable = await run_command("check-config", f"--config.file={file}")
    promised = re.search(r"exit code 2:\n`(.+?)`", notes)
    assert promised
    assert unreadable.code == 2
    assert promised[1] in unreadable.err


def test_a_reload_checks_the_configuration_before_the_signal() -> None:
    reload = re.findall(r"^ExecReload=(.*)$", UNIT.read_text(), re.MULTILINE)
    configuration = "--config.file=/etc/onedata-exporter/onedata-exporter.yml"
    assert reload == [f"{PROGRAM} check-config {configuration}", "/bin/kill -HUP $MAINPID"]
    assert f"ExecStart={PROGRAM} serve {configuration}\n" in UNIT.read_text()


def test_a_crash_leaves_no_secret_behind_and_a_hang_is_noticed() -> None:
    lines = UNIT.read_text().splitlines()
    assert {"Type=notify", "WatchdogSec=60s", "LimitCORE=0", "StateDirectory=onedata-exporter"} <= set(lines)
    # Notifications go to a Unix socket.
    assert "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX" in lines


async def test_every_setting_that_the_environment_file_shows_is_known() -> None:
    shown = re.findall(
        r"^#(ONEDATA_EXPORTER_\w+)=(.*)$", (FOLDER / "onedata-exporter.env").read_text(), re.MULTILINE
    )
    assert shown
    # A port that cannot be listened on: the settings were read when it says so.
    refused = await run_command(
        "serve",
        "--target=https://my.zone.domain.org",
        "--web.listen-address=192.0.2.1:1",
        environment=dict(shown),
    )
    assert refused.code == 1, refused.err

"""The Debian package, installed, run and purged in a Debian that has nothing else; the RPM package; the zipapp."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import shutil
import stat
import subprocess
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from exporter.simulator import SimulatedZone
from exporter.version import __version__
from tests.support.commands import ROOT, run, succeed
from tests.support.debian import SUITE, DebianRoot, need_root
from tests.support.notifications import notify_socket
from tests.support.processes import Metrics, target_of
from tests.support.servers import LOOPBACK, closed_port
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

DIST = ROOT / "dist"
UNIT = "/usr/lib/systemd/system/onedata-exporter.service"
CONFIGURATION = "/etc/onedata-exporter/onedata-exporter.yml"
PASSPHRASE = "/etc/onedata-exporter/secrets/passphrase"
CREDENTIAL = "/run/credentials/onedata-exporter.service/secrets_passphrase"
# Where zsh finds the completions of packages: on Debian, and elsewhere.
ZSH_FOLDERS = ("/zsh/vendor-completions", "/zsh/site-functions")
UNPRIVILEGED = ("--read-only", "--unprivileged")


@pytest.fixture(scope="module")
def packages() -> tuple[Path, Path]:
    """The Debian and the RPM package for the Debian of these tests, as `make` builds them."""
    need_root()
    for pattern in ("*.deb", "*.rpm"):
        for old in DIST.glob(pattern):
            old.unlink()
    succeed("make", "--assume-old=.venv/.ready", "packages", f"SUITE={SUITE}")
    (deb,) = DIST.glob("*.deb")
    (rpm,) = DIST.glob("*.rpm")
    return deb, rpm


@pytest.fixture(scope="module")
def installed(packages: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebianRoot]:
    """A Debian with the package."""
    folder = tmp_path_factory.mktemp("debian") / "root"
    root = DebianRoot(folder)
    shutil.copy(packages[0], folder / "package.deb")
    # Nothing is downloaded: the network of this namespace has no other host.
    done = root.run("dpkg", "--install", "/package.deb", options=("--no-network",))
    assert done.returncode == 0, done.stdout + done.stderr
    yield root
    shutil.rmtree(folder, ignore_errors=True)


def write(root: DebianRoot, path: str, text: str, mode: int = 0o644) -> None:
    file = root.folder / path.lstrip("/")
    file.write_text(text)
    file.chmod(mode)


@asynccontextmanager
async def configured(root: DebianRoot) -> AsyncIterator[str]:
    """A simulated zone that the installed configuration names; where the metrics will be."""
    port = closed_port()
    async with SimulatedZone() as zone:
        write(root, "/etc/onedata-exporter/ca.pem", zone.ca_pem)
        write(root, PASSPHRASE, f"{zone.cluster.passphrase}\n", 0o600)
        document = {
            "poll": {"interval": "1s"},
            "web": {"listen_addresses": [f"{LOOPBACK}:{port}"]},
            "defaults": {"tls": {"ca_file": "ca.pem"}},
            "targets": [target_of(zone, "zone")],
        }
        write(root, CONFIGURATION, json.dumps(document))
        yield f"http://{LOOPBACK}:{port}/metrics"


async def fetch(url: str) -> Metrics:
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return Metrics(await response.text())
    except aiohttp.ClientConnectionError:
        return Metrics("")


def test_lintian_finds_no_error_in_the_package(packages: tuple[Path, Path]) -> None:
    checked = run("lintian", "--fail-on=error,warning", packages[0])
    assert (checked.returncode, checked.stdout) == (0, "")


@pytest.mark.parametrize(
    ("file", "beginning"),
    [
        ("man/man1/onedata-exporter.1.gz", b'.\\" Generated'),
        ("man/man1/onedata-exporter-probe.1.gz", b'.\\" Generated'),
        ("man/man8/onedata-exporter-as-service.8.gz", b".TH ONEDATA"),
        ("bash-completion/completions/onedata-exporter", b"# Completion of onedata-exporter for bash"),
        ("zsh/vendor-completions/_onedata-exporter", b"#compdef onedata-exporter"),
        ("fish/vendor_completions.d/onedata-exporter.fish", b"# Completion of onedata-exporter for fish"),
    ],
)
def test_man_pages_and_completions_are_where_programs_search_them(
    installed: DebianRoot, file: str, beginning: bytes
) -> None:
    content = (installed.folder / "usr/share" / file).read_bytes()
    assert (gzip.decompress(content) if file.endswith(".gz") else content).startswith(beginning)


def test_the_package_names_no_folder_of_its_build(installed: DebianRoot) -> None:
    found = installed.run(
        "grep", "--recursive", "--files-with-matches", "--", str(ROOT), "/opt/onedata-exporter"
    )
    assert found.stdout == ""


def test_the_package_needs_the_python_that_it_was_built_for(packages: tuple[Path, Path]) -> None:
    needed = succeed("dpkg-deb", "--field", packages[0], "Depends")
    assert "python3.13," in needed


def test_systemd_understands_the_installed_unit(installed: DebianRoot) -> None:
    # In a mount namespace that sees the installed program, beside the units of this machine's systemd.
    verify = f"mount --bind {installed.folder}/opt /opt && systemd-analyze --man=no verify {installed.folder}{UNIT}"
    verified = run("unshare", "--mount", "--propagation=private", "sh", "-c", verify)
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    output = succeed(
        "systemd-analyze", "security", "--offline=true", "--no-pager", f"{installed.folder}{UNIT}"
    )
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", output)
    assert level, output
    assert float(level[1]) < 2.0


async def test_the_program_runs_unprivileged_in_a_read_only_tree_and_notifies_systemd(
    installed: DebianRoot, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    async with configured(installed) as url:
        with notify_socket(tmp_path / "notify") as manager:
            options = (*UNPRIVILEGED, f"--bind={tmp_path}", f"--env=NOTIFY_SOCKET={manager.name}")
            process = await asyncio.create_subprocess_exec(
                *installed.command(
                    "/usr/bin/onedata-exporter", "serve", f"--config.file={CONFIGURATION}", options=options
                ),
                stderr=PIPE,
            )
            try:
                await manager.first("READY=1")
                seen = await eventually(
                    lambda: fetch(url),
                    lambda metrics: list(metrics.values("onedata_onepanel_up")) == [1.0, 1.0],
                )
                assert seen.value("onedata_exporter_build_info", version=__version__) == 1.0
                (python,) = (
                    each.labels["python_version"] for each in seen.samples("onedata_exporter_build_info")
                )
                assert python.startswith("3.13.")
            finally:
                process.terminate()
                _, log = await process.communicate()
            assert "Traceback" not in log.decode()


async def test_commands_run_as_the_service_with_its_secrets(installed: DebianRoot) -> None:
    async with configured(installed):
        document = json.loads((installed.folder / CONFIGURATION.lstrip("/")).read_text())
        document["defaults"]["auth"] = {"passphrase_file": CREDENTIAL}
        write(installed, CONFIGURATION, json.dumps(document))
        write(
            installed,
            "/etc/onedata-exporter/onedata-exporter.env",
            "ONEDATA_EXPORTER_POLL__TIMEOUT='900ms'\n",
        )

        without = await asyncio.to_thread(
            installed.run, "onedata-exporter", "check-config", f"--config.file={CONFIGURATION}"
        )
        assert without.returncode == 2
        assert "defaults.auth.passphrase_file: cannot be read: No such file or directory" in without.stderr

        def as_service(*arguments: str) -> subprocess.CompletedProcess[str]:
            return installed.run("onedata-exporter-as-service", *arguments)

        checked = await asyncio.to_thread(as_service, "check-config", f"--config.file={CONFIGURATION}")
        assert checked.returncode == 0, checked.stderr
        credentials = await asyncio.to_thread(as_service, "check-credentials", "zone")
        assert "passphrase: allows everything" in credentials.stdout
        assert credentials.returncode == 1, credentials.stderr
        users = await asyncio.to_thread(as_service, "users", "list", "--target", "zone")
        assert users.returncode == 0, users.stderr
        assert users.stdout
        # Nothing of it remains.
        assert not (installed.folder / CREDENTIAL.lstrip("/")).exists()


def test_only_root_reads_the_secrets(installed: DebianRoot) -> None:
    mode = (installed.folder / "etc/onedata-exporter/secrets").stat().st_mode
    assert stat.S_IMODE(mode) == 0o700


def test_reinstallation_keeps_the_configuration_and_purge_removes_everything(
    packages: tuple[Path, Path], tmp_path: Path
) -> None:
    root = DebianRoot(tmp_path / "root")
    shutil.copy(packages[0], root.folder / "package.deb")
    root.succeed("true")  # the first command leaves the places of this machine's files behind
    before = _installed_files(root.folder)
    root.succeed("dpkg", "--install", "/package.deb")
    write(root, CONFIGURATION, "targets:\n  - url: https://my.zone.domain.org\n")
    write(root, PASSPHRASE, "secret\n", 0o600)
    root.succeed("dpkg", "--install", "/package.deb")
    assert "my.zone.domain.org" in (root.folder / CONFIGURATION.lstrip("/")).read_text()
    root.succeed("onedata-exporter", "check-config", f"--config.file={CONFIGURATION}")
    root.succeed("dpkg", "--remove", "onedata-exporter")
    assert (root.folder / CONFIGURATION.lstrip("/")).exists()
    purged = root.run("dpkg", "--purge", "onedata-exporter")
    assert "not empty" not in purged.stdout + purged.stderr
    assert _installed_files(root.folder) - before == set()


def _installed_files(folder: Path) -> set[str]:
    """Files and folders of the places that a package may use; the package manager's own records left out."""
    places = [folder / name for name in ("etc", "opt", "usr", "var/lib/systemd", "var/lib/onedata-exporter")]
    return {
        str((Path(parent) / name).relative_to(folder))
        for place in places
        for parent, folders, files in os.walk(place)
        for name in (*folders, *files)
    }


def test_the_rpm_holds_the_same_files(packages: tuple[Path, Path]) -> None:
    deb, rpm = packages
    listed = [line.split(maxsplit=5) for line in succeed("dpkg-deb", "--contents", deb).splitlines()]
    paths = {
        fields[5].removeprefix(".").rstrip("/").split(" -> ")[0]: fields[0].startswith("d")
        for fields in listed
    }
    of_deb = {path.replace(*ZSH_FOLDERS): is_folder for path, is_folder in paths.items()}
    of_rpm = set(succeed("rpm", "-qp", "--list", rpm).split())
    assert of_rpm - of_deb.keys() == set()
    own = ("/usr/share/doc/", "/usr/share/lintian")
    missing = {path for path in of_deb.keys() - of_rpm if not of_deb[path] and not path.startswith(own)}
    assert missing == set()
    assert "python(abi) = 3.13" in succeed("rpm", "-qp", "--requires", rpm)
    assert "/etc/onedata-exporter/onedata-exporter.yml" in succeed("rpm", "-qp", "--configfiles", rpm)


def test_two_builds_of_the_packages_are_the_same(packages: tuple[Path, Path], tmp_path: Path) -> None:
    first = {package.name: package.read_bytes() for package in packages}
    succeed("make", "--assume-old=.venv/.ready", "packages", f"SUITE={SUITE}")
    for name, content in first.items():
        again = (DIST / name).read_bytes()
        assert again == content, f"{name} differs: {_difference(content, again, tmp_path)}"


def _difference(first: bytes, second: bytes, folder: Path) -> str:
    for name, content in (("first", first), ("second", second)):
        (folder / name).write_bytes(content)
        if content.startswith(b"!<arch>"):
            succeed("dpkg-deb", "--raw-extract", folder / name, folder / f"{name}.tree")
        else:
            succeed(
                "bash",
                "-c",
                f"mkdir {name}.tree; cd {name}.tree; rpm2cpio ../{name} | cpio -id",
                folder=folder,
            )
    return run("diff", "--recursive", "--brief", "first.tree", "second.tree", folder=folder).stdout


def test_the_zipapp_runs_alone(tmp_path: Path) -> None:
    for old in DIST.glob("*.pyz"):
        old.unlink()
    succeed("make", "--assume-old=.venv/.ready", "zipapp")
    (zipapp,) = DIST.glob("*.pyz")
    environment = {"SHIV_ROOT": str(tmp_path / "unpacked"), "PYTHONPATH": ""}
    output = succeed(zipapp, "--version", folder=tmp_path, environment=environment)
    assert output.strip().endswith(__version__)
    (tmp_path / "o.yml").write_text("targets:\n  - url: https://my.zone.domain.org\n")
    succeed(zipapp, "check-config", "--config.file=o.yml", folder=tmp_path, environment=environment)

"""The image, built from the Dockerfile and run as the compose file and the chart run it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tarfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from exporter.simulator import SimulatedZone
from exporter.version import __version__
from tests.support.containers import IMAGE, REVISION, bases, build_image, podman, podman_succeeds
from tests.support.processes import Metrics, target_of
from tests.support.servers import LOOPBACK, closed_port
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

HARDENED = ("--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges")
# The bytes of the first message of a handshake.
CLIENT_HELLO = """
import ssl
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="my.zone.domain.org")
try:
    client.do_handshake()
except ssl.SSLWantReadError:
    print(outgoing.pending)
"""
# The names of the roots that OpenSSL verifies with by default: a folder of files in the PEM format.
ROOT_NAMES = """
import pathlib, ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
for file in pathlib.Path(ssl.get_default_verify_paths().capath).glob("*.pem"):
    context.load_verify_locations(file)
for each in context.get_ca_certs():
    print(dict(part[0] for part in each["subject"]).get("commonName", ""))
"""
FETCH = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())"


@pytest.fixture(scope="module", autouse=True)
def image() -> dict[str, Any]:
    """The image as `podman image inspect` prints it."""
    build_image()
    return inspect(IMAGE)


def inspect(name: str) -> dict[str, Any]:
    (found,) = json.loads(podman_succeeds("image", "inspect", name))
    assert isinstance(found, dict)
    return found


@contextmanager
def container(*arguments: str) -> Iterator[str]:
    """A running container, by its id."""
    name = podman_succeeds("run", "--detach", *HARDENED, *arguments)
    try:
        yield name
    finally:
        podman("rm", "--force", "--time=0", name)


def ask(name: str, url: str) -> str:
    """What a page answers, asked inside the container; empty without an answer."""
    return podman("exec", name, "python", "-c", FETCH, url).stdout


async def answer_of(name: str, url: str) -> Metrics:
    return Metrics(await asyncio.to_thread(ask, name, url))


@asynccontextmanager
async def watched_zone(folder: Path) -> AsyncIterator[tuple[SimulatedZone, tuple[str, ...], str]]:
    """A simulated zone, what mounts a configuration that watches it, and where its metrics will be."""
    port = closed_port()
    async with SimulatedZone() as zone:
        (folder / "ca.pem").write_text(zone.ca_pem)
        configuration = {
            "poll": {"interval": "1s"},
            "web": {"listen_addresses": [f"{LOOPBACK}:{port}"]},
            "targets": [{**target_of(zone, "zone"), "tls": {"ca_file": "ca.pem"}}],
        }
        (folder / "onedata-exporter.yml").write_text(json.dumps(configuration))
        folder.chmod(0o755)
        yield zone, (f"--volume={folder}:/etc/onedata-exporter:ro",), f"http://{LOOPBACK}:{port}/metrics"


async def test_it_watches_both_paths_hardened_and_stops_within_five_seconds(tmp_path: Path) -> None:
    async with watched_zone(tmp_path) as (_zone, mounts, url):
        with container("--network=host", *mounts, IMAGE) as name:
            metrics = await eventually(
                lambda: answer_of(name, url),
                lambda seen: list(seen.values("onedata_onepanel_up")) == [1.0, 1.0],
                60.0,
            )
            assert metrics.value("onedata_exporter_build_info", version=__version__, revision=REVISION) == 1.0
            assert await asyncio.to_thread(podman_succeeds, "exec", name, "id", "-u") == "65532"
            assert await asyncio.to_thread(_stop, name) < 5.0
            assert podman_succeeds("inspect", "--format={{.State.ExitCode}}", name) == "0"


def _stop(name: str) -> float:
    """Send SIGTERM, and SIGKILL long after; the seconds until it ended."""
    began = time.monotonic()
    podman_succeeds("stop", "--time=20", name)
    return time.monotonic() - began


def test_its_trust_store_has_the_roots_of_the_certificates_that_onedata_renews() -> None:
    command = ("run", "--rm", "--network=none", *HARDENED, "--entrypoint=python", IMAGE, "-c", ROOT_NAMES)
    names = podman_succeeds(*command).splitlines()
    assert {"ISRG Root X1", "ISRG Root X2"} <= set(names)
    assert len(names) > 100


async def test_it_writes_in_one_folder_only_and_has_no_capability(tmp_path: Path) -> None:
    async with watched_zone(tmp_path) as (_zone, mounts, _url):
        with container("--network=host", *mounts, IMAGE) as name:
            assert "Read-only file system" in podman("exec", name, "touch", "/opt/onedata-exporter/x").stderr
            podman_succeeds("exec", name, "touch", "/var/lib/onedata-exporter/x")
            status = podman_succeeds("exec", name, "cat", "/proc/1/status")
            assert "CapEff:\t0000000000000000" in status
            assert "NoNewPrivs:\t1" in status


async def test_its_healthcheck_passes_only_while_the_exporter_serves() -> None:
    # A network of its own, so that the default address is free.
    with container("--network=none", "--tmpfs=/tmp", IMAGE, "demo") as name:

        async def check() -> int:
            return (await asyncio.to_thread(podman, "healthcheck", "run", name)).returncode

        assert await eventually(check, lambda code: code == 0, 60.0) == 0
        demo = await eventually(
            lambda: answer_of(name, f"http://{LOOPBACK}:19443/metrics"),
            lambda seen: seen.diagnosis("demo-zone") == "ok",
            60.0,
        )
        assert demo.total("onedata_onepanel_up", target="demo-zone") == 2.0
    with container(
        "--network=none", "--tmpfs=/tmp", IMAGE, "demo", f"--web.listen-address={LOOPBACK}:1"
    ) as name:
        assert podman("healthcheck", "run", name).returncode == 1


def test_its_labels_and_defaults_describe_it(image: dict[str, Any]) -> None:
    config = image["Config"]
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["onedata-exporter"]
    assert config["Cmd"] == ["serve", "--config.file=/etc/onedata-exporter/onedata-exporter.yml"]
    assert list(config["ExposedPorts"]) == ["19443/tcp"]
    assert image["Healthcheck"]["Test"] == ["CMD", "onedata-exporter", "healthcheck"]
    assert list(config["Volumes"]) == ["/var/lib/onedata-exporter"]
    labels = config["Labels"]
    assert labels["org.opencontainers.image.version"] == __version__
    assert labels["org.opencontainers.image.revision"] == REVISION
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"


def test_it_adds_less_than_a_hundred_megabytes_to_its_base(
    image: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    (base,) = bases()
    added = image["Size"] - inspect(base)["Size"]
    with capsys.disabled():
        print(  # noqa: T201 - whoever builds it wants to know
            f"\nimage size: {image['Size'] / 1e6:.0f} MB, {added / 1e6:.0f} MB of it above the stand-in base"
        )
    assert 0 < added < 100e6


@pytest.mark.parametrize("name", ["gcc", "cc", "curl", "/opt/onedata-exporter/bin/pip", "hatchling"])
def test_it_carries_no_tool_that_only_the_build_needs(name: str) -> None:
    assert _shell(f"command -v {name}").returncode != 0


def test_it_carries_no_source_and_no_cache_of_pip() -> None:
    left = _shell("ls -d ~root/.cache /src /wheels /tmp/*")
    assert left.stdout == ""


def test_its_tls_sends_one_small_key_share() -> None:
    output = podman_succeeds(
        "run", "--rm", "--network=none", *HARDENED, "--entrypoint=python", IMAGE, "-c", CLIENT_HELLO
    )
    # With OpenSSL's defaults it is 1.5 kB.
    assert 200 < int(output) < 700


def test_two_builds_of_the_same_source_are_the_same_image(tmp_path: Path) -> None:
    again = f"{IMAGE}-again"
    first, second = inspect(IMAGE), inspect(build_image(again, "--no-cache"))
    trees = [_files_of(name, tmp_path / folder) for name, folder in ((IMAGE, "first"), (again, "second"))]
    podman("rmi", again)
    assert [path for path in sorted(trees[0] | trees[1]) if trees[0].get(path) != trees[1].get(path)] == []
    # Names aside, the images differ only where podman names its own intermediate images.
    for each in (first, second):
        for step in each["History"]:
            step.pop("comment", None)
    differing = {key for key in first if first[key] != second[key]}
    assert differing <= {"Id", "Digest", "Parent", "RepoTags", "RepoDigests", "NamesHistory"}


def _files_of(name: str, folder: Path) -> dict[str, str]:
    """Every file of an image, with its archived attributes and a digest of its content."""
    made = podman_succeeds("create", "--network=none", name)
    try:
        podman_succeeds("export", f"--output={folder}.tar", made)
    finally:
        podman("rm", made)
    with tarfile.open(f"{folder}.tar") as archive:
        return {member.name: _description_of(archive, member) for member in archive}


def _description_of(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    content = archive.extractfile(member) if member.isreg() else None
    digest = hashlib.sha256(content.read()).hexdigest() if content else ""
    kept = (member.type, oct(member.mode), member.uid, member.gid, member.linkname, int(member.mtime), digest)
    return repr(kept)


def _shell(words: str) -> Any:
    return podman(
        "run", "--rm", "--network=none", *HARDENED, "--user=0", "--entrypoint=sh", IMAGE, "-c", words
    )

"""The image, really built and run: with podman, and without an engine's service or a registry.

The base that the Dockerfile names is made from Debian's packages, once a machine, below build/, where podman
also keeps everything else: nothing of it is seen by, or taken from, the podman of the user that runs the
tests.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from exporter.version import __version__
from tests.support.commands import ROOT, run, succeed
from tests.support.debian import debian_root, need_root
from tests.support.programs import program

IMAGE = "localhost/onedata-exporter:test"
REVISION = "0123456789abcdef0123456789abcdef01234567"
_STORE = ROOT / "build" / "containers"
_EPOCH = "1700000000"
# Where a build looks for packages, and whom it trusts, is this machine's own affair.
_OF_THIS_MACHINE = ("/etc/ssl/certs", "/etc/pip.conf")
# What works as well in a container or in a machine without systemd.
_CONFIGURATION = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


def podman(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run podman, which may fail."""
    return run("podman", *_options(), *arguments, environment=_environment())


def podman_succeeds(*arguments: str) -> str:
    """Run podman, which must not fail; what it prints on standard output."""
    return succeed("podman", *_options(), *arguments, environment=_environment()).strip()


def _options() -> tuple[str, ...]:
    return ("--root", str(_STORE / "root"), "--runroot", str(_STORE / "run"))


def _environment() -> dict[str, str]:
    _STORE.mkdir(parents=True, exist_ok=True)
    file = _STORE / "containers.conf"
    file.write_text(_CONFIGURATION)
    return {"CONTAINERS_CONF": str(file)}


def build_image(tag: str = IMAGE, *options: str) -> str:
    """Build the Dockerfile and return the image's id; skips the test if that needs more than this machine gives."""
    need_root()
    program("runc")
    for base in bases():
        if podman("image", "exists", base).returncode != 0:
            _make_base(base)
    mounts = [f"--volume={place}:{place}:ro" for place in _OF_THIS_MACHINE if Path(place).exists()]
    values = {"VERSION": __version__, "REVISION": REVISION, "SOURCE_DATE_EPOCH": _EPOCH}
    before = _id_of(tag)
    # The docker format has HEALTHCHECK; the other has not.
    podman_succeeds(
        *(
            "build",
            "--quiet",
            "--format=docker",
            "--isolation=chroot",
            "--pull=never",
            f"--timestamp={_EPOCH}",
        ),
        *(*mounts, *(f"--build-arg={name}={value}" for name, value in values.items()), *options),
        *(f"--tag={tag}", "."),
    )
    after = _id_of(tag)
    if before and before != after:
        podman("rmi", before)
    return after


def _id_of(tag: str) -> str:
    return podman("image", "inspect", "--format={{.Id}}", tag).stdout.strip()


def bases() -> set[str]:
    """What the Dockerfile starts from, as it is called here."""
    named = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return {f"localhost/{name}" for name in named}


def _make_base(name: str) -> None:
    """The replacement of the official base: a Debian with Python and pip, and `python` as its name."""
    suite = name.rpartition("-")[2]
    with tempfile.TemporaryDirectory(dir=_STORE, ignore_cleanup_errors=True) as folder:
        tree = Path(folder) / "tree"
        succeed("cp", "--archive", debian_root(suite), tree)
        for marker in tree.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
            marker.unlink()
        (tree / "usr/bin/python").symlink_to("python3")
        archive = Path(folder) / "base.tar"
        succeed("tar", "--directory", tree, "--create", "--file", archive, ".")
        podman_succeeds("import", "--quiet", str(archive), name)

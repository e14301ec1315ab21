"""A small Debian below build/, made once by debootstrap, and commands that run in it or in a copy of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.commands import ROOT, run, succeed

SUITE = "trixie"


def need_root() -> None:
    """Skip the test, or fail it in CI, without the rights that a chroot and mounts need."""
    if os.geteuid() != 0:
        message = "namespaces, mounts and images need root here"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


def debian_root(suite: str = SUITE) -> Path:
    """The folder of an unchanged Debian with Python and pip. Copy it before anything is installed."""
    need_root()
    run("debootstrap", "--version")  # skips the test if it is not installed
    return Path(succeed(ROOT / "tools" / "debian-root", suite).strip())


class DebianRoot:
    """A copy of that Debian, in which a test may change everything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        succeed("cp", "--archive", debian_root(), folder)

    def run(self, *arguments: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run a command in it, which may fail; `options` are those of tools/in-root."""
        return run(ROOT / "tools" / "in-root", *options, self.folder, *arguments)

    def succeed(self, *arguments: str, options: tuple[str, ...] = ()) -> str:
        """Run a command in it, which must succeed; its standard output."""
        return succeed(ROOT / "tools" / "in-root", *options, self.folder, *arguments)

    def command(self, *arguments: str, options: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The words that run a command in it."""
        return (str(ROOT / "tools" / "in-root"), *options, str(self.folder), *arguments)

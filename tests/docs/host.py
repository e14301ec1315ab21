"""A host for a guide: a folder in the place of /etc, /opt, /run and /usr/local, and programs that need no root."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.support.commands import ROOT
from tests.support.programs import program
from tests.support.servers import closed_port

_COMMAND_SECONDS = 120.0
# A path of the guide that is below the host's folder: not a part of a longer path or of a URL.
_PATH = re.compile(r"(?<![\w./])(?=/(?:etc|opt|run|usr/local)/)")
_NOT_COPIED = (".git", ".venv", "build", "dist", "__pycache__", ".*_cache", ".hypothesis")
# Debian's units of these services, as far as the guide depends on them.
_SERVICES = {
    "prometheus": (
        "ExecStart={prometheus} --config.file=/etc/prometheus/prometheus.yml "
        "--storage.tsdb.path=/run/prometheus --web.listen-address=localhost:9090"
    ),
    "prometheus-alertmanager": (
        "ExecStart={prometheus-alertmanager} --config.file=/etc/prometheus/alertmanager.yml "
        "--storage.path=/run/alertmanager --web.listen-address=localhost:9093 --cluster.listen-address="
    ),
}
_PROGRAMS = ("promtool", "amtool", "curl", "prometheus", "prometheus-alertmanager")
# What takes minutes on a real host, and need not in a test.
_SHORTER = {
    r"\bfor: \d+[mh]\b": "for: 1s",
    r"\bkeep_firing_for: \d+m\b": "keep_firing_for: 1s",
    r"\[2m\]": "[4s]",
    r"\b(scrape|evaluation)_interval: 15s": r"\1_interval: 1s",
    r"\bgroup_(wait|interval): \w+": r"group_\1: 1s",
}


class Ran(NamedTuple):
    """A script that has ended: exit code, and what it printed on both streams."""

    code: int
    output: str
    errors: str


class Host:
    """The host: it runs scripts, each in the folder in which the one before ended.

    `places` are words of the guide and what stands for them here, such as the domain of the cluster.
    """

    def __init__(self, folder: Path, places: Mapping[str, str], environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._places = dict(places) | {port: str(closed_port()) for port in ("19443", "9090", "9093")}
        self._working = folder / "home"
        self._working.mkdir(parents=True)
        self._environment = {
            "PATH": os.pathsep.join((f"{folder}/usr/local/bin", f"{folder}/programs", os.environ["PATH"])),
            "HOME": str(self._working),
            "TMPDIR": str(folder),
            "TEST_HOST": str(folder),
            "PYTHONPATH": str(folder / "dependencies"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # for pip's environment, 0 switches it off
            "LC_ALL": "C.UTF-8",
            "ONEDATA_EXPORTER_WEB__LISTEN_ADDRESSES": f"[':{self._places['19443']}']",
            **environment,
        }
        self._install_programs()
        self._provide_dependencies()
        self._provide_source()

    def here(self, text: str) -> str:
        """Return a text of the guide with the names, ports and paths of this host."""
        for name, place in self._places.items():
            text = re.sub(rf"(?<![\w.]){re.escape(name)}(?![\w])", place, text)
        return _PATH.sub(str(self.folder), text)

    async def run(self, script: str, typed: str = "") -> Ran:
        """Run a script of the guide; `typed` is its standard input."""
        ended_in = self.folder / "ended-in"
        frame = f"trap 'pwd >\"{ended_in}\"' EXIT\nset -euo pipefail\n{self.here(script)}"
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            frame,
            cwd=self._working,
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(_COMMAND_SECONDS):
            output, errors = await process.communicate(typed.encode())
        self._working = Path(ended_in.read_text().strip())
        assert process.returncode is not None
        return Ran(process.returncode, output.decode(), errors.decode())

    def logs(self) -> str:
        """Return what the services have logged."""
        files = sorted((self.folder / "run" / "services").glob("*.log"))
        return "\n".join(f"{file.name}:\n{file.read_text()[-4000:]}" for file in files)

    def close(self) -> None:
        """End every service."""
        for file in (self.folder / "run" / "services").glob("*.pid"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(file.read_text()), signal.SIGKILL)

    def _install_programs(self) -> None:
        for folder in ("programs", "usr/local/bin", "etc/systemd/system", "etc/prometheus", "opt"):
            (self.folder / folder).mkdir(parents=True)
        found = {name: program(name) for name in _PROGRAMS}
        units = self.folder / "etc" / "systemd" / "system"
        for name, command in _SERVICES.items():
            (units / f"{name}.service").write_text(self.here(command.format_map(found)) + "\n")
        scripts = {
            "sudo": 'exec "$@"',
            "python3": f'exec "{sys.executable}" "$@"',
            "systemctl": f'exec "{sys.executable}" "{Path(__file__).with_name("systemctl.py")}" "$@"',
            **{name: f'exec "{path}" "$@"' for name, path in found.items()},
        }
        for name, line in scripts.items():
            script = self.folder / "programs" / name
            script.write_text(f"#!/bin/bash\n{line}\n")
            script.chmod(0o755)

    def _provide_dependencies(self) -> None:
        folder = self.folder / "dependencies"
        folder.mkdir()
        left_out = re.compile(r"pip$|pip-|setuptools|onedata.exporter|.*\.pth$|__pycache__$")
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            if not left_out.match(entry.name):
                (folder / entry.name).symlink_to(entry)

    def _provide_source(self) -> None:
        copy = self._working / "onedata-exporter"
        shutil.copytree(ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns(*_NOT_COPIED))
        deployed = copy / "deploy"
        for file in (*deployed.glob("systemd/*"), *deployed.rglob("*.yml")):
            text = self.here(file.read_text())
            for long, short in _SHORTER.items():
                text = re.sub(long, short, text)
            file.write_text(text)

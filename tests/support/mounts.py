"""What a container sees: the files that a compose service or a pod mounts, laid out in a folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.support.commands import succeed
from tests.support.processes import run_command


def lay_out(root: Path, mounts: Mapping[str, Path]) -> Path:
    """Copy each mounted file or folder to where the container has it, below `root`; returns `root`."""
    for target, source in mounts.items():
        place = root / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place, dirs_exist_ok=True)
        else:
            shutil.copy(source, place)
    return root


def bind_mounts(service: Mapping[str, object], folder: Path) -> dict[str, Path]:
    """Of a compose service: where each of the project's own files is seen, and which file it is."""
    volumes = service.get("volumes", ())
    assert isinstance(volumes, list | tuple)
    parted = [re.fullmatch(r"(?P<source>\.[^:]*):(?P<target>/[^:]*):ro", volume) for volume in volumes]
    return {bind["target"]: (folder / bind["source"]).resolve() for bind in parted if bind}


async def check_exporter(root: Path) -> None:
    """The exporter accepts the configuration that it finds there."""
    file = root / "etc/onedata-exporter/onedata-exporter.yml"
    checked = await run_command("check-config", f"--config.file={file}")
    assert checked.code == 0, checked.err


def check_prometheus(root: Path) -> None:
    """Prometheus accepts the configuration that it finds there, and finds rules by it."""
    output = succeed("promtool", "check", "config", root / "etc/prometheus/prometheus.yml")
    assert re.search(r"SUCCESS: [1-9][0-9]* rule files found", output), output


def check_alertmanager(root: Path) -> None:
    """Alertmanager accepts the configuration that it finds there."""
    succeed("amtool", "check-config", root / "etc/alertmanager/alertmanager.yml")

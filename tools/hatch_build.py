"""Build hook: write the source revision into what is built, for `onedata_exporter_build_info`."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PLACE = "exporter/REVISION"
_VARIABLE = "SOURCE_REVISION"


class RevisionHook(BuildHookInterface):  # type: ignore[type-arg]  # the parameter is hatchling's own configuration
    """Adds exporter/REVISION to sdist and wheel; a source checkout and an editable install never have it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the revision before each build; a wheel made from an sdist keeps its file."""
        if version == "editable" or (Path(self.root) / _PLACE).exists():
            return
        revision = os.environ.get(_VARIABLE) or self._head()
        if not revision:
            return
        self._folder = tempfile.TemporaryDirectory()
        file = Path(self._folder.name) / "REVISION"
        file.write_text(f"{revision}\n", encoding="ascii")
        build_data["force_include"][str(file)] = _PLACE

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - signature of hatchling
        """Remove the revision after each build."""
        if folder := getattr(self, "_folder", None):
            folder.cleanup()

    def _head(self) -> str:
        """Return the commit that is checked out here; empty outside of a repository."""
        if not (Path(self.root) / ".git").exists():
            return ""
        command = ["git", "rev-parse", "HEAD"]
        try:
            run = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=True)  # noqa: S603 - fixed words
        except (OSError, subprocess.CalledProcessError):
            return ""
        return run.stdout.strip()

"""Files that change while the exporter runs: configuration, secrets, notes, certificates."""

from __future__ import annotations

from exporter.files.reading import (
    MAX_CONFIGURATION_BYTES,
    MAX_SECRET_BYTES,
    FileVersion,
    cause,
    file_version,
    read_file,
    read_note,
    read_secret,
)

__all__ = [
    "MAX_CONFIGURATION_BYTES",
    "MAX_SECRET_BYTES",
    "FileVersion",
    "cause",
    "file_version",
    "read_file",
    "read_note",
    "read_secret",
]

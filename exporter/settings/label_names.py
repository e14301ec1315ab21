"""The names of labels that users choose for `onedata_target_info`."""

from __future__ import annotations

import re

_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OUR_LABELS = frozenset(
    {
        *("target", "path", "node", "operation", "component", "host", "module", "status"),
        *("reason", "phase", "diagnosis", "check", "method", "le", "quantile"),
    }
)
_SCRAPER_LABELS = frozenset(
    {"service", "endpoint", "cluster", "namespace", "pod", "container", "instance", "job"}
)


def check_label_name(name: str) -> str:
    """Accept the name of a user's own label on `onedata_target_info`."""
    if not _LABEL_NAME.fullmatch(name):
        raise ValueError("is no label name (letters, digits and _, not beginning with a digit)")
    if name.startswith("__"):
        raise ValueError("label names that begin with __ are Prometheus' own")
    if name in _OUR_LABELS:
        raise ValueError("is a label of the exporter's own metrics; choose another name")
    if name in _SCRAPER_LABELS:
        raise ValueError("is a label that Prometheus sets when it scrapes; choose another name")
    return name

"""JSON Schemas of the single values of the configuration; `values.py` joins them to the types of the keys.

They accept everything that the types accept, and refuse what a pattern can express. Patterns are limited to what
the regular expressions of JavaScript (editors) and Go (Helm) have in common: no look-ahead, no named groups.
"""

from __future__ import annotations

from exporter.settings.durations import LONGEST_SECONDS

_UNITS = ("y", "w", "d", "h", "m", "s", "ms")
_DURATION = "".join(f"([0-9]{{1,15}}{unit})?" for unit in _UNITS)
_HOST = r"(\[[0-9A-Fa-f:.]+\]|[^/?#@:\s\[\]]+)"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
HTTPS = "^[Hh][Tt][Tt][Pp][Ss]:"
"""Beginning of a URL whose connection is encrypted."""


def _text(pattern: str, **more: object) -> dict[str, object]:
    return {"type": "string", "pattern": f"^({pattern})$", **more}


DURATION_PATTERN = f"^([0-9]{{1,15}}(\\.[0-9]{{1,15}})?|{_DURATION})$"
DURATION: dict[str, object] = {
    "type": ["string", "number"],
    "exclusiveMinimum": 0,
    "maximum": LONGEST_SECONDS,
    # A text consists of numbers, of which one is not zero.
    "allOf": [{"pattern": DURATION_PATTERN}, {"pattern": "[1-9]"}],
}
ORIGIN = _text(rf"[Hh][Tt][Tt][Pp][Ss]?://{_HOST}(:[0-9]{{0,5}})?/?")
LISTEN_ADDRESS = _text(r"systemd:|unix:/.+|(\[[^\[\]]+\]|[^:\[\]]*):[0-9]{1,5}")
SHARD = _text("([0-9]{1,4}|auto)/[0-9]{1,4}")
URL_PATH = _text("(/[A-Za-z0-9._~-]+)+")
URL_PREFIX = _text("(/[A-Za-z0-9._~-]+)*/*")
PAGE_URL = _text(r"([Hh][Tt][Tt][Pp][Ss]?://[^\s]+)?")
TARGET_NAME = _text("[^/]+", maxLength=100)
LABEL_NAME = _text("[a-zA-Z_][a-zA-Z0-9_]*")
NODE_NAME = _text(".+", maxLength=63)
IP_ADDRESS = _text("[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
TIMESTAMP = _text(f"{_DATE}[Tt ]{_TIME}([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})")

"""Render the rules of deploy/mixin with settings of one's own, for an installation without jsonnet.

Settings are keys of `_config` in deploy/mixin/config.libsonnet, such as grafanaUrl=https://grafana.domain.org or
certificateWarning.days=21. Values are JSON, or else text. An unknown key is rejected.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tools.generate_alerts import render_mixin, to_yaml


def config_of(settings: Iterable[str]) -> dict[str, Any]:
    """Return `_config` as the settings write it: `a.b=1` is `{"a": {"b": 1}}`.

    Raises:
        ValueError: a setting has no `=`.
    """
    config: dict[str, Any] = {}
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals:
            raise ValueError(f"setting {setting!r}: write KEY=VALUE")
        *parents, key = path.split(".")
        place = config
        for parent in parents:
            place = place.setdefault(parent, {})
        place[key] = _value(text)
    return config


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def main() -> int:
    """Write the rule files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder for the rule files")
    parser.add_argument("settings", nargs="*", metavar="KEY=VALUE")
    arguments = parser.parse_args()
    try:
        mixin = render_mixin(config_of(arguments.settings))
    except (ValueError, RuntimeError) as error:
        print(f"cannot render deploy/mixin: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    arguments.output.mkdir(parents=True, exist_ok=True)
    for part, name in (("alerts", "onedata-alerts.yml"), ("rules", "onedata-recording.yml")):
        (arguments.output / name).write_text(to_yaml(mixin[part]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Write the rules of the chart, with placeholders for what its values set; with --check, fail if they differ.

The mixin is rendered with a marker in place of every setting. The chart's template replaces the markers; a test
compares the result with what the mixin itself renders.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from tools.generate_alerts import evaluate, render_mixin, to_yaml
from tools.generated import write_or_check

RULES = Path(__file__).parent.parent / "deploy" / "helm" / "onedata-exporter" / "files" / "rules.yml"
# The mixin computes with its text.
LEFT_OUT = frozenset({"latencyWindow"})
# Values of the chart outside `prometheusRule`: pages of the exporter link to the same places.
LINKS = frozenset({"grafanaUrl", "runbookUrl", "exporterUrl"})
# Numbers of four digits, which every format of the mixin leaves as they are.
FIRST_MARKER = 9001
DAY_SECONDS = 86_400

KeyPath = tuple[str, ...]


def settings() -> dict[str, Any]:
    """Return the mixin's settings that the chart can change, with their defaults."""
    defaults = evaluate("mixin._config")
    kept = {key: value for key, value in defaults.items() if key not in LEFT_OUT}
    return nested({path: _rounded(value) for path, value in leaves(kept)})


def _rounded(value: Any) -> Any:
    """Return a fraction with the five digits that the mixin writes: a third is 0.33333."""
    return round(value, 5) if isinstance(value, float) else value


def leaves(value: Any, above: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Yield every single setting and its key path."""
    if not isinstance(value, Mapping):
        yield above, value
        return
    for key, below in value.items():
        yield from leaves(below, (*above, key))


def template() -> dict[str, Any]:
    """Return the settings, and the groups of rules with a placeholder for each of them."""
    defaults = settings()
    numbers = count(FIRST_MARKER)
    markers: dict[KeyPath, Any] = {}
    for path, value in leaves(defaults):
        markers[path] = _marker(path, value, numbers)
    rendered = render_mixin(nested(markers))
    text = json.dumps([group for part in ("alerts", "rules") for group in rendered[part]["groups"]])
    for path, marker in markers.items():
        if isinstance(marker, int):
            text = _replace_number(text, path, marker)
    keys = [".".join(path) for path in markers]
    unused = [key for key in keys if f"@{key}@" not in text and f"@{key}*{DAY_SECONDS}@" not in text]
    if unused:
        raise ValueError(f"settings of the mixin that change no rule: {', '.join(unused)}")
    return {"settings": defaults, "groups": json.loads(text)}


def _marker(path: KeyPath, value: Any, numbers: Iterator[int]) -> Any:
    if isinstance(value, list):
        return [_placeholder(path)]
    if isinstance(value, str):
        return f"{_placeholder(path)}%s" if "%s" in value else _placeholder(path)
    return next(numbers)


def _placeholder(path: KeyPath) -> str:
    return f"@{'.'.join(path)}@"


def nested(values: Mapping[KeyPath, Any]) -> dict[str, Any]:
    """Return settings in their mappings."""
    found: dict[str, Any] = {}
    for (*above, key), value in values.items():
        place = found
        for part in above:
            place = place.setdefault(part, {})
        place[key] = value
    return found


def _replace_number(text: str, path: KeyPath, marker: int) -> str:
    """Put a placeholder where a number stands, also in seconds where the setting is in days."""
    key = ".".join(path)
    return text.replace(str(marker * DAY_SECONDS), f"@{key}*{DAY_SECONDS}@").replace(str(marker), f"@{key}@")


def files() -> dict[Path, str]:
    """Return the generated file and its text."""
    note = "# Generated from deploy/mixin by tools/generate_chart_rules.py (`make docs`): do not edit.\n"
    return {RULES: note + to_yaml(template()).split("\n", 1)[1]}


def main() -> int:
    """Write the file, or compare it."""
    return write_or_check(__doc__, files())


if __name__ == "__main__":
    sys.exit(main())

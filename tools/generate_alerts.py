"""Write what follows from deploy/mixin: rules, their unit tests, docs/alerts.md and the index of the runbooks.

With --check, write nothing and fail when a file differs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import _gojsonnet  # type: ignore[import-not-found]  # a compiled module without types
import yaml

from tests.alerts.unit_tests import unit_tests
from tools.generated import write_or_check

ROOT = Path(__file__).parent.parent
MIXIN = ROOT / "deploy" / "mixin" / "mixin.libsonnet"
NOTE = "Generated from deploy/mixin by tools/generate_alerts.py (`make docs`): do not edit."


class RuleDumper(yaml.SafeDumper):
    """YAML as people write rules: texts of several lines as blocks, lists indented."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - signature of PyYAML
        """Indent the items of a list, too."""
        super().increase_indent(flow, indentless=False)


def _text(dumper: RuleDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


RuleDumper.add_representer(str, _text)


def to_yaml(value: object) -> str:
    """Return a value as YAML, with a note that it is generated."""
    text = yaml.dump(value, Dumper=RuleDumper, sort_keys=False, width=10_000, allow_unicode=True)
    return f"# {NOTE}\n{text}"


def render_mixin(config: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Return the mixin's `alerts` and `rules` (as in Prometheus' rule files) and its `catalogue` for people.

    `config` overrides keys of the mixin's `_config`.
    """
    rendered = evaluate(
        "{ alerts: mixin.prometheusAlerts, rules: mixin.prometheusRules, catalogue: mixin.alertCatalogue }",
        config,
    )
    return {**rendered, **{part: {"groups": _groups(rendered[part])} for part in ("alerts", "rules")}}


def evaluate(
    expression: str, config: Mapping[str, object] | None = None, mixin: Path = MIXIN
) -> dict[str, Any]:
    """Return an expression of Jsonnet over `mixin`, the mixin with some keys of its `_config` changed, at any depth."""
    changed = f"{{ _config:: std.mergePatch(super._config, {json.dumps(config or {})}) }}"
    snippet = f"local mixin = (import {json.dumps(str(mixin))}) + {changed}; {expression}"
    value: dict[str, Any] = json.loads(_gojsonnet.evaluate_snippet("mixin", snippet))
    return value


def _groups(rules: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the groups with the keys of each rule in the order in which people read them."""
    order = ("record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations")
    return [
        {
            **{key: group[key] for key in ("name", "interval") if key in group},
            "rules": [{key: _tidy(rule[key]) for key in order if key in rule} for rule in group["rules"]],
        }
        for group in rules["groups"]
    ]


def _tidy(value: object) -> object:
    return value.rstrip("\n") if isinstance(value, str) else value


_ALERTS_INTRODUCTION = """\
| severity | meaning |
|---|---|
| `critical` | Notify the person on call at once |
| `warning` | Handle within the day |
| `info` | For information |
| `none` | For machines: `OnedataWatchdog` |

Every alert has a runbook. *After* is how long the condition must hold (`for`). *Keeps* is how long the alert continues
after the condition ends (`keep_firing_for`). No alert fires for a path that is not expected to work.

The rules need Prometheus 2.42 or later. An older Prometheus rejects them (`field keep_firing_for not found`); for
2.29 to 2.41 use `deploy/prometheus/rules-before-2.42` instead.

## How a condition is judged

* If several exporters poll the same target, an alert fires when more than half of those that report see the fault. If
  only some see it, `OnedataPartialView` fires, with severity `info`. An exporter that is down is not counted.
* Ends of certificates and tokens are facts: the earliest one that any exporter saw counts.
* Rules use the worst value of a gauge over the last two minutes. So a missed scrape or a restart of the exporter resets
  nothing. If a path fails and recovers repeatedly, a healthy round resets the wait of `down` alerts, and
  `OnedataPathFlapping` fires instead.
* Exactly one diagnosis holds at a time, so one fault leads to one alert. If two alerts fire together, the inhibitions
  of deploy/alertmanager suppress the lesser one.
* No alert about a target starts to fire inside its maintenance window, or while it is expected to be offline
  (`expected_offline`). If an alert already fires at the start of the window, it resolves after its
  `keep_firing_for`. If its cause outlasts the window, it fires again.
* If a target is polled more seldom than an alert waits, one failed round is enough for the alert.

## Labels

Every alert about a target carries `job`, `target` and the labels `owner` and `site` of its configuration
(`targets[].labels`). Alertmanager can route by them. `_config.targetLabels` sets other names. Members of a federation
carry `kind`, and `onezone`, the target that is their Onezone.

Thresholds, windows, times and the pages that alerts link to are set in `_config` of
[deploy/mixin](../deploy/mixin/README.md).
"""


def _alerts_page(catalogue: list[dict[str, str]]) -> Iterator[str]:
    yield from (f"<!-- {NOTE} -->", "# Alerts", "")
    yield from _ALERTS_INTRODUCTION.splitlines()
    for group in dict.fromkeys(entry["group"] for entry in catalogue):
        yield from (
            "",
            f"## {group}",
            "",
            "| alert | severity | after | keeps | when |",
            "|---|---|---|---|---|",
        )
        for entry in catalogue:
            if entry["group"] == group:
                link = f"[{entry['name']}](runbooks/{entry['name']}.md)"
                yield f"| {link} | {entry['severity']} | {entry['after']} | {entry['keeps']} | {entry['when']} |"


def _runbook_index(catalogue: list[dict[str, str]]) -> Iterator[str]:
    yield from (
        f"<!-- {NOTE} -->",
        "# Runbooks",
        "",
        "One page for each alert: what it means, how to confirm it, and what to do.",
        "",
        "Replace the names in queries and commands with yours:",
        "",
        "| name | meaning |",
        "|---|---|",
        "| `my-zone`, `my.zone.domain.org` | The target, and its domain |",
        "| `exporter:19443` | The exporter |",
        "| `http://localhost:9093` | Alertmanager |",
        "| `zone`, `oz_` | On a Oneprovider: `provider`, `op_` |",
        "",
        "With `-u onepanel`, `curl` prompts for the emergency passphrase. If the certificate authority is private, add",
        "`--cacert FILE`.",
        "",
    )
    yield from ("| alert | severity | when |", "|---|---|---|")
    for name in dict.fromkeys(entry["name"] for entry in catalogue):
        entries = [entry for entry in catalogue if entry["name"] == name]
        severities = ", ".join(entry["severity"] for entry in entries)
        yield f"| [{name}]({name}.md) | {severities} | {entries[0]['when']} |"


def _without_keep_firing(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rules as a Prometheus before 2.42 accepts them: alerts end with their cause."""
    groups = [
        {
            **group,
            "rules": [
                {key: value for key, value in rule.items() if key != "keep_firing_for"}
                for rule in group["rules"]
            ],
        }
        for group in rules["groups"]
    ]
    return {"groups": groups}


def files() -> dict[Path, str]:
    """Return every generated file and its text."""
    mixin = render_mixin()
    prometheus = ROOT / "deploy" / "prometheus"
    docs = ROOT / "docs"
    return {
        prometheus / "rules" / "onedata-alerts.yml": to_yaml(mixin["alerts"]),
        prometheus / "rules" / "onedata-recording.yml": to_yaml(mixin["rules"]),
        prometheus / "rules-before-2.42" / "onedata-alerts.yml": to_yaml(
            _without_keep_firing(mixin["alerts"])
        ),
        prometheus / "rules-before-2.42" / "onedata-recording.yml": to_yaml(mixin["rules"]),
        **{prometheus / "tests" / name: to_yaml(tests) for name, tests in unit_tests().items()},
        docs / "alerts.md": "\n".join(_alerts_page(mixin["catalogue"])) + "\n",
        docs / "runbooks" / "README.md": "\n".join(_runbook_index(mixin["catalogue"])) + "\n",
    }


def main() -> int:
    """Write the files, or compare them."""
    return write_or_check(__doc__, files())


if __name__ == "__main__":
    sys.exit(main())

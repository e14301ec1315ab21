"""The subject of a mail, as Alertmanager's own templates render it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.alerts.rule_files import ALERTMANAGER, run

_RECEIVERS = yaml.safe_load(ALERTMANAGER.read_text(encoding="utf-8"))["receivers"]
_MAILS = {each["name"]: each["email_configs"][0] for each in _RECEIVERS if "email_configs" in each}
_LABELS = {"job": "onedata-exporter", "severity": "critical"}
_SUMMARY = {"summary": "The proxy path of my-zone (node node1) is down"}


def _data(status: str, alerts: int, **more: Any) -> dict[str, Any]:
    each = {"status": status, "labels": _LABELS, "annotations": {}}
    group = {"groupLabels": {"job": "onedata-exporter", "target": "my-zone"}, "commonLabels": _LABELS}
    return {"status": status, "alerts": [each] * alerts, "commonAnnotations": {}, **group, **more}


@pytest.mark.parametrize(
    ("data", "subject"),
    [
        (_data("firing", 1, commonAnnotations=_SUMMARY), f"CRITICAL: {_SUMMARY['summary']}"),
        (_data("resolved", 1, commonAnnotations=_SUMMARY), f"OK: {_SUMMARY['summary']}"),
        (
            _data("firing", 2, commonLabels={**_LABELS, "alertname": "OnedataProxyPathDown"}),
            "CRITICAL: 2 alerts for my-zone (OnedataProxyPathDown)",
        ),
        (_data("firing", 2), "CRITICAL: 2 alerts for my-zone"),
        (
            _data("firing", 2, groupLabels={"job": "onedata-exporter"}),
            "CRITICAL: 2 alerts for onedata-exporter",
        ),
    ],
)
def test_a_subject_is_never_empty(tmp_path: Path, data: dict[str, Any], subject: str) -> None:
    file = tmp_path / "data.json"
    file.write_text(json.dumps(data))
    (text,) = {mail["headers"]["Subject"] for mail in _MAILS.values()}
    arguments = ("--template.glob=none*.tmpl", f"--template.text={text}", f"--template.data={file}")
    assert run("amtool", "template", "render", *arguments).strip() == subject


def test_every_mail_has_this_subject() -> None:
    assert {"pager", "mail", "storage-pager", "storage-mail"} == set(_MAILS)
    assert all(mail["send_resolved"] for mail in _MAILS.values())

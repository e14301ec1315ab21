"""CONTRIBUTING.md is right: its steps are done to a copy of the package, and the result is run."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from exporter.simulator import INSTANT, Authority, SimulatedZone
from tests.support.processes import ROOT, ExporterProcess, Metrics, target_of, write_config

GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def code_blocks(heading: str) -> list[str]:
    """The blocks of Python in a section of the guide."""
    section = GUIDE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def edit(file: Path, before: str, after: str) -> None:
    """Replace what must be there exactly once."""
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1
    file.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a copy of the package, which has taken the guide's advice."""
    package = tmp_path / "exporter"
    shutil.copytree(ROOT / "exporter", package, ignore=shutil.ignore_patterns("__pycache__"))
    module, line_of_list = code_blocks("Add an operation")
    (declaration,) = code_blocks("Add a metric")
    (package / "operations" / "test_image.py").write_text(module, encoding="utf-8")
    listing = package / "operations" / "__init__.py"
    edit(listing, "    web_certificate,\n", "    test_image,\n    web_certificate,\n")
    edit(listing, "    health.OPERATION,\n", f"    health.OPERATION,\n{line_of_list}")
    start = "NODE_METRICS: tuple[Metric[NodeView], ...] = (\n"
    edit(package / "exposition" / "catalogue" / "paths.py", start, start + declaration)
    return tmp_path


async def test_an_operation_is_one_file_and_one_line_in_a_list_and_a_metric_is_one_declaration(
    folder: Path,
) -> None:
    authority = Authority()
    ca_file = authority.write_ca_file(folder / "ca.pem")
    async with SimulatedZone(authority=authority, timing=INSTANT) as zone:
        config = write_config(folder / "c.yml", [target_of(zone, "my-zone")], ca_file, interval=1.0)
        async with ExporterProcess(config, folder=folder) as exporter:
            metrics = await exporter.metrics_when(lambda seen: seen.diagnosis("my-zone") == "ok")
        served = {
            path: request_log.count("/test_image", status=200)
            for path, request_log in zone.request_logs.items()
        }
    for path, count in served.items():
        assert count >= 1
        assert_is_watched(metrics, path.value)
    since = metrics.value("onedata_target_diagnosed_since_timestamp_seconds", target="my-zone")
    assert since is not None
    assert since > 0


def assert_is_watched(metrics: Metrics, path: str) -> None:
    """The operation's own metric, and all that comes for nothing."""
    image_bytes = metrics.value("onedata_test_image_bytes", target="my-zone", path=path)
    assert image_bytes is not None
    assert image_bytes > 50
    labels = {"target": "my-zone", "path": path, "operation": "test_image"}
    assert metrics.total("onedata_onepanel_requests_total", **labels) >= 1
    assert metrics.total("onedata_onepanel_request_failures_total", **labels) == 0
    assert metrics.value("onedata_onepanel_http_status", **labels) == 200
    assert metrics.total("onedata_onepanel_request_duration_seconds_count", **labels) >= 1

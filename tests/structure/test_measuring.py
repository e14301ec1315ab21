"""The suite can measure its own coverage in every process, and no test hangs for ever."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.support import coverage
from tests.support.commands import run, succeed
from tests.support.processes import LOOPBACK_ANY_PORT, ROOT, ExporterProcess
from tools.coverage_report import add_up


def measured(folder: Path) -> dict[str, str]:
    """The environment of a process whose coverage is measured, as `make unit` sets it."""
    return {"PYTHONPATH": str(ROOT / "tools" / "coverage"), "COVERAGE_FOLDER": str(folder)}


def test_a_process_that_imports_the_exporter_writes_its_lines_and_branches(tmp_path: Path) -> None:
    succeed(sys.executable, "-c", "from exporter.settings import durations", environment=measured(tmp_path))
    (file,) = tmp_path.glob("*.json")
    found = json.loads(file.read_text(encoding="utf-8"))["files"]["exporter/settings/durations.py"]
    assert found["executed_lines"]
    assert found["missing_branches"]


def test_a_process_without_the_exporter_writes_nothing(tmp_path: Path) -> None:
    succeed(sys.executable, "-c", "import json", environment=measured(tmp_path))
    assert not list(tmp_path.iterdir())


def test_what_any_process_has_executed_is_covered(tmp_path: Path) -> None:
    def write(lines: list[int], branches: list[list[int]]) -> None:
        found = {"executed_lines": lines, "executed_branches": branches}
        report = {"files": {"exporter/version.py": found}}
        (tmp_path / f"{len(lines)}.json").write_text(json.dumps(report), encoding="utf-8")

    write([1], [[1, 2]])
    write([3, 4], [[1, 3]])
    found = add_up(tmp_path, ROOT / "exporter")["files"]["exporter/version.py"]
    assert found["executed_lines"] == [1, 3, 4]
    assert found["executed_branches"] == [[1, 2], [1, 3]]


def test_only_the_fork_servers_of_a_test_process_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "_kept", {})
    monkeypatch.setenv("COVERAGE_FOLDER", "folder")
    coverage.measure_no_other_process()
    assert "COVERAGE_FOLDER" not in os.environ
    with coverage.measuring():
        assert os.environ["COVERAGE_FOLDER"] == "folder"
    assert "COVERAGE_FOLDER" not in os.environ


async def test_an_exporter_that_is_stopped_writes_its_coverage(tmp_path: Path) -> None:
    options = ("--target=https://127.0.0.1:1", f"--web.listen-address={LOOPBACK_ANY_PORT}")
    async with ExporterProcess(*options, environment=measured(tmp_path)) as exporter:
        await exporter.stop()
    (file,) = tmp_path.glob("*.json")
    found = json.loads(file.read_text(encoding="utf-8"))["files"]["exporter/app.py"]
    assert len(found["executed_lines"]) > len(found["missing_lines"])


@pytest.mark.parametrize(("ci", "limit"), [("", 92), ("true", 96)])
def test_coverage_below_the_limit_fails_and_names_what_is_missing(
    tmp_path: Path, ci: str, limit: int
) -> None:
    succeed(sys.executable, "-c", "import exporter.version", environment=measured(tmp_path))
    done = run(sys.executable, "-m", "tools.coverage_report", tmp_path, environment={"CI": ci})
    assert done.returncode == 1
    assert f"below {limit} %" in done.stderr
    assert "exporter/app.py" in done.stdout


def test_a_test_that_hangs_fails_at_its_limit(tmp_path: Path) -> None:
    file = tmp_path / "test_hanging.py"
    file.write_text("import threading\n\ndef test_hang():\n    threading.Event().wait()\n", encoding="utf-8")
    environment = {"PYTEST_ADDOPTS": "", "PYTHONPATH": os.pathsep.join(map(str, (ROOT, tmp_path)))}
    done = run(
        *(sys.executable, "-m", "pytest", "-q", "-o", "timeout=0.5", "-p", "no:cacheprovider", file),
        environment=environment,
    )
    assert done.returncode == 1
    assert "Timeout (>0.5s)" in done.stdout

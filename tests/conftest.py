"""What many tests share: one authority for all simulated zones, its file, and a place for a configuration."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from exporter.simulator import Authority
from tests.support.coverage import measure_no_other_process

# After so many seconds a test of these markers has failed; for all others pyproject.toml has the limit.
_SECONDS_OF = {"slow": 3600, "long": 900}
# Their files take longest: begun at the end, one of them would keep one process busy alone.
_ROOMS_THAT_WAIT = {"alerts", "browser", "cluster", "deploy", "docs", "process", "trust"}


# A shell starts commands in the background with SIGINT ignored, and processes that tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The process that shares the tests out passes it on to those that run them.
if "PYTEST_XDIST_WORKER" in os.environ:
    measure_no_other_process()


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def ca_file(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return authority.write_ca_file(tmp_path_factory.mktemp("ca") / "ca.pem")


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return tmp_path / "onedata-exporter.yml"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first; where several processes share the tests, those that wait for others' processes first."""
    for item in items:
        for marker, seconds in _SECONDS_OF.items():
            if item.get_closest_marker(marker) and not item.get_closest_marker("timeout"):
                item.add_marker(pytest.mark.timeout(seconds))
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: _ROOMS_THAT_WAIT.isdisjoint(item.path.parts))
    else:
        items.sort(key=lambda item: item.get_closest_marker("long") is not None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have measured: what they print themselves is lost in processes of pytest-xdist."""
    for report in terminalreporter.getreports("passed"):
        for name, lines in report.user_properties:
            terminalreporter.write_line(f"{name}:")
            for line in lines:
                terminalreporter.write_line(f"  {line}")

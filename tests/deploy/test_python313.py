"""The tests that depend on Python's TLS most, on the Python and the OpenSSL of another Debian."""

from __future__ import annotations

import re

import pytest

from tests.support.commands import ROOT, run
from tests.support.debian import debian_root

pytestmark = pytest.mark.slow


def test_the_tests_of_tls_pass_on_python_313() -> None:
    debian_root()
    tested = run(ROOT / "tools" / "run-on-python313")
    assert tested.returncode == 0, tested.stdout[-8000:] + tested.stderr[-2000:]
    passed = re.search(r"^([0-9]+) passed", tested.stdout, re.MULTILINE)
    assert passed
    assert int(passed[1]) > 100

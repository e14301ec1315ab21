"""Whatever is written, it either is a configuration or is refused in lines for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.settings.errors import ConfigError, ConfigurationError
from exporter.settings.keys import walk
from exporter.settings.loading import load

NAMES = sorted({part for place, _ in walk() for part in place})
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["https://a.test", "5s"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=10), inner, max_size=6)
    ),
    max_leaves=20,
)
TARGETS = st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6), max_size=3)
DOCUMENTS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(NAMES, VALUES) | {"targets": TARGETS | VALUES, "defaults": VALUES}
)
ONE_FILE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def failure_of(file: Path | None, environ: dict[str, str]) -> tuple[ConfigError, ...]:
    try:
        load(file, environ=environ)
    except ConfigurationError as error:
        return error.faults or (ConfigError("", "", "refused without a reason"),)
    return ()


def assert_read_or_refused(file: Path) -> None:
    for fault in failure_of(file, {}):
        assert str(fault).startswith(f"{file}: ")
        assert str(fault).isprintable()


@ONE_FILE
@given(document=DOCUMENTS | VALUES)
def test_any_structure_is_read_or_refused(config_file: Path, document: Any) -> None:
    config_file.write_text(yaml.safe_dump(document), encoding="utf-8", errors="replace")
    assert_read_or_refused(config_file)


@ONE_FILE
@given(text=st.text() | st.text(alphabet="ab:-[]{}&*!?|>'\"#%@,\n .0123"))
def test_any_text_is_read_or_refused(config_file: Path, text: str) -> None:
    config_file.write_text(text, encoding="utf-8", errors="replace")
    assert_read_or_refused(config_file)


@ONE_FILE
@given(content=st.binary())
def test_any_bytes_are_read_or_refused(config_file: Path, content: bytes) -> None:
    config_file.write_bytes(content)
    assert_read_or_refused(config_file)


@ONE_FILE
@given(
    environ=st.dictionaries(
        st.sampled_from(["__".join(place).upper() for place, _ in walk()]) | st.text(max_size=9),
        st.text() | VALUES.map(json.dumps),
        max_size=6,
    )
)
def test_any_environment_is_read_or_refused(environ: dict[str, str]) -> None:
    faults = failure_of(None, {f"ONEDATA_EXPORTER_{name}": value for name, value in environ.items()})
    assert all(fault.message and fault.source in {"environment", "command line"} for fault in faults)


@pytest.mark.parametrize("depth", [50, 3000])
def test_deep_nesting_is_refused(config_file: Path, depth: int) -> None:
    config_file.write_text("defaults: " + "{a: " * depth + "1" + "}" * depth, encoding="utf-8")
    with pytest.raises(ConfigurationError):
        load(config_file, environ={})

"""The mistakes of `mistakes.yml`: the exporter and the schema refuse them, each in its way."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import pytest
import yaml

from exporter.settings.yaml_text import parse_yaml
from tests.support.json_schema import faults

from .conftest import FaultsOf


class Mistake(TypedDict):
    """A configuration, and the lines about it."""

    configuration: str
    lines: list[str]


MISTAKES: dict[str, list[Mistake]] = yaml.load(
    Path(__file__).with_name("mistakes.yml").read_text(encoding="utf-8"), yaml.CSafeLoader
)
ALL = [each for mistakes in MISTAKES.values() for each in mistakes]


def schema_refuses(text: str) -> bool:
    return bool(faults(parse_yaml(text)))


@pytest.mark.parametrize("mistake", ALL, ids=[each["configuration"][:60] for each in ALL])
def test_every_line_about_a_mistake_is_printed(faults_of: FaultsOf, mistake: Mistake) -> None:
    assert faults_of(mistake["configuration"]) == mistake["lines"]


def test_the_schema_refuses_what_a_pattern_can_express() -> None:
    assert len(MISTAKES["refused"]) >= 98
    assert [each for each in MISTAKES["refused"] if not schema_refuses(each["configuration"])] == []


def test_the_schema_is_no_stricter_than_the_table_states() -> None:
    assert [each for each in MISTAKES["accepted"] if schema_refuses(each["configuration"])] == []


@pytest.mark.parametrize(
    "mistake", MISTAKES["unreadable"], ids=[each["configuration"][:60] for each in MISTAKES["unreadable"]]
)
def test_no_schema_can_validate_what_cannot_be_parsed(mistake: Mistake) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its words are those of the table
        parse_yaml(mistake["configuration"])

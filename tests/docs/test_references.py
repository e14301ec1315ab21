"""What the documents refer to exists: commands with their options, metrics, and alerts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from exporter.commands.arguments import parse
from exporter.commands.command_list import COMMANDS
from exporter.exposition.table import ALL_METRICS
from tests.docs.test_links import DOCUMENTS
from tests.support.commands import ROOT
from tests.support.pending import PENDING

_CODE = re.compile(r"^```(?:sh|console)\n(.*?)^```$|^ {4,}(\S[^\n]*)$|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"^(?:\$ )?(?:sudo )?(?:\S*/)?onedata-exporter((?: .*)?)$", re.MULTILINE)
_SUFFIX = re.compile(r"_(bucket|sum|count)$")
# The changelog names what is gone; CONTRIBUTING adds an operation and a metric as an example.
CURRENT = [file for file in DOCUMENTS if file.name not in {"CHANGELOG.md", "CONTRIBUTING.md"}]
# tests/alerts checks the metrics of the runbooks, together with those of the rules.
GUIDES = [file for file in CURRENT if file.parent.name != "runbooks"]


def calls(text: str) -> Iterator[list[str]]:
    """Yield the arguments of every call of the command in the code of a document."""
    for code in _CODE.findall(text):
        for call in _CALL.findall(re.sub(r"\\\n\s*", " ", "".join(code))):
            arguments = shlex.split(re.split(r" [#|>]", call)[0])
            if all(argument.isascii() for argument in arguments):
                yield arguments


def accepted(arguments: list[str]) -> bool:
    """Return whether the program accepts the arguments; the name of a command alone stands for the command."""
    if len(arguments) == 1 and arguments[0] in {command.name for command in COMMANDS}:
        return True
    try:
        parse(arguments)
    except SystemExit as end:
        return end.code == 0
    return True


def metric_names() -> set[str]:
    rules = yaml.safe_load((ROOT / "deploy/prometheus/rules/onedata-recording.yml").read_text())
    recorded = {rule["record"].split(":")[1] for group in rules["groups"] for rule in group["rules"]}
    return {metric.name for metric in ALL_METRICS} | recorded


@pytest.mark.parametrize("document", CURRENT, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_command_of_a_document_is_one_that_the_program_accepts(document: Path) -> None:
    refused = [
        arguments for arguments in calls(document.read_text(encoding="utf-8")) if not accepted(arguments)
    ]
    assert refused == []


@pytest.mark.parametrize("document", GUIDES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_metric_of_a_document_exists(document: Path) -> None:
    # The distribution is called onedata_exporter, as in the names of wheels.
    named = set(
        re.findall(r"\bonedata_(?!exporter-)[a-z0-9_]+[a-z0-9]\b", document.read_text(encoding="utf-8"))
    )
    assert {_SUFFIX.sub("", name) for name in named} <= metric_names() | PENDING


@pytest.mark.parametrize("document", CURRENT, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_alert_of_a_document_has_a_runbook(document: Path) -> None:
    named = set(re.findall(r"\bOnedata[A-Z]\w+", document.read_text(encoding="utf-8")))
    assert named <= {page.stem for page in (ROOT / "docs" / "runbooks").glob("Onedata*.md")}


def test_commands_are_found_in_blocks_in_indented_lines_and_in_text() -> None:
    text = "```sh\nsudo onedata-exporter a \\\n  --b\n```\n\n    onedata-exporter c  # d\n\nor `onedata-exporter e`\n"
    assert list(calls(text)) == [["a", "--b"], ["c"], ["e"]]


def test_a_command_or_an_option_that_does_not_exist_is_refused() -> None:
    assert accepted(["probe", "NAME", "--explain"])
    assert not accepted(["prob", "NAME"])
    assert not accepted(["probe", "NAME", "--explane"])

"""The definitions for Icinga use options that the commands have."""

from __future__ import annotations

import re

import pytest

from exporter.commands.arguments import parse
from exporter.commands.check_worker import parser_of
from tests.support.commands import ROOT

TEXT = (ROOT / "deploy" / "icinga" / "onedata.conf").read_text()
COMMANDS = dict(re.findall(r'^object CheckCommand "(\w+)" \{\n(.*?)^\}', TEXT, re.DOTALL | re.MULTILINE))
OPTION = re.compile(r'^    "(-[^"]+)" = (.)', re.MULTILINE)
ARGUMENT = {"--format": "nagios", "--deadline": "50s", "-p": "443", "-t": "10"}


def command_line(name: str) -> list[str]:
    without_value = {"--insecure"}
    return [
        part
        for option, _ in OPTION.findall(COMMANDS[name])
        for part in (
            (option,) if option in without_value else (option, ARGUMENT.get(option, "https://a.test"))
        )
    ]


def test_the_probe_takes_the_options_of_icinga() -> None:
    arguments = parse(["probe", "https://a.test", *command_line("onedata")])
    assert (arguments.format, arguments.deadline) == ("nagios", 50.0)


@pytest.mark.parametrize("program", ["check_onezone", "check_oneprovider"])
def test_the_plugins_take_the_options_of_icinga(program: str) -> None:
    arguments = parser_of(program).parse_args(command_line("onedata_worker"))
    assert (arguments.port, arguments.timeout, arguments.insecure) == (443, 10.0, True)


def test_braces_are_closed() -> None:
    assert TEXT.count("{") == TEXT.count("}")

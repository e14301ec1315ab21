"""Completions of the command line, in the shells themselves."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.commands.command_list import COMMANDS, SHELLS
from exporter.commands.command_tree import command_tree
from exporter.commands.completion import completion, run
from exporter.settings.values import LogFormat, LogLevel
from tests.support.commands import succeed
from tests.support.programs import program

READY = "READY> "
# The program shows what it is called with.
BASH = f"""\
PS1='{READY}'
source ./script
onedata-exporter() {{ printf '<%s>' "$@"; echo END; }}
"""
ZSH = f"""\
PS1='{READY}'
zstyle ":completion:*" insert-tab false
unsetopt zle_bracketed_paste prompt_cr prompt_sp
fpath=($PWD $fpath)
autoload -Uz compinit
compinit -u -D
onedata-exporter() {{ printf '<%s>' "$@"; echo END; }}
"""


class Shell:
    """An interactive shell at a terminal."""

    def __init__(self, folder: Path, name: str, *arguments: str) -> None:
        self._seen = ""
        self._terminal, inside = pty.openpty()
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "dumb", "LC_ALL": "C.UTF-8"}
        self._process = subprocess.Popen(
            [program(name), *arguments],
            cwd=folder,
            env={**environment, "ZDOTDIR": str(folder)},
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)
        self.read_to(READY)

    def read_to(self, end: str) -> str:
        """What the shell prints before a text."""
        deadline = time.monotonic() + 60
        while end not in self._seen:
            ready, _, _ = select.select([self._terminal], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"no {end!r} in {self._seen!r}"
            self._seen += os.read(self._terminal, 65536).decode()
        before, _, self._seen = self._seen.partition(end)
        return before

    def enter(self, line: str) -> list[str]:
        """Type a line with its tabs, and return the words that the program gets, without the `=` of options."""
        os.write(self._terminal, f"{line}\n".encode())
        called = self.read_to("END").rpartition("\n")[2]
        self.read_to(READY)
        return [word for word in re.split("[<>=]", called) if word]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)


@pytest.fixture(params=["bash", "zsh"])
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shell]:
    """An interactive shell that has loaded its completion."""
    if request.param == "bash":
        (tmp_path / "script").write_text(completion("bash"))
        (tmp_path / "rc").write_text(BASH)
        opened = Shell(tmp_path, "bash", "--noprofile", "--rcfile", "rc", "-i")
    else:
        (tmp_path / "_onedata-exporter").write_text(completion("zsh"))
        (tmp_path / ".zshrc").write_text(ZSH)
        opened = Shell(tmp_path, "zsh", "-d", "-i")
    yield opened
    opened.close()


def test_bash_and_zsh_complete_commands_options_and_values(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "exporter file.yml").touch()

    lines = {
        "prob\t--form\tjs\t": ["probe", "--format", "json"],
        "users li\t--auth=pass\t": ["users", "list", "--auth", "passphrase"],
        "--log.l\tde\t --log.f\tjs\t": ["--log.level", "debug", "--log.format", "json"],
        "check-conf\t--config.file\texp\t": ["check-config", "--config.file", "exporter file.yml"],
        "check-config --config.file=exp\t": ["check-config", "--config.file", "exporter file.yml"],
        "completion f\t": ["completion", "fish"],
        "--target a --targ\tb": ["--target", "a", "--target", "b"],
        # Behind an option of `serve`, no command follows.
        "--log.level debug prob\t": ["--log.level", "debug", "prob"],
        "probe --timeout e\t": ["probe", "--timeout", "e"],
    }
    assert {line: shell.enter(f"onedata-exporter {line}") for line in lines} == lines


def test_fish_completes_commands_options_and_values(tmp_path: Path) -> None:
    (tmp_path / "exporter file.yml").touch()
    (tmp_path / "script").write_text(completion("fish"))
    offers = {
        "prob": ["probe"],
        "--log.l": ["--log.level"],
        "config-schema -": ["-h", "--help"],
        "probe --form": ["--format"],
        "probe --format ": ["json", "nagios", "text"],
        "users list --auth=p": ["--auth=passphrase"],
        "--log.level debug --log.f": ["--log.format"],
        "check-config --config.file exp": ["exporter file.yml"],
        "completion f": ["fish"],
        "--log.level debug prob": [],
        "probe --timeout ": [],
    }
    ask = 'source ./script; for line in $argv; complete --do-complete "onedata-exporter $line"; echo; end'
    answers = succeed("fish", "--no-config", "--command", ask, *offers, folder=tmp_path).split("\n\n")
    given = [[line.split("\t")[0] for line in answer.split("\n") if line] for answer in answers]
    assert dict(zip(offers, given, strict=False)) == offers


def test_bash_script_passes_its_linter(tmp_path: Path) -> None:
    (tmp_path / "script").write_text(completion("bash"))
    succeed("shellcheck", "--shell=bash", tmp_path / "script")


@pytest.mark.parametrize("shell", SHELLS)
def test_scripts_contain_every_command_and_every_option(shell: str) -> None:
    words = set(re.findall(r"[a-z][a-z.-]*", completion(shell)))
    for node in command_tree().walk():
        options = {name.lstrip("-") for option in node.options for name in option.names}
        assert {*node.words, *options} - words == set(), node.path


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_prints_the_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Namespace(shell=shell)) == 0
    assert capsys.readouterr().out == completion(shell)


def test_tree_has_every_command_of_the_list() -> None:
    assert [child.path for child in command_tree().children] == [command.name for command in COMMANDS]


def test_values_of_flags_are_those_of_their_keys() -> None:
    known = {flag.key_path: flag.values for command in COMMANDS for flag in command.flags if flag.values}
    assert known == {"log.level": tuple(LogLevel), "log.format": tuple(LogFormat)}

"""Man pages of the commands, as `man` shows them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from exporter.commands.command_tree import command_tree
from tests.support.commands import ROOT
from tests.support.programs import program
from tools.generate_man import escaped

FOLDER = ROOT / "docs" / "man"
PAGES = sorted(FOLDER.iterdir())
PROGRAMS = ("onedata-exporter", "onedata-exporter-as-service", "check_onezone", "check_oneprovider")


def rendered(page: Path) -> str:
    """The text of a page, which must render without a warning."""
    done = subprocess.run(
        [program("man"), "--warnings", "--local-file", page],
        env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "100"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def test_every_program_and_every_command_has_a_page() -> None:
    commands = {f"onedata-exporter-{child.path}" for child in command_tree().children}
    assert {page.stem for page in PAGES} == {*PROGRAMS, *commands}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_renders_without_warnings(page: Path) -> None:
    assert f"{page.stem} - " in " ".join(rendered(page).split())


def test_page_of_a_command_has_all_options_of_its_actions() -> None:
    (users,) = (child for child in command_tree().children if child.path == "users")
    text = rendered(FOLDER / "onedata-exporter-users.1")
    for action in users.children:
        assert f"onedata-exporter {action.path}" in text
        for option in action.options:
            assert ", ".join(option.names) in text
    assert len(re.findall(r"--direct-url URL", text)) == 1


def test_warning_of_the_renderer_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.1"
    page.write_text('.TH PAGE 1 "" "" ""\n.SH NAME\npage \\- a page\n.nonsense\n')
    with pytest.raises(AssertionError):
        rendered(page)


def test_characters_of_the_notation_are_text(tmp_path: Path) -> None:
    page = tmp_path / "page.1"
    special = ".hidden \\fBx 'y' ~/z^2 --option\n'also\n`code`"
    page.write_text(f'.TH PAGE 1 "" "" ""\n.nf\n{escaped(special)}\n')
    text = rendered(page)
    for part in (".hidden \\fBx ", " ~/z^2 --option", "also", "code"):
        assert part in text

"""What the image is made of: exact versions, with hashes, that satisfy pyproject.toml, and the name of no host."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.commands import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ASKED_FOR = {
    "constraints.txt": PROJECT["project"]["dependencies"],
    "constraints-build.txt": PROJECT["build-system"]["requires"],
    "constraints-dist.txt": PROJECT["project"]["optional-dependencies"]["dist"],
}
ENTRY = re.compile(r"[a-z0-9-]+==[^ ]+( ; [^\\]+)?( --hash=sha256:[0-9a-f]{64})+")


def entries(name: str) -> list[str]:
    text = (ROOT / name).read_text().replace(" \\\n   ", "")
    return [line for line in text.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("name", ASKED_FOR)
def test_every_line_is_one_exact_version_with_its_hashes(name: str) -> None:
    lines = entries(name)
    assert lines
    assert [line for line in lines if not ENTRY.fullmatch(line)] == []


@pytest.mark.parametrize("name", ASKED_FOR)
def test_what_the_project_asks_for_is_pinned_to_a_version_that_it_accepts(name: str) -> None:
    pinned = dict(line.split(" ")[0].split("==") for line in entries(name))
    for text in ASKED_FOR[name]:
        requirement = Requirement(text)
        version = pinned[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{text}: {version}; run `make constraints`"

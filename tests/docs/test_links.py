"""Every link of a document leads somewhere: to a file of the repository, and to a heading of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.commands import ROOT

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
DOCUMENTS = sorted(
    file
    for place in (
        ".",
        "docs",
        "docs/runbooks",
        "deploy/compose",
        "deploy/helm/*",
        "deploy/systemd",
        "grafana",
    )
    for file in ROOT.glob(f"{place}/*.md")
)


def anchors(document: Path) -> set[str]:
    """Return the anchors of all headings, as GitHub makes them."""
    text = _FENCED.sub("", document.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower().strip()).replace(" ", "-")
        for heading in _HEADING.findall(text)
    }


def dead_links(document: Path) -> list[str]:
    dead = []
    for link in _LINK.findall(_FENCED.sub("", document.read_text(encoding="utf-8"))):
        place, _, anchor = link.partition("#")
        target = (document.parent / place).resolve() if place else document
        if "://" in link or link.startswith("mailto:"):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    return dead


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_of_a_document_leads_to_a_file_and_a_heading(document: Path) -> None:
    assert dead_links(document) == []


def test_a_link_to_a_missing_file_or_heading_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Two words: `code`\n[a](page.md#two-words-code) [b](#none) [c](none.md) [d](https://x.org)\n"
    )
    assert dead_links(page) == ["#none", "none.md"]


def test_the_index_lists_every_page_of_the_folder() -> None:
    folder = ROOT / "docs"
    index = (folder / "README.md").read_text(encoding="utf-8")
    for page in folder.glob("*.md"):
        assert page.name == "README.md" or f"]({page.name})" in index, page.name

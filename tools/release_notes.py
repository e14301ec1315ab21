"""Print the section of CHANGELOG.md about this version; with --draft, about what is not released yet if need be."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from exporter import __version__

CHANGELOG = Path(__file__).parent.parent / "CHANGELOG.md"
_HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\].*$", re.MULTILINE)
_REFERENCES = re.compile(r"^\[[^\]]+\]: \S+$", re.MULTILINE)


def sections(changelog: str) -> dict[str, str]:
    """Return the text below each heading `## [VERSION] …`, without the link references at the end of the file."""
    headings = list(_HEADING.finditer(changelog))
    ends = [*(heading.start() for heading in headings[1:]), len(changelog)]
    return {
        heading["version"]: _REFERENCES.sub("", changelog[heading.end() : end]).strip()
        for heading, end in zip(headings, ends, strict=True)
    }


def main() -> int:
    """Print the notes. 1: CHANGELOG.md has no notes of this version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--draft", action="store_true", help="take [Unreleased] where there is no section yet"
    )
    draft = parser.parse_args().draft
    found = sections(CHANGELOG.read_text(encoding="utf-8"))
    notes = found.get(__version__) or (found.get("Unreleased") if draft else None)
    if not notes:
        print(f"CHANGELOG.md: no section [{__version__}], or nothing in it", file=sys.stderr)
        return 1
    print(notes)
    return 0


if __name__ == "__main__":
    sys.exit(main())

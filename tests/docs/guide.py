"""A page of instructions, as a list of commands with the output that it promises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BLOCK = re.compile(
    r"(?:^<!-- test: (?P<remark>[^>]+) -->\n)?^```(?P<language>\w*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
ELLIPSIS = "…"


@dataclass(frozen=True)
class Step:
    """A script, and the output that the page shows for it; None where it shows none."""

    line: int
    script: str
    expected: str | None
    remark: str


def steps(page: str) -> Iterator[Step]:
    """Yield every command of the page: a block of `sh` is one script, each `$` of a `console` block is one."""
    for block in _BLOCK.finditer(page):
        line = page.count("\n", 0, block.start("body")) + 1
        remark = block["remark"] or ""
        match block["language"]:
            case "sh":
                yield Step(line, block["body"], None, remark)
            case "console":
                yield from _session(block["body"], line, remark)
            case other:
                raise ValueError(f"line {line}: a block of {other or 'no language'} cannot be run")


def _session(body: str, line: int, remark: str) -> Iterator[Step]:
    for part in re.finditer(r"^\$ (?P<command>.*)\n(?P<output>(?:(?!\$ ).*\n)*)", body, re.MULTILINE):
        yield Step(line + body.count("\n", 0, part.start()), part["command"], part["output"], remark)


def matches(expected: str, output: str) -> bool:
    """Return whether the output is as promised; an ellipsis stands for anything, alone on a line for any lines."""
    pattern = ""
    for line in expected.splitlines():
        if line.strip() == ELLIPSIS:
            pattern += r"(?:.*\n)*"
        else:
            pattern += ".*".join(map(re.escape, line.split(ELLIPSIS))) + r"[ ]*\n"
    return re.fullmatch(pattern, output) is not None

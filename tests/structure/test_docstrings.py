"""Docstrings, comments, messages and names of tests keep to the words of textlint's list, `words.yml`."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from tests.support.processes import ROOT

FOLDERS = ("exporter", "tests", "tools", "grafana", "bench")
PACKAGE = ROOT / "exporter"
# Names in backticks are those of the code, whatever they are. An outcome and an answer that are known by these words.
_NAME = re.compile(r"`[^`]*`|\bnot learnt\b|\bthis is no Onezone\b")
_JAVASCRIPT = re.compile(r"/(?P<body>.*)/(?P<flags>i?)")


def read_rules() -> list[tuple[re.Pattern[str], str]]:
    """The patterns of the list, which are in JavaScript's notation, each with what to write instead."""
    rules = yaml.safe_load((ROOT / "tools" / "textlint" / "words.yml").read_text(encoding="utf-8"))["rules"]
    found = []
    for rule in rules:
        pattern = _JAVASCRIPT.fullmatch(rule["pattern"])
        assert pattern, f"the test does not know this notation: {rule['pattern']}"
        found.append(
            (re.compile(pattern["body"], re.IGNORECASE if pattern["flags"] else 0), rule["expected"])
        )
    return found


RULES = read_rules()


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """First line and text of each docstring."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text


def comments(source: str) -> Iterator[tuple[int, str]]:
    """First line and text of each comment; lines that follow one another are one comment."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = [
        (token.start[0], token.string.lstrip("# ")) for token in tokens if token.type == tokenize.COMMENT
    ]
    start, texts = 0, list[str]()
    for (line, text), (following, _) in pairwise([*lines, (-1, "")]):
        start = start if texts else line
        texts.append(text)
        if following != line + 1:
            yield start, " ".join(texts)
            texts = []


def messages(source: str) -> Iterator[tuple[int, str]]:
    """First line and text of each string of several words that is not a docstring; `…` is what is inserted."""
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    parts = {part for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    alone = {node.value for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(map(_text_of, node.values))
        elif isinstance(node, ast.Constant) and node not in parts | alone and " " in _text_of(node):
            yield node.lineno, _text_of(node)


def names_of_tests(source: str) -> Iterator[tuple[int, str]]:
    """First line and name of each test, as words, and the ids of its cases."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.lineno, node.name.removeprefix("test_").replace("_", " ")
        elif isinstance(node, ast.keyword) and node.arg in {"id", "ids"}:
            yield from (
                (part.lineno, _text_of(part))
                for part in ast.walk(node.value)
                if isinstance(part, ast.Constant)
            )


def _text_of(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "…"


def faults(texts: Iterator[tuple[int, str]], name: str) -> list[str]:
    """The words that the list rejects, with file, line and what to write instead."""
    return [
        f"{name}:{line}: {found[0]!r}: write {instead}"
        for line, text in texts
        for pattern, instead in RULES
        for found in pattern.finditer(_NAME.sub("``", text))
    ]


def sources(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and text of each module."""
    for path in sorted(folder.rglob("*.py")):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", FOLDERS)
def test_docstrings_use_the_words_of_the_documents(folder: str) -> None:
    modules = list(sources(ROOT / folder))
    assert modules
    assert [each for name, source in modules for each in faults(docstrings(source), name)] == []


def test_comments_of_the_exporter_use_the_words_of_the_documents() -> None:
    assert [each for name, source in sources(PACKAGE) for each in faults(comments(source), name)] == []


@pytest.mark.parametrize("folder", ["exporter", "grafana"])
def test_messages_use_the_words_of_the_documents(folder: str) -> None:
    modules = list(sources(ROOT / folder))
    found = [text for _, source in modules for _, text in messages(source)]
    assert len(found) > 100
    assert [each for name, source in modules for each in faults(messages(source), name)] == []


def test_names_of_tests_use_the_words_of_the_documents() -> None:
    modules = list(sources(ROOT / "tests"))
    assert sum(len(list(names_of_tests(source))) for _, source in modules) > 1000
    assert [each for name, source in modules for each in faults(names_of_tests(source), name)] == []


READERS = (docstrings, comments, messages, names_of_tests)
BAD = {
    '"""Who serves takes them."""': "a.py:1: 'Who': write (name the component or the role",
    'def f():\n    """Return what a page says."""': "a.py:2: 'says': write report, state, print, show",
    'class A:\n    """Hosts that were\n    away."""': "a.py:2: 'away': write disclose, expose, unreachable, down",
    'async def f():\n    """Read a file.\n\n    It is no file."""': "a.py:2: 'It is no': write is not, are not",
    "a = 1\n# Where a host is down, it waits.": "a.py:2: 'Where': write If",
    "a = 1  # read anew": "a.py:1: 'anew': write again",
    'print("the log says why")': "a.py:1: 'says': write report, state, print, show",
    'f"{name} is no longer {what} anew"': "a.py:1: 'anew': write again",
    "# The command may come\n# again later.": "a.py:1: 'come again': write connect, retry, recover",
    "def test_a_change_is_told(): ...": "a.py:1: 'told': write report, state, print, show",
    'pytest.param(1, id="away")': "a.py:1: 'away': write disclose, expose, unreachable, down",
}


@pytest.mark.parametrize(("source", "fault"), BAD.items())
def test_a_word_of_the_list_is_reported_with_its_place_and_remedy(source: str, fault: str) -> None:
    found = [each for read in READERS for each in faults(read(source), "a.py")]
    assert len(found) == 1
    assert found[0].startswith(fault)


def test_names_in_backticks_words_alone_and_separate_comments_are_left_alone() -> None:
    source = (
        '"""Return `learnt`, the outcomes of a round."""\n'
        'NAME = "says#who", f"{name}: not learnt"  # the name may come\n\n# again and again\n'
    )
    assert [each for read in READERS for each in faults(read(source), "a.py")] == []

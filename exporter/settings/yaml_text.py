"""YAML, strictly: the safe subset, in which keys are text and come once in their mapping.

Dates stay text: the key that needs one reports what is wrong with it.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_MERGE = "tag:yaml.org,2002:merge"
# Ten thousand targets have some two hundred thousand. Aliases of aliases can stand for any number.
_MOST_VALUES = 1_000_000
# PyYAML goes through all open brackets with each further one.
_MOST_BRACKETS = 50
# What PyYAML reports, and what most often causes it.
_CAUSES = (
    ("'\\t' that cannot start any token", "a tab; indent with spaces"),
    (
        "mapping values are not allowed",
        "a ': ' where none is expected; check the indentation, and put text that contains ': ' in quotes",
    ),
    ("expected <block end>", "a line that is not indented like the lines before it"),
    ("could not find expected ':'", "a line without ': ' after its key"),
    ("expected ',' or", "a bracket that is not closed, or a missing comma"),
    ("found unexpected end of stream", "a quote that is not closed"),
)
# YAML 1.1 reads 0123 as 83, 1:30 as 90 and 1_000 as 1000; YAML 1.2 and people do not.
_NUMBER_OF_YAML_1_1 = re.compile(
    r"[-+]?0[0-7]+|[-+0-9][0-9_]*(?::[0-9_]+)+(?:\.[0-9_]*)?|[-+]?[0-9.]*_[0-9_.]*"
)
_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})
# PyYAML repeats names that are perhaps none: a passphrase without quotes may begin with *, & or !.
_NAMED = re.compile(r"\b(alias|anchor|tag|tag handle) (['\"]).*\2")


def parse_yaml(text: str) -> Any:
    """Return the value of a YAML document; None when it is empty.

    Raises:
        ValueError: it is not such YAML; the message begins with the place (`line 3, column 5: ...`).
    """
    try:
        return yaml.load(text, _StrictLoader)  # noqa: S506 a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ValueError(f"{place}{_problem(error)}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ValueError(f"line {line}: a character that YAML does not allow") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def _problem(error: yaml.MarkedYAMLError) -> str:
    # Only our own faults have no context; PyYAML's words for a problem are hardly understood without theirs.
    if error.context is None and isinstance(error, yaml.constructor.ConstructorError):
        return _NAMED.sub(r"\1", str(error.problem))
    for reported, cause in _CAUSES:
        if reported in str(error.problem):
            return f"is no valid YAML: {cause}"
    described = ", ".join(part for part in (error.context, error.problem) if part)
    return "is no valid YAML: " + _NAMED.sub(r"\1", described)


class _StrictLoader(yaml.SafeLoader):
    """PyYAML's safe loader without dates, and with keys that are text and unique."""

    yaml_implicit_resolvers = {  # noqa: RUF012 the way PyYAML is configured
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._sizes: dict[yaml.Node, int] = {}

    def fetch_flow_collection_start(self, TokenClass: Any) -> None:  # noqa: N803 - PyYAML's signature
        if self.flow_level >= _MOST_BRACKETS:
            raise _fault("brackets that are nested too deeply", self.get_mark())
        super().fetch_flow_collection_start(TokenClass)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # its stubs lack it
        node = super().compose_node(parent, index)
        if node is not None and node.end_mark is None:  # it is not at its end yet: the alias is a part of it
            raise _fault("a value that contains itself", mark)
        if node is not None and self._unfolded(node) > _MOST_VALUES:
            raise _fault(f"aliases that unfold to more than {_MOST_VALUES:,} values", mark)
        return node

    def _unfolded(self, node: yaml.Node) -> int:
        """Return how many values there are in a node, those of its aliases counted each time."""
        if node not in self._sizes:
            parts = node.value if isinstance(node, yaml.CollectionNode) else ()
            pairs = (part if isinstance(part, tuple) else (part,) for part in parts)
            self._sizes[node] = 1 + sum(self._sizes[each] for pair in pairs for each in pair)
        return self._sizes[node]

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 PyYAML's signature
        seen = set()
        for key, _ in node.value:
            if key.tag == _MERGE:
                continue
            name = self.construct_object(key, deep=True)
            if not isinstance(name, str):
                raise _fault("a key that is not text; put it in quotes", key.start_mark)
            if name in seen:
                raise _fault(f"the key {name[:60]!a} comes a second time", key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep=deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 PyYAML's signature
        if node.tag in _NUMBERS and _NUMBER_OF_YAML_1_1.fullmatch(str(node.value)):
            raise _fault("a number that YAML 1.1 and 1.2 read differently; put it in quotes", node.start_mark)
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, LookupError, AttributeError, ArithmeticError):
            # PyYAML lets these out for values that do not fit their tag, such as `!!int x`.
            raise _fault("a value that does not fit its type", node.start_mark) from None


def _fault(message: str, mark: yaml.Mark | None) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(problem=message, problem_mark=mark)

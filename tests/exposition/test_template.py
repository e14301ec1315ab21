from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.exposition.labels import subject
from exporter.exposition.template import Template
from exporter.exposition.text_format import lines
from exporter.metrics import FixedSeries, Metric, Reading, Scope, Series, Shape, as_seen, by_label, one

BY_PATH: Metric[object] = Metric("m", "M.", Scope.TARGET, lambda seen: seen, as_seen, labels=("path",))


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        pytest.param((), "", id="nothing"),
        pytest.param(("only ", "text"), "only text", id="no gap"),
        pytest.param((1,), "one", id="one gap, and no text"),
        pytest.param(("<", 2, ">"), "<two>", id="one gap"),
        pytest.param((0, 0, " and ", 2, 1), "zerozero and twoone", id="gaps beside gaps, in any order"),
    ],
)
def test_each_gap_is_filled_by_the_value_of_its_place(pieces: tuple[str | int, ...], expected: str) -> None:
    template = Template(pieces)
    assert template.fill(("zero", "one", "two")) == expected
    assert template.fill(("zero", "one", "two")) == expected


@given(st.lists(st.text() | st.integers(0, 3)), st.tuples(*[st.text()] * 4))
def test_values_are_never_read_as_gaps(pieces: list[str | int], values: tuple[str, ...]) -> None:
    expected = "".join(values[piece] if isinstance(piece, int) else piece for piece in pieces)
    assert Template(pieces).fill(values) == expected


def test_subjects_with_other_labels_have_lines_of_their_own() -> None:
    metric: Metric[object] = Metric("m", "M.", Scope.NODE, lambda seen: seen, one)
    rows = [
        (subject(("target", "node"), ("a", "1")), 1.0),
        (subject(("target", "node"), ("b", "")), 2.0),
        (subject(("target", "node"), ("c", "3")), 3.0),
    ]
    expected = 'm{node="1",target="a"} 1.0\nm{target="b"} 2.0\nm{node="3",target="c"} 3.0\n'
    assert "".join(lines(metric, rows)) == expected


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(by_label((), ()), "", id="no value"),
        pytest.param(by_label(("proxy",), (3,)), 'm{path="proxy"} 3.0\n', id="one value"),
        pytest.param(by_label(("proxy", ""), (1, 2)), 'm{path="proxy"} 1.0\nm 2.0\n', id="an empty value"),
        pytest.param(
            by_label(("proxy", "direct"), (0.0, -0.0)),
            'm{path="proxy"} 0.0\nm{path="direct"} -0.0\n',
            id="zeros with a sign",
        ),
        pytest.param(by_label(("proxy",), (1e21,)), 'm{path="proxy"} 1e+21\n', id="a large number"),
        pytest.param(
            by_label(("proxy",), (2, 3, 0.5), (math.inf,)),
            'm_bucket{le="+Inf",path="proxy"} 2.0\nm_count{path="proxy"} 3.0\nm_sum{path="proxy"} 0.5\n',
            id="a histogram",
        ),
        pytest.param(
            by_label(("proxy", "direct"), (2, 0.5, 4, 0.25), ()),
            'm_count{path="proxy"} 2.0\nm_sum{path="proxy"} 0.5\n'
            'm_count{path="direct"} 4.0\nm_sum{path="direct"} 0.25\n',
            id="summaries",
        ),
    ],
)
def test_series_by_a_label_have_their_lines_in_turn(seen: Series, expected: str) -> None:
    assert "".join(lines(BY_PATH, [(subject(), seen)])) == expected
    foreign: Metric[object] = Metric("m", "M.", Scope.TARGET, lambda seen: seen, as_seen, labels=("word",))
    assert "".join(lines(foreign, [(subject(), seen)])) == expected.replace("path=", "word=")


@pytest.mark.parametrize("label", ["path", "word"])
@pytest.mark.parametrize(
    "seen",
    [
        by_label(("a",), (1, 2)),
        by_label(("a", "b"), (1,)),
        by_label(("a",), (1, 2), (math.inf,)),
        by_label(("a",), (1,), ()),
    ],
    ids=["a number too many", "a number too few", "no sum", "no count"],
)
def test_missing_and_superfluous_numbers_are_a_bug_that_is_noticed(seen: Series, label: str) -> None:
    metric: Metric[object] = Metric("m", "M.", Scope.TARGET, lambda seen: seen, as_seen, labels=(label,))
    with pytest.raises(ValueError, match=r"numbers for \d lines"):
        list(lines(metric, [(subject(), seen)]))


@pytest.mark.parametrize("label", ["path", "word"])
def test_a_reading_with_too_many_labels_is_a_bug_that_is_noticed(label: str) -> None:
    metric: Metric[object] = Metric(
        "m", "M.", Scope.TARGET, lambda seen: seen, lambda _seen: [Reading(("x", "y"), 1)], labels=(label,)
    )
    with pytest.raises(ValueError, match="zip"):
        list(lines(metric, [(subject(), 1)]))


@pytest.mark.parametrize("label", ["method", "host"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(
            FixedSeries(((("up",), 1.0), (("",), 0.0))),
            'm{{{0}="x",state="up"}} 1.0\nm{{{0}="x"}} 0.0\nm{{state="up"}} 1.0\nm 0.0\n',
            id="fixed numbers",
        ),
        pytest.param(
            Series(Shape((("up",), ("",))), (1, 2)),
            'm{{{0}="x",state="up"}} 1.0\nm{{{0}="x"}} 2.0\nm{{state="up"}} 1.0\nm 2.0\n',
            id="numbers of their own",
        ),
    ],
)
def test_series_add_their_labels_to_those_of_the_reading(
    value: Series | FixedSeries, expected: str, label: str
) -> None:
    metric: Metric[object] = Metric(
        "m",
        "M.",
        Scope.TARGET,
        lambda seen: seen,
        lambda _seen: [Reading(("x",), value), Reading(("",), value)],
        labels=(label, "state"),
    )
    assert "".join(lines(metric, [(subject(), None)])) == expected.format(label)

"""The short form of `make fuzz`: each parser of foreign text gets some hundred inputs."""

from __future__ import annotations

import pytest

from tools import fuzz


@pytest.mark.parametrize("name", fuzz.PARSERS)
def test_a_parser_returns_or_refuses_in_the_documented_way(name: str) -> None:
    assert fuzz.fuzz(name, 0.0) > 0


def test_a_parser_that_raises_something_else_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(data: bytes) -> None:
        raise LookupError(data)

    monkeypatch.setattr(fuzz, "PARSERS", {"broken": fuzz.Parser(parse)})
    with pytest.raises(LookupError):
        fuzz.fuzz("broken", 0.0)

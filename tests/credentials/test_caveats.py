from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.credentials.caveats import Caveats, read_caveats
from exporter.simulator.tokens import serialize


def test_the_caveats_of_a_token_are_read() -> None:
    token = serialize("time < 1796000000", "ip = 10.0.0.0/8|192.168.1.1", "service = ozp-onezone")
    assert token.isalnum()
    caveats = read_caveats(token)
    assert caveats == Caveats(("time < 1796000000", "ip = 10.0.0.0/8|192.168.1.1", "service = ozp-onezone"))
    assert caveats.valid_until == 1_796_000_000
    assert [caveats.has(kind) for kind in ("ip", "service", "api", "i")] == [True, True, False, False]


@pytest.mark.parametrize(
    ("texts", "services"),
    [
        ((), None),
        (("time < 1",), None),
        (("service = opp-*",), ("opp-*",)),
        (("service = opp-a, opp-b", "service = ozp-onezone"), ("opp-a", "opp-b", "ozp-onezone")),
    ],
)
def test_the_services_that_accept_a_token_are_those_of_its_caveats(
    texts: tuple[str, ...], services: tuple[str, ...] | None
) -> None:
    assert Caveats(texts).services == services


def test_the_earliest_end_counts_and_without_a_caveat_there_is_none() -> None:
    assert Caveats(("time < 20", "time < 10", "time < soon")).valid_until == 10
    assert Caveats(()).valid_until is None


def test_a_token_with_the_indication_of_its_service_is_read() -> None:
    assert read_caveats("opp-" + serialize("time < 1")) == Caveats(("time < 1",))


@pytest.mark.parametrize(
    "token", ["", "simulated-token", "0", "09", "AAAA", serialize("time < 1")[:-9], "zażółć"]
)
def test_what_is_no_token_of_this_format_is_not_read(token: str) -> None:
    assert read_caveats(token) is None


@given(
    st.lists(
        st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=40), max_size=5
    ),
    st.binary(max_size=40),
)
def test_whatever_is_written_is_read_back(caveats: list[str], signature: bytes) -> None:
    assert read_caveats(serialize(*caveats, signature=signature)) == Caveats(tuple(caveats))


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_raise(token: str) -> None:
    read_caveats(token)

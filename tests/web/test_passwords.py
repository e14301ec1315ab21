from __future__ import annotations

import asyncio
import base64
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.web.passwords import Busy, Passwords, parse_authorization


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def hashed(password: str, cost: int = 4) -> str:
    return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(cost)).decode()


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("header", "right"),
    [
        (basic("alice", "s:ecret"), True),
        (basic("alice", "s:ecret").replace("Basic", "bAsIc"), True),
        (basic("zażółć", "gęślą"), True),
        (basic("long", "x" * 100), True),
        (basic("alice", "gęślą"), False),
        (basic("alice", ""), False),
        (basic("bob", "s:ecret"), False),
        (basic("", ""), False),
        (basic("alice", "a\0b"), False),
        ("", False),
        ("Basic", False),
        ("Basic ~~~", False),
        ("Basic " + base64.b64encode(b"alice").decode(), False),
        ("Bearer " + basic("alice", "s:ecret")[6:], False),
    ],
)
async def test_only_a_users_own_password_is_right(pool: ThreadPoolExecutor, header: str, right: bool) -> None:
    users = {"alice": "s:ecret", "zażółć": "gęślą", "long": "x" * 100}
    passwords = Passwords([(name, hashed(password)) for name, password in users.items()], pool)
    for _ in range(2):
        assert await passwords.accept(header) is right


async def test_a_pair_that_was_right_costs_nothing_more(pool: ThreadPoolExecutor) -> None:
    passwords = Passwords([("alice", hashed("secret"))], pool)
    assert await passwords.accept(basic("alice", "secret"))
    pool.shutdown()
    assert await passwords.accept(basic("alice", "secret"))
    with pytest.raises(RuntimeError):
        await passwords.accept(basic("alice", "other"))


async def test_only_so_many_pairs_are_remembered(pool: ThreadPoolExecutor) -> None:
    same = hashed("secret")
    passwords = Passwords([(str(number), same) for number in range(150)], pool)
    for number in range(150):
        assert await passwords.accept(basic(str(number), "secret"))
    assert len(passwords._accepted) == 128


async def test_a_flood_is_rejected_while_known_users_are_accepted(pool: ThreadPoolExecutor) -> None:
    passwords = Passwords([("alice", hashed("secret", cost=8))], pool)
    assert await passwords.accept(basic("alice", "secret"))
    flood = [asyncio.ensure_future(passwords.accept(basic("alice", str(number)))) for number in range(200)]
    assert await passwords.accept(basic("alice", "secret"))
    assert not any(guess.done() and guess.exception() is None for guess in flood)  # none is through as yet
    answers = await asyncio.gather(*flood, return_exceptions=True)
    assert [answer for answer in answers if answer is False] == [False] * 16
    assert sum(isinstance(answer, Busy) for answer in answers) == 184
    assert await passwords.accept(basic("alice", "other")) is False


async def test_the_same_pair_is_compared_once_however_often_it_comes(pool: ThreadPoolExecutor) -> None:
    passwords = Passwords([("alice", hashed("secret", cost=6))], pool)
    answers = await asyncio.gather(*(passwords.accept(basic("alice", "secret")) for _ in range(100)))
    assert all(answers)


async def test_unknown_names_take_as_much_work_as_those_of_users(pool: ThreadPoolExecutor) -> None:
    passwords = Passwords([("alice", hashed("secret", cost=9))], pool)

    async def cpu_seconds(name: str) -> float:
        """Of all threads, so that neither the pool hides anything nor a busy machine adds to it."""
        taken = []
        for number in range(7):
            began = time.process_time()
            await passwords.accept(basic(name, str(number)))
            taken.append(time.process_time() - began)
        return statistics.median(taken)

    assert 0.4 < await cpu_seconds("alice") / await cpu_seconds("nobody") < 2.5


def test_a_name_always_meets_the_same_decoy(pool: ThreadPoolExecutor) -> None:
    passwords = Passwords([("a", hashed("x", 4)), ("b", hashed("x", 5)), ("c", hashed("x", 6))], pool)
    decoys = {name: passwords._decoy_for(name) for name in (b"%d" % number for number in range(50))}
    assert all(passwords._decoy_for(name) == decoy for name, decoy in decoys.items())
    assert {decoy[4:6] for decoy in decoys.values()} == {b"04", b"05", b"06"}


@given(st.text())
def test_no_header_breaks_the_reader(header: str) -> None:
    assert parse_authorization(header) is None or ":" in base64.b64decode(header.split(" ", 1)[1]).decode(
        "latin-1"
    )

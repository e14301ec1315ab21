from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.app import Exporter
from exporter.exposition.page import Exposition
from exporter.exposition.text_format import TextFormat
from exporter.exposition.views import ExporterView
from exporter.files import read_note
from exporter.maintenance import Window, maintenance_reason, read_note_text, write_note_text
from exporter.settings.loading import load
from exporter.state.store import Store
from tests.support.checkups import make_checkup, make_target
from tests.support.waiting import eventually

UPGRADE = Window(100.0, 200.0, "upgrade")
DISK = Window(150.0, 250.0, "new disk")
NAMELESS = Window(190.0, 300.0)


@pytest.mark.parametrize(
    ("now", "note", "reason"),
    [
        (99.9, None, None),
        (100.0, None, "upgrade"),
        (149.0, None, "upgrade"),
        (160.0, None, "upgrade"),
        (200.0, None, "new disk"),
        (250.0, None, ""),
        (300.0, None, None),
        (0.0, "", ""),
        (0.0, "fire", "fire"),
        (160.0, "fire", "fire"),
        (160.0, "", "upgrade"),
        (260.0, "", ""),
        (0.0, "until 1970-01-01T00:01:00Z fire", "fire"),
        (60.0, "until 1970-01-01T00:01:00Z fire", None),
        (0.0, "until 1970-01-01T00:01:00Z", ""),
        (160.0, "until 1970-01-01T00:01:00Z fire", "upgrade"),
        (0.0, "until 1970-01-01T01:01:00+01:00 fire", "fire"),
        (60.0, "until 1970-01-01T00:01:00 fire", "until 1970-01-01T00:01:00 fire"),
        (0.0, "until the disk is replaced", "until the disk is replaced"),
    ],
)
def test_maintenance_lasts_inside_a_window_or_while_the_file_exists(
    now: float, note: str | None, reason: str | None
) -> None:
    assert maintenance_reason([UPGRADE, DISK, NAMELESS], now, note) == reason


@given(
    st.lists(st.builds(Window, st.integers(0, 9), st.integers(0, 9)), max_size=4),
    st.integers(0, 9),
    st.none() | st.text(),
)
def test_there_is_maintenance_exactly_when_there_is_a_cause(
    windows: list[Window], now: int, note: str | None
) -> None:
    caused = note is not None or any(now in range(int(start), int(end)) for start, end, _reason in windows)
    assert (maintenance_reason(windows, now, note) is not None) == caused


@given(st.none() | st.integers(0, 4_000_000_000), st.from_regex(r"[a-z]{3,9}( [a-z]{3,9})*", fullmatch=True))
def test_a_written_note_is_read_as_it_was_meant(end: int | None, reason: str) -> None:
    if end is not None:
        assert read_note_text(write_note_text(end, reason)) == (end, reason)
        assert read_note_text(write_note_text(end, "")) == (end, "")
    assert read_note_text(write_note_text(None, reason)) == (None, reason)


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"", ""),
        (b"\n", ""),
        (b" new disk \nline 2", "new disk"),
        (b"a\tb\x00\x1b[31mc", "ab[31mc"),
        (b"caf\xe9", "caf\N{REPLACEMENT CHARACTER}"),
        (b"x" * 300, "x" * 200),
    ],
)
def test_the_first_line_of_the_touch_file_is_the_reason(tmp_path: Path, content: bytes, note: str) -> None:
    file = tmp_path / "maintenance"
    assert read_note(str(file)) is None
    file.write_bytes(content)
    assert read_note(str(file)) == note


def test_a_touch_file_that_cannot_be_read_is_there_all_the_same(tmp_path: Path) -> None:
    assert read_note(str(tmp_path)) == ""
    (tmp_path / "file").touch()
    assert read_note(str(tmp_path / "file" / "below")) is None


def test_a_touch_file_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert read_note(str(pipe)) == ""


async def test_the_metric_follows_the_clock_and_the_file_without_waiting_for_a_round() -> None:
    store = Store((), (1.0,))
    store.set_targets([make_target("planned", maintenance=(UPGRADE,)), make_target("other")])
    planned, other = store.states
    now = 99.0
    exposition = Exposition(
        lambda: ExporterView(store, "1", "", "3", reload_successful=True, reloaded_at=0.0),
        clock=lambda: 0.0,
        wall_clock=lambda: now,
    )

    async def maintained() -> list[str]:
        pieces = exposition.page(TextFormat.CLASSIC, frozenset({"onedata_target_maintenance"}))
        page = b"".join([piece async for piece in pieces])
        return [line.rpartition("} ")[2] for line in page.decode().splitlines() if not line.startswith("#")]

    assert await maintained() == ["0.0", "0.0"]
    now = 100.0
    assert await maintained() == ["1.0", "0.0"]
    store.record(make_checkup(planned.target), 0.0)
    assert planned.polls == 1
    other.maintenance_note = ""
    assert await maintained() == ["1.0", "1.0"]
    now = 200.0
    other.maintenance_note = None
    assert await maintained() == ["0.0", "0.0"]


async def test_the_running_exporter_checks_the_touch_file_in_each_round(tmp_path: Path) -> None:
    file = tmp_path / "maintenance"
    target = {
        "url": "https://127.0.0.1:1",
        "direct_url": "https://127.0.0.1:2",
        "maintenance_file": str(file),
    }
    flags = {"targets": [target], "web.listen_addresses": ["127.0.0.1:0"], "poll.interval": "200ms"}
    async with Exporter(load(flags=flags, environ={})) as exporter:
        state = exporter.store.states[0]

        async def reason() -> str | None:
            return state.maintenance(0.0)

        async def polled() -> int:
            return state.polls

        await state.first_poll_done.wait()
        assert await reason() is None
        file.write_text("new disk\n", encoding="ascii")
        await eventually(reason, lambda seen: seen == "new disk")
        polls = await polled()
        file.unlink()
        await eventually(reason, lambda seen: seen is None)
        await eventually(polled, lambda seen: seen > polls)  # it is polled on, and goes on

"""What a reload that comes to an unexpected end leaves behind."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from exporter.settings.conversion import Settings
from exporter.settings.loading import load
from exporter.settings.reload import Reloads
from exporter.settings.watched_files import Loaded

FIRST = Loaded(load(flags={"targets": ["https://zone.test"]}, environ={}), {})


async def test_a_reload_that_ends_in_a_bug_has_not_been_successful() -> None:
    def load() -> Settings:
        raise LookupError("a bug")

    applied: list[Settings] = []

    async def apply(_: Settings, settings: Settings) -> None:
        applied.append(settings)

    reloads = Reloads(FIRST, load, apply)
    with pytest.raises(LookupError):
        await reloads.reload()
    assert not reloads.successful
    assert not applied


async def test_a_reload_whose_files_do_not_answer_fails_and_so_do_those_after_it() -> None:
    answers = threading.Event()

    def load() -> Settings:
        answers.wait()
        raise LookupError("never applied")

    applied: list[Settings] = []

    async def apply(_: Settings, settings: Settings) -> None:
        applied.append(settings)

    reloads = Reloads(FIRST, load, apply, limit_seconds=0.1)
    assert not await reloads.reload()
    assert not await reloads.reload()
    assert not reloads.successful
    answers.set()
    assert not applied


async def test_a_reload_that_ends_while_the_exporter_stops_is_not_applied(config_file: Path) -> None:
    config_file.write_text("targets: [{url: 'https://zone.test'}]")
    applied: list[Settings] = []

    async def apply(_: Settings, settings: Settings) -> None:
        applied.append(settings)

    def load_and_stop() -> Settings:
        reloads.close()
        return load(config_file, environ={})

    reloads = Reloads(FIRST, load_and_stop, apply)
    assert not await reloads.reload()
    assert not applied

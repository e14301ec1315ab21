"""What a reload that comes to an unexpected end leaves behind."""

from __future__ import annotations

import pytest

from exporter.settings.conversion import Settings
from exporter.settings.reload import Reloads


async def test_a_reload_that_ends_in_a_bug_has_not_been_successful() -> None:
    def load() -> Settings:
        raise LookupError("a bug")

    applied: list[Settings] = []

    async def apply(settings: Settings) -> None:
        applied.append(settings)

    reloads = Reloads(load, apply)
    with pytest.raises(LookupError):
        await reloads.reload()
    assert not reloads.successful
    assert not applied

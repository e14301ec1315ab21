"""The keys of automatic reloads."""

from __future__ import annotations

from pydantic import Field, field_validator

from exporter.settings.durations import format_duration
from exporter.settings.model import Keys
from exporter.settings.values import Duration

_SHORTEST_SECONDS = 1.0


class Configuration(Keys):
    """The configuration itself."""

    auto_reload: bool = Field(
        default=False,
        description="reload when the content of the configuration file, or of a file that it names, has changed",
    )
    auto_reload_interval: Duration = Field(
        30.0, description="time between two checks of the files; at least 1s"
    )

    @field_validator("auto_reload_interval")
    @classmethod
    def _not_all_the_time(cls, interval: float) -> float:
        if interval < _SHORTEST_SECONDS:
            raise ValueError(f"must be at least {format_duration(_SHORTEST_SECONDS)}")
        return interval

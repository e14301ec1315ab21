"""From all sources to one value: merge, give each target its defaults, judge, convert."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from exporter.settings.conversion import Settings, convert
from exporter.settings.errors import ConfigError, ConfigurationError, KeyPath
from exporter.settings.provenance import attribute_to
from exporter.settings.sources import (
    CONFIG_FILE_VARIABLE,
    ENVIRONMENT,
    Source,
    read_environment,
    read_file,
    read_flags,
)
from exporter.settings.target_keys import MUTUALLY_EXCLUSIVE
from exporter.settings.validation import validate
from exporter.settings.web_config import NO_WEB_CONFIG
from exporter.settings.web_config_file import read_web_config

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic.fields import FieldInfo

    from exporter.settings.validation import Invalid
    from exporter.settings.web_config import WebConfig


def load(
    config_file: Path | None = None,
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] = os.environ,
    environment_name: str = ENVIRONMENT,
) -> Settings:
    """Return the settings from command line, environment and file, each of which wins over those after it.

    `flags` are by key path: `{"poll.interval": "5s", "targets": ["https://my.zone.domain.org"]}`; a target
    is a URL or a mapping of its keys. Without `config_file`, `ONEDATA_EXPORTER_CONFIG_FILE` may name one.
    `environment_name` is what faults of the environment are attributed to.

    Raises:
        ConfigurationError: with everything that is wrong.
    """
    if config_file is None and environ.get(CONFIG_FILE_VARIABLE):
        config_file = Path(environ[CONFIG_FILE_VARIABLE])
    sources = [read_flags(flags or {}), read_environment(environ, environment_name)]
    if config_file is not None:
        sources.append(read_file(config_file))
    merged = _merge(sources)
    document, findings = validate(_with_defaults(merged))
    unread = [fault for source in sources for fault in source.faults]
    if unread:  # the targets may be in what could not be read
        findings = [finding for finding in findings if finding.path != ("targets",)]
    web_config, web_faults = _read_web_config(merged, findings)
    faults = [*unread, *(attribute_to(finding, sources, merged) for finding in findings), *web_faults]
    if faults or document is None:
        raise ConfigurationError(dict.fromkeys(faults))
    return convert(document, web_config, str(config_file or ""))


def _read_web_config(
    merged: Mapping[str, object], findings: Sequence[Invalid]
) -> tuple[WebConfig, tuple[ConfigError, ...]]:
    """Return the web configuration of `web.config_file`, and its faults, also if other keys are invalid."""
    web = merged.get("web")
    file = web.get("config_file") if isinstance(web, dict) else None
    if not isinstance(file, str) or any(finding.path == ("web", "config_file") for finding in findings):
        return NO_WEB_CONFIG, ()
    try:
        return read_web_config(file), ()
    except ConfigurationError as error:
        return NO_WEB_CONFIG, error.faults


def _merge(sources: Sequence[Source]) -> dict[str, object]:
    class Merged(BaseSettings):
        """The values of all sources merged, not yet validated: mappings key by key, all else as a whole."""

        model_config = SettingsConfigDict(extra="allow")

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: object, **__: object
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(_Given(settings_cls, source.values) for source in sources)

    return dict(Merged().model_extra or {})


class _Given(PydanticBaseSettingsSource):
    """Values that are already read, as pydantic-settings wants them."""

    def __init__(self, settings_cls: type[BaseSettings], values: Mapping[str, object]) -> None:
        super().__init__(settings_cls)
        self._values = values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[object, str, bool]:
        """Asked by the interface for one field; unused where all values are given at once."""
        del field
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, object]:
        """All values."""
        return dict(self._values)


def _with_defaults(values: dict[str, object]) -> dict[str, object]:
    """Return the same values, in which each target has the keys of `defaults` that it does not set itself."""
    defaults, targets = values.get("defaults"), values.get("targets")
    if not isinstance(defaults, dict) or not isinstance(targets, list):
        return values
    return {**values, "targets": [_fill(target, defaults) for target in targets]}


def _fill(own: object, defaults: object, place: KeyPath = ()) -> object:
    """`own` where it has a value, else `defaults`; mappings key by key. `place` is the key path below the target."""
    if own is None:
        return defaults
    if not isinstance(own, dict) or not isinstance(defaults, dict):
        return own
    inherited = {
        key: value for key, value in defaults.items() if not own.get(MUTUALLY_EXCLUSIVE.get((*place, key)))
    }
    return {
        **inherited,
        **{key: _fill(value, defaults.get(key), (*place, key)) for key, value in own.items()},
    }

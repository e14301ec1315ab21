"""Which files an automatic reload watches, and that no change of them is missed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.settings.auto_reload import AutoReload
from exporter.settings.conversion import Settings
from exporter.settings.keys import walk
from exporter.settings.loading import load
from exporter.settings.reload import Reloads
from exporter.settings.watched_files import load_with_fingerprints, watched_files

URL = "https://zone.test"
# The exporter writes these itself.
WRITTEN = {"history.file", "targets.discover.cache_file"}
WATCHED = {
    "web.config_file",
    "targets.maintenance_file",
    *(f"targets.tls.{key}" for key in ("ca_file", "cert_file", "key_file")),
    *(
        f"targets.{place}.{key}"
        for place in ("auth", "discover.auth")
        for key in ("token_file", "passphrase_file")
    ),
}


def write(file: Path, *, auto_reload: bool = True, **keys: object) -> Path:
    document = {"config": {"auto_reload": auto_reload}, "targets": [{"url": URL, **keys}]}
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return file


def test_every_key_that_names_a_file_is_either_watched_or_written_by_the_exporter() -> None:
    keys = {".".join(place) for place, _ in walk() if place[-1].endswith("file") and place[0] != "defaults"}
    assert keys == {*WATCHED, *WRITTEN}


def test_all_files_that_a_configuration_names_are_watched(certificates: Path) -> None:
    names = ("token", "passphrase", "token-of-all", "passphrase-of-one", "web.yml")
    for name in names:
        (certificates / name).write_text("{}", encoding="ascii")
    (certificates / "web.yml").write_text(
        "tls_server_config: {cert_file: exporter.pem, key_file: exporter.key}", encoding="ascii"
    )
    target: dict[str, Any] = {
        "url": URL,
        "tls": {"ca_file": "ca.pem", "cert_file": "exporter.pem", "key_file": "exporter.key"},
        "auth": {"token_file": "token", "passphrase_file": "passphrase"},
        "maintenance_file": "maintenance-{name}",
        "discover": {
            "cache_file": "cache.json",
            "defaults": {"auth": {"token_file": "token-of-all"}},
            "auth": {"1234": {"passphrase_file": "passphrase-of-one"}},
        },
    }
    document = {
        "web": {"config_file": "web.yml"},
        "history": {"file": "history.sqlite"},
        "targets": [target],
    }
    file = certificates / "c.yml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    expected = {*names, "ca.pem", "exporter.pem", "exporter.key", "maintenance-zone.test", "c.yml"}
    assert watched_files(load(file, environ={})) == {str(certificates / name) for name in expected}


class Reloaded:
    """Reloads of a file, and the settings that they applied. `during_load` runs after a file was read."""

    def __init__(self, file: Path, during_load: Callable[[], None] = lambda: None) -> None:
        self.file = file
        self.during_load = during_load
        self.applied: list[Settings] = []
        self.reloads = Reloads(load_with_fingerprints(self.load), self.load, self.apply)
        self.automatic = AutoReload(self.reloads, limit_seconds=5)

    def load(self) -> Settings:
        settings = load(self.file, environ={})
        self.during_load()
        return settings

    async def apply(self, _: Settings, settings: Settings) -> None:
        self.applied.append(settings)

    async def check(self) -> int:
        """Check the files once; the number of reloads so far."""
        await self.automatic.check()
        return len(self.applied)


async def test_only_a_change_of_content_reloads(config_file: Path) -> None:
    reloaded = Reloaded(write(config_file))
    assert await reloaded.check() == 0
    write(config_file)
    os.utime(config_file, ns=(1, 1))
    assert await reloaded.check() == 0
    write(config_file, notes="another")
    os.utime(config_file, ns=(1, 1))
    assert await reloaded.check() == 1
    assert reloaded.applied[0].targets[0].notes == "another"
    assert await reloaded.check() == 1


async def test_without_the_setting_no_file_is_read(config_file: Path) -> None:
    reloaded = Reloaded(write(config_file, auto_reload=False))
    assert reloaded.reloads.loaded.fingerprints == {}
    write(config_file, auto_reload=False, notes="another")
    assert await reloaded.check() == 0


async def test_switching_it_on_by_a_reload_begins_with_the_files_of_that_reload(config_file: Path) -> None:
    reloaded = Reloaded(write(config_file, auto_reload=False))
    write(config_file)
    assert await reloaded.reloads.reload()
    assert await reloaded.check() == 1
    write(config_file, notes="another")
    assert await reloaded.check() == 2


@pytest.mark.parametrize("change", ["rewritten", "appears"])
async def test_a_change_of_a_file_that_the_configuration_names_reloads(
    config_file: Path, tmp_path: Path, change: str
) -> None:
    keys: dict[str, dict[str, Any]] = {
        "rewritten": {"auth": {"token_file": "other"}},
        "appears": {"maintenance_file": "other"},
    }
    other = tmp_path / "other"
    if change == "rewritten":
        other.write_text("one", encoding="ascii")
    reloaded = Reloaded(write(config_file, **keys[change]))
    assert await reloaded.check() == 0
    other.write_text("two", encoding="ascii")
    assert await reloaded.check() == 1
    assert await reloaded.check() == 1


async def test_a_change_between_reading_a_file_and_remembering_it_is_found_by_the_next_check(
    config_file: Path,
) -> None:
    changes = iter(["second", "third"])

    def change() -> None:
        if (notes := next(changes, "")) != "":
            write(config_file, notes=notes)

    reloaded = Reloaded(write(config_file, notes="first"), during_load=change)
    assert await reloaded.check() == 1
    assert reloaded.applied[-1].targets[0].notes == "third"
    assert await reloaded.check() == 1


async def test_a_rejected_configuration_is_tried_again_until_the_file_that_it_names_exists(
    config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reloaded = Reloaded(write(config_file))
    write(config_file, auth={"token_file": "token"})
    assert [await reloaded.check() for _ in range(3)] == [0, 0, 0]
    assert not reloaded.reloads.successful
    assert capsys.readouterr().out.count("configuration rejected, the old one stays in use") == 1
    (tmp_path / "token").write_text("secret", encoding="ascii")
    assert [await reloaded.check() for _ in range(2)] == [1, 1]


async def test_a_pipe_in_place_of_a_file_neither_hangs_nor_ends_the_checks(
    config_file: Path, tmp_path: Path
) -> None:
    note = tmp_path / "maintenance"
    os.mkfifo(note)
    reloaded = Reloaded(write(config_file, maintenance_file="maintenance"))
    assert await reloaded.check() == 0
    note.unlink()
    assert await reloaded.check() == 1

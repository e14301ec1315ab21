"""The files that a configuration names, and fingerprints of their content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from exporter.files import MAX_CONFIGURATION_BYTES, read_file

if TYPE_CHECKING:
    from exporter.settings.conversion import Settings
    from exporter.targets import Target

_MOST_LOADS = 3


class Loaded(NamedTuple):
    """Settings, and fingerprints of the files that they name, which were taken before the files were read."""

    settings: Settings
    fingerprints: Mapping[str, bytes]


def load_with_fingerprints(load: Callable[[], Settings], files: Collection[str] = ()) -> Loaded:
    """Load the settings; if they ask for automatic reloads, also take the fingerprints of all their files.

    `files` are those of the previous load. If the settings name another file, they are loaded again after its
    fingerprint was taken: thus a change while the files are read is never missed.
    """
    for _ in range(_MOST_LOADS):
        fingerprints = fingerprints_of(files)
        settings = load()
        files = watched_files(settings) if settings.config.auto_reload else frozenset()
        if files <= fingerprints.keys():
            break
    return Loaded(settings, {file: fingerprints[file] for file in files if file in fingerprints})


def changed_files(loaded: Loaded) -> tuple[str, ...]:
    """Return the names of the files that differ from their fingerprints, or have none."""
    now = fingerprints_of(watched_files(loaded.settings))
    return tuple(sorted(file for file, seen in now.items() if seen != loaded.fingerprints.get(file)))


def watched_files(settings: Settings) -> frozenset[str]:
    """Return the names of all files that a configuration names, and the exporter does not write, with its own."""
    named = {settings.config_file, settings.web.config_file, *(file for file, _ in settings.web_config.files)}
    for target in settings.all_targets:
        named.update((target.maintenance_file, *tls_files(target), *secret_files(target)))
    return frozenset(named - {""})


def tls_files(target: Target) -> Iterator[str]:
    """Yield the names of the files of certificates and keys of a target, and of those that it discovers."""
    for tls in (each.tls for each in _with_template(target)):
        yield from (file for file in (tls.ca_file, tls.cert_file, tls.key_file) if file)


def ca_files(target: Target) -> Iterator[str]:
    """Yield the names of the files of authorities of a target, and of those that it discovers."""
    yield from (each.tls.ca_file for each in _with_template(target) if each.tls.ca_file)


def secret_files(target: Target) -> Iterator[str]:
    """Yield the names of the files of secrets of a target, and of those that it discovers."""
    owners = [each.auth for each in _with_template(target)]
    if target.discovery:
        owners += [auth for _, auth in target.discovery.auth]
    for auth in owners:
        yield from (secret.file for method in auth.methods if (secret := auth.secret(method)) and secret.file)
    yield from (each.tls.key_file for each in _with_template(target) if each.tls.key_file)


def fingerprints_of(files: Iterable[str]) -> dict[str, bytes]:
    """Return a fingerprint of the content of each file, or of why it cannot be read."""
    return {file: _fingerprint(file) for file in files}


def _fingerprint(file: str) -> bytes:
    try:
        return hashlib.sha256(read_file(file, MAX_CONFIGURATION_BYTES)).digest()
    except OSError as error:
        return str(error.errno).encode()


def _with_template(target: Target) -> tuple[Target, ...]:
    template = target.discovery.template if target.discovery else None
    return (target, template) if template else (target,)

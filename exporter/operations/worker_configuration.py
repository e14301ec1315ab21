"""`GET https://DOMAIN/api/v3/{onezone,oneprovider}/configuration`: version and compatible versions of the worker.

The worker answers on 443. A zone lists the versions of Oneproviders that it accepts; a provider lists the versions of
Onezones that it accepts. Any key may be missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.metrics import Metric, Reading, Scope
from exporter.operations.operation import (
    Cadence,
    Conversation,
    Known,
    Operation,
    Request,
    kind_is_known,
    known,
    send,
)
from exporter.operations.outcome import Facts
from exporter.operations.responses import Response, clean_text, read_object
from exporter.reasons import Failure
from exporter.targets import AccessPath

_MAX_VERSIONS = 500
_MAX_BODY_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class WorkerConfiguration(Facts):
    """The worker's public configuration; an empty string or None is what it did not report.

    `compatible_providers` are the versions of Oneproviders that a zone accepts, `compatible_zones` those of
    Onezones that a provider accepts. `zone_domain` is a provider's zone, empty for an unregistered one.
    """

    version: str
    build: str
    zone_domain: str = ""
    compatible_providers: tuple[str, ...] | None = None
    compatible_zones: tuple[str, ...] | None = None


def read(response: Response) -> WorkerConfiguration | Failure:
    """Return the facts of a 200 answer."""
    body = read_object(response)
    if isinstance(body, Failure):
        return body
    return WorkerConfiguration(
        version=clean_text(body.get("version")),
        build=_build(body.get("build")),
        zone_domain=clean_text(body.get("onezoneDomain")),
        compatible_providers=_versions(body.get("compatibleOneproviderVersions")),
        compatible_zones=_versions(body.get("compatibleOnezoneVersions")),
    )


def _build(value: object) -> str:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else clean_text(value)


def _versions(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(filter(None, map(clean_text, value[:_MAX_VERSIONS])))


def _conversation(known_before: Known) -> Conversation[WorkerConfiguration]:
    where = f"{known_before.worker_api}/configuration"
    return (yield from send(Request(where, read, over=AccessPath.PROXY, max_body_bytes=_MAX_BODY_BYTES)))


def _info(facts: tuple[str, str]) -> Iterator[Reading]:
    yield Reading(facts, 1)


OPERATION: Operation[WorkerConfiguration] = Operation(
    name="worker_configuration",
    summary="the worker's version and the versions that it is compatible with",
    conversation=_conversation,
    cadence=Cadence.DETAILS,
    applies=kind_is_known,
    metrics=(
        Metric(
            name="onedata_worker_info",
            help="Version and build of the worker, from its own public configuration; always 1.",
            scope=Scope.TARGET,
            see=known(WorkerConfiguration, lambda facts: (facts.version, facts.build)),
            read=_info,
            labels=("version", "build"),
        ),
    ),
)

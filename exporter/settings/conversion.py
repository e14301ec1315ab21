"""From the keys of the configuration to the values that everything else works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from exporter.credentials import Auth
from exporter.maintenance import Window
from exporter.operations import worker_report
from exporter.settings.secrets import to_secret
from exporter.targets import Node, Schedule, Target, TlsOptions
from exporter.web_config import WebConfig

if TYPE_CHECKING:
    from exporter.settings.schema import Document, Log, Poll, Web
    from exporter.settings.target_keys import TargetKeys


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of the exporter. `latency_buckets` are upper bounds in seconds, increasing."""

    poll: Poll
    web: Web
    log: Log
    latency_buckets: tuple[float, ...]
    targets: tuple[Target, ...]
    web_config: WebConfig


def convert(document: Document, web_config: WebConfig) -> Settings:
    """Return the settings that a document without faults and its web configuration mean."""
    poll = document.poll
    schedule = Schedule(poll.interval, poll.details_interval, poll.timeout)
    return Settings(
        poll=poll,
        web=document.web,
        log=document.log,
        latency_buckets=document.latency_buckets,
        targets=tuple(
            _target(keys, schedule) for keys in document.targets if document.shard.holds(keys.name)
        ),
        web_config=web_config,
    )


def _target(keys: TargetKeys, schedule: Schedule) -> Target:
    return Target(
        name=keys.name,
        url=str(keys.url),
        proxy_url=str(keys.proxy_url),
        direct_url=str(keys.direct_url),
        kind=keys.kind,
        labels=tuple(sorted(keys.labels.items())),
        expected_paths=keys.paths,
        nodes=tuple(Node(name, address) for name, address in keys.nodes.items()),
        resolve_nodes=keys.resolve_nodes,
        auth=Auth(
            token=to_secret(keys.auth.token, keys.auth.token_file),
            passphrase=to_secret(keys.auth.passphrase, keys.auth.passphrase_file),
        ),
        left_out=frozenset() if keys.worker_report else frozenset({worker_report.OPERATION.name}),
        tls=TlsOptions(**keys.tls.model_dump()),
        ip_protocol=keys.ip_protocol,
        proxy_from_environment=keys.proxy_from_environment,
        schedule=schedule,
        maintenance=tuple(Window(each.start, each.end, each.reason) for each in keys.maintenance),
        maintenance_file=keys.maintenance_file.replace("{name}", quote(keys.name, safe=" ")),
    )

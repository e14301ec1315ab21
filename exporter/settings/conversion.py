"""From the keys of the configuration to the values that everything else works with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from exporter.credentials import Auth
from exporter.maintenance import Window
from exporter.operations import worker_report
from exporter.settings.advice import target_warnings
from exporter.settings.discover_keys import template_values
from exporter.settings.pace import schedule_of
from exporter.settings.secrets import to_secret
from exporter.settings.shards import Shard
from exporter.settings.target_keys import TargetKeys
from exporter.settings.web_config import WebConfig
from exporter.targets import Discovery, Node, Target, TlsOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exporter.settings.discover_keys import Discover
    from exporter.settings.reload_keys import Configuration
    from exporter.settings.schema import Document, History, Log, Poll, Web
    from exporter.settings.target_parts import Auth as AuthKeys


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of the exporter. `latency_buckets` are upper bounds in seconds, increasing.

    `targets` are those of this exporter's share, `all_targets` those of every share. `config_file` is the name of the
    configuration file, empty if there is none.
    """

    poll: Poll
    web: Web
    history: History
    log: Log
    config: Configuration
    latency_buckets: tuple[float, ...]
    targets: tuple[Target, ...]
    all_targets: tuple[Target, ...]
    shard: Shard
    web_config: WebConfig
    config_file: str

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is permitted, but probably not meant. Reads the files of authorities, and modes of files of secrets."""
        return (*self.web_config.warnings, *target_warnings(self.all_targets), *self._shard_warnings())

    def _shard_warnings(self) -> Iterator[str]:
        if not self.targets and not any(target.discovery for target in self.all_targets):
            yield f"shard: {self.shard} has none of the {len(self.all_targets)} targets"


def convert(document: Document, web_config: WebConfig, config_file: str = "") -> Settings:
    """Return the settings that a document without faults and its web configuration mean."""
    poll = document.poll
    targets = tuple(_target(keys, poll, document.defaults) for keys in document.targets)
    return Settings(
        poll=poll,
        web=document.web,
        history=document.history,
        log=document.log,
        config=document.config,
        latency_buckets=document.latency_buckets,
        targets=tuple(target for target in targets if document.shard.holds(target.name)),
        all_targets=targets,
        shard=document.shard,
        web_config=web_config,
        config_file=config_file,
    )


def _target(keys: TargetKeys, poll: Poll, defaults: Mapping[str, object]) -> Target:
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
        auth=_auth(keys.auth),
        left_out=frozenset() if keys.worker_report else frozenset({worker_report.OPERATION.name}),
        tls=TlsOptions(**keys.tls.model_dump()),
        ip_protocol=keys.ip_protocol,
        proxy_from_environment=keys.proxy_from_environment,
        schedule=schedule_of(keys.poll, poll),
        maintenance=tuple(Window(each.start, each.end, each.reason) for each in keys.maintenance),
        maintenance_file=keys.maintenance_file.replace("{name}", quote(keys.name, safe=" ")),
        notes=keys.notes,
        discovery=_discovery(keys.discover, poll, defaults) if keys.discover else None,
    )


def _auth(keys: AuthKeys) -> Auth:
    return Auth(
        token=to_secret(keys.token, keys.token_file),
        passphrase=to_secret(keys.passphrase, keys.passphrase_file),
    )


def _discovery(keys: Discover, poll: Poll, defaults: Mapping[str, object]) -> Discovery:
    template = TargetKeys.model_validate(template_values({"defaults": keys.defaults}, defaults))
    # The name in the file's name is that of each discovered target.
    target = replace(_target(template, poll, {}), maintenance_file=template.maintenance_file)
    return Discovery(
        interval=keys.interval,
        ignore=keys.ignore,
        expected_offline=keys.expected_offline,
        cache_file=keys.cache_file,
        max_discovered=keys.max_discovered,
        proxy_port=keys.proxy_port,
        direct_port=keys.direct_port,
        template=target,
        auth=tuple((provider_id, _auth(each)) for provider_id, each in sorted(keys.auth.items())),
    )

"""What a configuration means, as `check-config` prints it: a line for each target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporter.targets import AccessPath

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exporter.credentials import Auth
    from exporter.settings.conversion import Settings
    from exporter.targets import Target

_MOST_TARGETS = 100


def summary(settings: Settings) -> Iterator[str]:
    """Yield the lines about the share of this exporter and its first hundred targets."""
    if settings.shard.count > 1:
        yield f"shard {settings.shard}: {len(settings.targets)} of {targets_text(len(settings.all_targets))}"
    for target in settings.targets[:_MOST_TARGETS]:
        yield f"{target.name}: {'; '.join(_parts(target))}"
    if len(settings.targets) > _MOST_TARGETS:
        yield f"and {targets_text(len(settings.targets) - _MOST_TARGETS)} more"


def targets_text(count: int) -> str:
    """Return a number of targets as text."""
    return f"{count} target{'' if count == 1 else 's'}"


def _parts(target: Target) -> Iterator[str]:
    yield f"proxy path {target.proxy_url}{_unexpected(target, AccessPath.PROXY)}"
    yield f"direct path {target.direct_url}{_unexpected(target, AccessPath.DIRECT)}"
    yield _credentials(target.auth)
    if target.resolve_nodes:
        yield "a node for each address of the host"
    elif target.nodes:
        yield f"nodes {', '.join(node.name for node in target.nodes)}"
    if target.maintenance:
        count = len(target.maintenance)
        yield f"{count} maintenance window{'' if count == 1 else 's'}"
    if target.maintenance_file:
        yield f"maintenance while {target.maintenance_file} exists"
    if target.discovery:
        yield f"discovers up to {target.discovery.max_discovered} Oneproviders every {target.discovery.interval:g} s"


def _unexpected(target: Target, path: AccessPath) -> str:
    return "" if path in target.expected_paths else " (not expected to work)"


def _credentials(auth: Auth) -> str:
    if not auth:
        return "no credentials"
    places = ((method, auth.secret(method)) for method in auth.methods)
    return "credentials: " + ", then ".join(
        f"{method} from {secret.file}" if secret and secret.file else f"{method} in the configuration"
        for method, secret in places
    )

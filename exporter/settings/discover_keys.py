"""The keys of discovery: how the Oneproviders of a zone become targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from exporter.settings.model import Keys
from exporter.settings.target_parts import Auth
from exporter.settings.values import Duration, FileName, TypeName, check_printable

if TYPE_CHECKING:
    from collections.abc import Mapping

# Stands for the origin of a discovered target while the keys of `defaults` are validated.
PLACEHOLDER_URL = "https://discovered.invalid"
# What the zone decides, or what makes sense for a single cluster only.
NOT_FOR_DISCOVERED = frozenset(
    {
        "url",
        "name",
        "kind",
        "proxy_url",
        "direct_url",
        "nodes",
        "allow_http",
        "proxy_from_environment",
        "discover",
    }
)
_REFUSED = (
    "a passphrase for all discovered clusters is refused: a zone could collect it by listing hosts; "
    "set it for single providers, by id, in discover.auth"
)
Pattern = Annotated[str, AfterValidator(check_printable), TypeName("id, or glob of a name or host")]
Port = Annotated[int, Field(ge=1, le=65_535)]


class Discover(Keys):
    """How the Oneproviders of a zone are found and polled. `discover: true` stands for all defaults."""

    interval: Duration = Field(300.0, description="time between two lists of the zone's providers")
    ignore: tuple[Pattern, ...] = Field(
        (), description="providers that are not polled: ids, or globs of names or hosts"
    )
    expected_offline: tuple[Pattern, ...] = Field(
        (),
        description="providers that are polled and shown, but never alerted on: ids, or globs of names or hosts",
    )
    cache_file: FileName = Field(
        "", description="file that keeps the last list over a restart, used while the zone does not answer"
    )
    max_discovered: int = Field(
        1000, ge=1, le=100_000, description="limit of the targets that one zone can add"
    )
    proxy_port: Port = Field(443, description="port of the proxy path of discovered clusters")
    direct_port: Port = Field(9443, description="port of Onepanel of discovered clusters")
    defaults: dict[str, Any] = Field(
        {},
        description="keys of a target for the discovered ones, such as `tls` or `labels`; of `auth` only the token. "
        "The top-level `defaults` apply, too, except their `auth`",
    )
    auth: dict[str, Auth] = Field(
        {}, description="credentials of single providers, by provider id: the only place for a passphrase"
    )


def template_values(discover: Mapping[str, object], defaults: Mapping[str, object]) -> dict[str, object]:
    """Return the keys of a discovered target: those of `discover.defaults`, then those of the top-level `defaults`.

    Raises:
        ValueError: `discover.defaults` has a key that discovered targets cannot have.
    """
    given = discover.get("defaults")
    own: Mapping[str, object] = given if isinstance(given, dict) else {}
    for key in own:
        if key in NOT_FOR_DISCOVERED:
            raise ValueError(f"{key} is no key of discovered targets")
    auth = own.get("auth")
    if isinstance(auth, dict) and any(auth.get(key) for key in ("passphrase", "passphrase_file")):
        raise ValueError(_REFUSED)
    inherited = {key: value for key, value in defaults.items() if key not in NOT_FOR_DISCOVERED | {"auth"}}
    merged = {**inherited, **own}
    for key in ("tls", "labels", "poll"):
        below, above = inherited.get(key), own.get(key)
        if isinstance(below, dict) and isinstance(above, dict):
            merged[key] = {**below, **above}
    return {**merged, "url": PLACEHOLDER_URL}

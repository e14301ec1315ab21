"""The keys of a target; see `schema.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, field_validator

from exporter.settings.addresses import Origin, is_ip_address, is_left_out
from exporter.settings.collection_checks import check_different, check_not_empty
from exporter.settings.discover_keys import Discover
from exporter.settings.model import Keys
from exporter.settings.page_values import Notes
from exporter.settings.target_parts import Auth, Maintenance, TargetPoll, Tls
from exporter.settings.values import (
    FileName,
    IpAddress,
    LabelName,
    LabelValue,
    NodeName,
    TargetName,
    TypeName,
    Url,
)
from exporter.targets import AccessPath, IpProtocol, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import ValidationInfo

    from exporter.settings.errors import KeyPath

_ONEPANEL_PORT = 9443


def _host_of_url(keys: dict[str, Any]) -> str:
    # If the URL is wrong, its own fault is enough.
    return keys["url"].host if "url" in keys else "unknown"


class TargetKeys(Keys):
    """One Onedata cluster to watch."""

    allow_http: bool = Field(
        default=False,
        description="accept `http://` URLs for this target: any system on the way can read and change all traffic",
    )
    url: Url = Field(
        description="the cluster's domain, as in `https://my.zone.domain.org`; all else is optional"
    )
    name: TargetName = Field(
        default_factory=_host_of_url,
        validate_default=True,
        description="its name in metrics and pages, value of the label `target`; default: the host of the URL",
    )
    kind: Kind = Field(Kind.AUTO, description="the kind of cluster; `auto`: as its Onepanel reports")
    labels: dict[LabelName, LabelValue] = Field(
        {}, description="labels of your own, only on `onedata_target_info`"
    )
    paths: Annotated[frozenset[AccessPath], AfterValidator(check_not_empty)] = Field(
        frozenset(AccessPath), description="the access paths that are expected to work"
    )
    proxy_url: Url = Field(
        default_factory=lambda keys: keys.get("url"),
        description="where the proxy path leads; default: the URL",
    )
    direct_url: Url = Field(
        default_factory=lambda keys: Origin("https", _host_of_url(keys), _ONEPANEL_PORT),
        validate_default=True,
        description="where Onepanel itself listens; default: the host of the URL, port 9443",
    )
    tls: Tls = Field(Tls(), description="certificates; see below")
    allow_insecure_credentials: bool = Field(
        default=False,
        description="send credentials also to a server without a verified identity (`allow_http`, "
        "`insecure_skip_verify`): any system on the way can read them",
    )
    auth: Auth = Field(Auth(), description="credentials; see below")
    poll: TargetPoll = Field(TargetPoll(), description="a pace of its own; see below")
    worker_report: bool = Field(
        default=True, description="poll the public report of the worker, too: `/nagios` of the domain"
    )
    ip_protocol: IpProtocol = Field(IpProtocol.AUTO, description="the IP versions that may be used")
    proxy_from_environment: bool = Field(
        default=False, description="use the HTTP proxy of `HTTPS_PROXY` and `NO_PROXY`"
    )
    nodes: Annotated[
        dict[NodeName, IpAddress], AfterValidator(check_not_empty), AfterValidator(check_different)
    ] = Field(
        {},
        description="names and IP addresses of the cluster's nodes. Both paths are then polled on every "
        "node; the certificate must be for the host of the URL as before",
    )
    resolve_nodes: bool = Field(
        default=False,
        description="instead of `nodes`: a node for every address that the host of the URL resolves to, "
        "named like the address",
    )
    discover: Annotated[Discover | None, TypeName("`true` | mapping")] = Field(
        None,
        description="poll every Oneprovider that this zone lists, too; needs `auth.token` or `auth.token_file`. "
        "`true`, or a mapping; see below",
    )
    notes: Notes = Field(
        "", description="text on the page of the target: contact, ticket, runbook. URLs in it become links"
    )
    maintenance: tuple[Maintenance, ...] = Field((), description="maintenance windows; see below")
    maintenance_file: FileName = Field(
        "",
        description="a file that exists during maintenance; its first line may give the reason, or "
        "`until 2026-12-01T23:00:00Z` and the reason. `{name}` in it is the name of the target",
    )

    @field_validator("url")
    @classmethod
    def _domain_alone(cls, url: Origin) -> Origin:
        if url.port == _ONEPANEL_PORT:
            raise ValueError(
                f"has the port of the direct path ({_ONEPANEL_PORT}), and the proxy path would not be polled: give the "
                f"domain alone, as in {url._replace(port=443)}; direct_url is derived from it"
            )
        return url

    @field_validator("direct_url")
    @classmethod
    def _two_origins(cls, direct_url: Origin, info: ValidationInfo) -> Origin:
        if direct_url == info.data.get("proxy_url"):
            raise ValueError(
                "is the same as the URL of the proxy path: give each path its own, "
                "as in https://my.zone.domain.org and https://my.zone.domain.org:9443"
            )
        return direct_url

    @field_validator("auth")
    @classmethod
    def _only_to_verified_servers(cls, auth: Auth, info: ValidationInfo) -> Auth:
        tls = info.data.get("tls")
        unproven = [
            *(["allow_http"] if info.data.get("allow_http") else []),
            *(["tls.insecure_skip_verify"] if isinstance(tls, Tls) and tls.insecure_skip_verify else []),
        ]
        if auth.is_given and unproven and not info.data.get("allow_insecure_credentials", True):
            raise ValueError(
                f"credentials together with {' and '.join(unproven)} can be stolen on the way; "
                "if that must be, set allow_insecure_credentials: true on this target"
            )
        return auth

    @field_validator("discover", mode="before")
    @classmethod
    def _on_or_off(cls, value: object) -> object:
        return {True: {}, False: None}[value] if isinstance(value, bool) else value

    @field_validator("discover")
    @classmethod
    def _zone_with_token(cls, discover: Discover | None, info: ValidationInfo) -> Discover | None:
        auth = info.data.get("auth")
        if discover is not None and isinstance(auth, Auth) and not (auth.token or auth.token_file):
            raise ValueError(
                "needs auth.token or auth.token_file: the zone lists its providers to a token only"
            )
        if discover is not None and info.data.get("kind") is Kind.ONEPROVIDER:
            raise ValueError("is for a Onezone, but kind is oneprovider")
        return discover

    @field_validator("ip_protocol")
    @classmethod
    def _version_of_the_urls(cls, protocol: IpProtocol, info: ValidationInfo) -> IpProtocol:
        for key in ("url", "proxy_url", "direct_url"):
            if is_left_out(getattr(info.data.get(key), "host", ""), protocol):
                raise ValueError(
                    f"is {protocol}, but the host of {key} is an address of the other IP version"
                )
        return protocol

    @field_validator("nodes")
    @classmethod
    def _version_of_the_nodes(cls, nodes: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        protocol = info.data.get("ip_protocol", IpProtocol.AUTO)
        for name, address in nodes.items():
            if is_left_out(address, protocol):
                raise ValueError(
                    f"{name!r} has an address of the other IP version: ip_protocol is {protocol}"
                )
        return nodes

    @field_validator("resolve_nodes")
    @classmethod
    def _one_source_of_nodes(cls, resolve: object, info: ValidationInfo) -> object:
        if resolve and info.data.get("nodes"):
            raise ValueError("nodes is set, too; give only one of them")
        return resolve

    @field_validator("nodes", "resolve_nodes")
    @classmethod
    def _something_to_pin(cls, value: object, info: ValidationInfo) -> object:
        if not value:
            return value
        for key in ("url", "proxy_url", "direct_url"):
            if is_ip_address(getattr(info.data.get(key), "host", "")):
                raise ValueError(f"needs a host name in {key}: an IP address is one node already")
        if info.data.get("proxy_from_environment"):
            raise ValueError("an HTTP proxy chooses the node itself; set proxy_from_environment: false")
        return value


# Of two keys that exclude each other the target's own one replaces the one that it would inherit from `defaults`.
MUTUALLY_EXCLUSIVE: Mapping[KeyPath, str] = {
    ("auth", "token"): "token_file",
    ("auth", "token_file"): "token",
    ("auth", "passphrase"): "passphrase_file",
    ("auth", "passphrase_file"): "passphrase",
    ("nodes",): "resolve_nodes",
    ("resolve_nodes",): "nodes",
}

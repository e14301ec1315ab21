"""The headers `Host` and `Origin`: which site a request is for, and which page sent it. Pure."""

from __future__ import annotations

from collections.abc import Collection


def host_of(authority: str) -> str:
    """Return the host of `HOST[:PORT]`, in lower case, without brackets or trailing dot; empty if it has none."""
    if authority.startswith("["):
        host, bracket, port = authority[1:].partition("]")
        return host.lower() if bracket and (not port or port.startswith(":")) else ""
    return authority.partition(":")[0].lower().removesuffix(".")


def is_same_origin(origin: str, host: str, allowed_hosts: Collection[str] = ()) -> bool:
    """Return whether a page of `origin` belongs to the site `host`, which must be one of those allowed, if any are."""
    authority = origin.partition("://")[2]
    return authority == host and (not allowed_hosts or host_of(authority) in allowed_hosts)

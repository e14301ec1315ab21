"""Which addresses a connection to a discovered target may go to: a zone must not lead the exporter to its own network.

The address of each connection is judged, not the name: a name may resolve otherwise the next time.
"""

from __future__ import annotations

import errno
import ipaddress

from exporter.targets import ReachableAddresses


def check_reachable(address: str, allowed: ReachableAddresses) -> None:
    """Raise an OSError for an address that may not be connected to."""
    if allowed is not ReachableAddresses.ANY and not _is_allowed(address, allowed):
        raise OSError(errno.EPERM, "is an address that discovered targets may not have")


def _is_allowed(address: str, allowed: ReachableAddresses) -> bool:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = parsed.ipv4_mapped or parsed.sixtofour or parsed
    if parsed.is_loopback:
        return allowed is ReachableAddresses.NOT_LOCAL_OR_LOOPBACK
    return not (
        parsed.is_link_local
        or parsed.is_unspecified
        or parsed.is_multicast
        or parsed.is_reserved
        or str(parsed) in _METADATA
    )


# Addresses of metadata services outside the link-local range.
_METADATA = frozenset({"100.100.100.200", "fd00:ec2::254", "192.0.0.192"})

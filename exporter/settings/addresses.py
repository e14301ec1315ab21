"""Addresses in the configuration: the origins of targets, and what the exporter listens on."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

import idna

from exporter.settings.web_config import Address, ListenAddress, SystemdSockets, UnixAddress
from exporter.targets import IpProtocol

_HOST_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_HOST_LABEL}(?:\.{_HOST_LABEL})*")
_LISTEN = re.compile(r"(?P<host>\[[^\[\]]+\]|[^:\[\]]*):(?P<port>[0-9]{1,5})")
_BRACKETS = re.compile(r"[^\[\]]*|\[[^\[\]]*\](?::[0-9]*)?")
_DEFAULT_PORTS = {"https": 443, "http": 80}
_LONGEST_NAME = 253
_LAST_PORT = 65_535
_ALL_INTERFACES = frozenset({"0.0.0.0", "::"})  # noqa: S104 - to be distinguished from others, not to be listened on
_LONGEST_SOCKET_PATH = 107  # Linux; the kernel's structure has room for no more


class Origin(NamedTuple):
    """Scheme, host (an IPv6 address without its brackets) and port of a URL."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        """`https://host[:port]`, without the port that the scheme implies."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (
            "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        )


def parse_origin(value: object, *, allow_http: bool) -> Origin:
    """Return the origin that a URL consists of.

    Raises:
        ValueError: it is not a URL, or has more than an origin; never repeats the URL, which may hold a password.
    """
    if not isinstance(value, str):
        raise ValueError("must be a URL such as https://my.zone.domain.org")
    if not value.isprintable() or " " in value:
        raise ValueError("must not contain spaces or control characters")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError("is no valid URL: see its port (1 to 65535) and its brackets") from None
    _refuse_scheme(parts.scheme, allow_http=allow_http)
    if not _BRACKETS.fullmatch(parts.netloc.rpartition("@")[2]):
        raise ValueError("is no valid URL: see its brackets, which only an IPv6 address has")
    if parts.username is not None:
        raise ValueError("must not contain a user name or password")
    if "?" in value or "#" in value:
        raise ValueError("must not contain a query (?) or a fragment (#)")
    if parts.path not in {"", "/"}:
        raise ValueError("must not contain a path: only https://, the host and perhaps a port")
    if port == 0:
        raise ValueError("the port must be between 1 and 65535")
    return Origin(parts.scheme, parse_host(parts.hostname or ""), port or _DEFAULT_PORTS[parts.scheme])


def parse_host(text: str) -> str:
    """Return a host name or IP address (without brackets), in lower case, ASCII letters, and without a dot at its end.

    Raises:
        ValueError: it is neither.
    """
    if not text:
        raise ValueError("has no host")
    if is_ip_address(text):
        return _parse_ip(text)
    name = _ascii_name(text).removesuffix(".")
    if not _HOST_NAME.fullmatch(name):
        raise ValueError("the host is no valid name (letters, digits, - and .)")
    return name.lower()


def _ascii_name(text: str) -> str:
    """Return a name as DNS has it: of other letters than ASCII's, in its `xn--` form; empty if there is none."""
    if text.isascii() or len(text) > _LONGEST_NAME:  # the conversion takes the square of the length
        return text
    try:
        return idna.encode(text, uts46=True).decode("ascii")
    except idna.IDNAError:
        return ""


def parse_listen_address(value: object) -> Address:
    """Return what to listen on, from `:PORT`, `HOST:PORT`, `[IPV6]:PORT`, `unix:/PATH` or `systemd:`.

    Raises:
        ValueError: it is none of these.
    """
    if value == str(SystemdSockets()):
        return SystemdSockets()
    if isinstance(value, str) and value.startswith("unix:"):
        return UnixAddress(_parse_socket_path(value.removeprefix("unix:")))
    match = _LISTEN.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match["port"]) > _LAST_PORT:
        raise ValueError("must be an address and port such as ':19443', '127.0.0.1:19443' or '[::1]:19443'")
    host = match["host"].strip("[]")
    return ListenAddress(parse_host(host) if host else "", int(match["port"]))


def clash(one: Address, other: Address) -> bool:
    """Return whether only one of two addresses can be listened on, as far as it shows without a look-up."""
    if not (isinstance(one, ListenAddress) and isinstance(other, ListenAddress)):
        return one == other
    return one.port == other.port != 0 and (_covers(one.host, other.host) or _covers(other.host, one.host))


def _covers(wide: str, host: str) -> bool:
    if wide in _ALL_INTERFACES:
        return is_ip_address(host) and (":" in wide) == (":" in host)
    return wide in {"", host}


def _parse_socket_path(path: str) -> str:
    if not path.startswith("/") or not path.isprintable():
        raise ValueError(
            "must name the Unix socket by its whole path, such as unix:/run/onedata-exporter.sock"
        )
    if len(path.encode()) > _LONGEST_SOCKET_PATH:
        raise ValueError(f"the path of a Unix socket may have {_LONGEST_SOCKET_PATH} bytes at most")
    return path


def is_ip_address(host: str) -> bool:
    """Return whether a host, as returned by `parse_host`, is an address and no name."""
    return ":" in host or re.fullmatch(r"[0-9.]+", host) is not None


def is_left_out(host: str, protocol: IpProtocol) -> bool:
    """Return whether a host, as returned by `parse_host`, is an address of the IP version that may not be used."""
    version = IpProtocol.IPV6 if ":" in host else IpProtocol.IPV4
    return is_ip_address(host) and protocol not in {IpProtocol.AUTO, version}


def parse_ip_address(text: str) -> str:
    """Return an IP address, in its shortest form.

    Raises:
        ValueError: it is none.
    """
    if not is_ip_address(text):
        raise ValueError("must be an IP address such as 10.0.0.11 or 2001:db8::11")
    return _parse_ip(text)


def _parse_ip(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("the host is no valid IP address") from None
    if "%" in text:
        raise ValueError("the host must not name a network interface (%)")
    return str(address)


def _refuse_scheme(scheme: str, *, allow_http: bool) -> None:
    if scheme == "http" and not allow_http:
        raise ValueError("must begin with https://; plain http needs allow_http: true on this target")
    if scheme not in _DEFAULT_PORTS:
        raise ValueError("must begin with https://, as in https://my.zone.domain.org")

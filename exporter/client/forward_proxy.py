"""The forward proxy that the environment names, for targets that ask for it.

aiohttp could look for it, too, but would then also show the passwords of ~/.netrc to the target.
"""

from __future__ import annotations

import urllib.request

from yarl import URL


class ForwardProxyError(Exception):
    """The environment names a proxy that cannot be one. The message never repeats it: it may hold a password."""


def forward_proxy(origin: str) -> URL | None:
    """Return the proxy for an origin, by `HTTPS_PROXY` (or `HTTP_PROXY`) and `NO_PROXY`; None for none.

    Raises ForwardProxyError when what is named is no URL of an HTTP proxy.
    """
    url = URL(origin)
    named = urllib.request.getproxies().get(url.scheme)
    if not named or urllib.request.proxy_bypass(url.host or ""):
        return None
    try:
        proxy = URL(named if "://" in named else f"http://{named}")
    except ValueError:
        proxy = URL()
    if proxy.scheme not in {"http", "https"} or not proxy.host:
        raise ForwardProxyError(f"{url.scheme.upper()}_PROXY is not the URL of an HTTP proxy")
    return proxy

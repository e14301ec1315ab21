"""`healthcheck`: whether an exporter serves, for containers that have no curl."""

from __future__ import annotations

import argparse
import http.client
import sys
import time
import urllib.error
import urllib.request

EXIT_UNHEALTHY = 1  # Docker reserves 2
_TIMEOUT_SECONDS = 3.0
_PAUSE_SECONDS = 0.2


def run(arguments: argparse.Namespace) -> int:
    """Request `/-/healthy`, past any HTTP proxy. 0: the exporter serves; 1: it does not, with the reason on stderr.

    With `--wait` the request is repeated until it succeeds or the time has expired.
    """
    url = f"{arguments.url}/-/healthy"
    deadline = time.monotonic() + arguments.wait_seconds
    while reason := _failure(url):
        if time.monotonic() + _PAUSE_SECONDS >= deadline:
            print(f"{url}: {reason}", file=sys.stderr)
            return EXIT_UNHEALTHY
        time.sleep(_PAUSE_SECONDS)
    print("healthy")
    return 0


def _failure(url: str) -> str:
    """Return why the exporter is not healthy; empty if it is."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_TIMEOUT_SECONDS) as response:
            response.read()
    except urllib.error.HTTPError as error:
        return str(error)
    except urllib.error.URLError as error:
        return str(error.reason) or type(error.reason).__name__
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    return ""

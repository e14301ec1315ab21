"""`healthcheck`: whether an exporter serves, for containers that have no curl."""

from __future__ import annotations

import argparse
import http.client
import sys
import urllib.error
import urllib.request

EXIT_UNHEALTHY = 1  # Docker reserves 2
_TIMEOUT_SECONDS = 3.0


def run(arguments: argparse.Namespace) -> int:
    """Ask `/-/healthy`, past any HTTP proxy. 0: the exporter serves; 1: it does not, with the reason on stderr."""
    url = f"{arguments.url}/-/healthy"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_TIMEOUT_SECONDS) as answer:
            answer.read()
    except urllib.error.URLError as error:
        return _unhealthy(url, error.reason if not isinstance(error, urllib.error.HTTPError) else error)
    except (OSError, http.client.HTTPException) as error:
        return _unhealthy(url, error or type(error).__name__)
    print("healthy")
    return 0


def _unhealthy(url: str, reason: object) -> int:
    print(f"{url}: {reason}", file=sys.stderr)
    return EXIT_UNHEALTHY

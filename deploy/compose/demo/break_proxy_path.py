"""Stop the worker of the simulated Onezone: break_proxy_path.py ORIGIN SECONDS (how long to wait before)."""

from __future__ import annotations

import sys
import time
import urllib.request


def main(origin: str, seconds: str) -> None:
    """Press the button of the demo page. Runs in the exporter's image, with the standard library alone."""
    print(f"All is well. In {seconds} s the proxy path breaks; to mend it: http://127.0.0.1:19443/demo")
    time.sleep(float(seconds))
    with urllib.request.urlopen(f"{origin}/demo/faults/worker_stopped", data=b"on=1", timeout=10):  # noqa: S310 - the origin is compose.yml's
        print("The worker was stopped: port 443 refuses connections. The alert follows after five minutes.")


if __name__ == "__main__":
    main(*sys.argv[1:])

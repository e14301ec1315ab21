"""Measure everything, interleaved; print the tables and write them into docs/performance.md. Takes twelve minutes.

`--quick` is for development: one short repetition, and the page stays as it is. `--many-clusters` measures only
shards and discovery, and writes only their table.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import federation, measures
from bench.contestants import BLACKBOX, FARM_CORE, blackbox_version, farm
from bench.machine import describe, pin_to
from bench.measures import Figures, Ground
from bench.table import MANY_BEGIN, MANY_END, MANY_ROWS, put_between_markers, table
from exporter import __version__

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_REPETITIONS = 3
_SECONDS = 10.0
_QUICK_SECONDS = 4.0

Measure = Callable[[Ground], Awaitable[Figures]]

# In this order, again and again, so that whatever else the machine does meets all of them.
INTERLEAVED: dict[str, Measure] = {
    "two": lambda ground: measures.cost_of_exporter(ground, 2),
    "blackbox": measures.cost_of_blackbox,
    "bare": measures.cost_of_bare_loop,
    "six": lambda ground: measures.cost_of_exporter(ground, 6),
    "saturated": lambda ground: measures.saturation_of_exporter(ground, 2),
    "saturated blackbox": measures.saturation_of_blackbox,
}
ONCE: dict[str, Measure] = {
    "two, RSA": lambda ground: measures.cost_of_exporter(ground.with_rsa, 2),
    "blackbox, RSA": lambda ground: measures.cost_of_blackbox(ground.with_rsa),
    "1 targets": lambda ground: measures.small(ground, 1),
    "10 targets": lambda ground: measures.small(ground, 10),
    "100 targets": lambda ground: measures.small(ground, 100),
    "1000 targets": measures.many,
    "page": measures.page,
}
MANY_CLUSTERS: dict[str, Measure] = {"shard": federation.shard, "discovery": federation.discovery}


async def measure_many(*, quick: bool) -> dict[str, list[Figures]]:
    """Return the figures of shards and discovery."""
    results: dict[str, list[Figures]] = {}
    with TemporaryDirectory() as folder:
        async with farm("ECDSA") as running:
            ground = Ground(running, running, Path(folder), _SECONDS, thorough=not quick)
            for name, act in MANY_CLUSTERS.items():
                _report(f"once: {name}")
                results[name] = [await act(ground)]
    return results


async def measure(*, quick: bool) -> dict[str, list[Figures]]:
    """Return all figures by what they are of, repetition by repetition."""
    results: dict[str, list[Figures]] = defaultdict(list)
    with TemporaryDirectory() as folder:
        async with farm("ECDSA") as running, farm("RSA") as rsa_running:
            seconds = _QUICK_SECONDS if quick else _SECONDS
            ground = Ground(running, rsa_running, Path(folder), seconds, thorough=not quick)
            for repetition in range(1 if quick else _REPETITIONS):
                for name, act in INTERLEAVED.items():
                    _report(f"{name}, repetition {repetition + 1}")
                    results[name].append(await act(ground))
            for name, act in ONCE.items():
                _report(f"once: {name}")
                results[name].append(await act(ground))
    return results


def circumstances(began: str) -> str:
    """Return the date, the versions and the machine of the measurement, as a list in Markdown."""
    blackbox = f", blackbox_exporter {blackbox_version()}" if blackbox_version() else ""
    packages = ", ".join(f"{name} {version(name)}" for name in ("aiohttp", "uvloop", "prometheus-client"))
    return (
        f"* Date: {datetime.now(UTC):%Y-%m-%d}; onedata-exporter {__version__}\n"
        f"* Versions: Python {platform.python_version()}, {packages}{blackbox}\n"
        f"* Machine before: {began}\n"
        f"* Machine after: {describe()}\n"
    )


def main() -> int:
    """Run the benchmark. 2: something it needs is not there."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short repetition; writes nothing")
    parser.add_argument("--many-clusters", action="store_true", help="only shards and discovery")
    arguments = parser.parse_args()
    if not arguments.many_clusters and not blackbox_version():
        _report(f"{BLACKBOX} is not installed: apt-get install prometheus-blackbox-exporter")
        return 2
    pin_to(FARM_CORE)
    quick: bool = arguments.quick
    page = PAGE.read_text(encoding="utf-8")
    if not arguments.many_clusters:
        began = describe()
        text = f"{circumstances(began)}\n{table(asyncio.run(measure(quick=quick)))}"
        sys.stdout.write(f"{text}\n")
        page = put_between_markers(page, text)
    began = describe()
    many = asyncio.run(measure_many(quick=quick))
    text = f"{circumstances(began)}\n{table(many, MANY_ROWS)}"
    sys.stdout.write(f"{text}\n")
    if not quick:
        PAGE.write_text(put_between_markers(page, text, MANY_BEGIN, MANY_END), encoding="utf-8")
    return 0


def _report(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())

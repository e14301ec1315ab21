"""What every process of `tests.support.forking` has imported: all of the exporter."""

from __future__ import annotations

import gc
import pkgutil
from importlib import import_module

for each in pkgutil.walk_packages(import_module("exporter").__path__, "exporter."):
    if not each.name.endswith("__main__"):
        import_module(each.name)
gc.freeze()  # no process of a command goes through what is here already

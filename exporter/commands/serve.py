"""`serve`: the exporter itself."""

from __future__ import annotations

import argparse
import gc
import resource
import sys
from contextlib import suppress

from exporter import log
from exporter.app import Exporter
from exporter.commands.lifecycle import run_until_stopped
from exporter.commands.signals import Stopped, run_unless_stopped
from exporter.settings.conversion import Settings
from exporter.settings.errors import ConfigurationError
from exporter.settings.loading import load
from exporter.settings.watched_files import load_with_fingerprints
from exporter.version import __version__

EXIT_FAILURE = 1
EXIT_BAD_CONFIGURATION = 2
_FULL_COLLECTION_EVERY = 50
_MANY_DESCRIPTORS = 65_536


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT. 0: stopped; 2: bad configuration; 1: anything else, as a port in use."""

    def load_settings() -> Settings:
        return load(arguments.config_file, arguments.flags)

    try:
        settings, fingerprints = run_unless_stopped(lambda: load_with_fingerprints(load_settings))
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_CONFIGURATION
    except Stopped:
        # Its settings are not known yet.
        log.configure("info", "logfmt")
        log.get_logger().info("stopped")
        return 0
    log.configure(settings.log.level, settings.log.format)
    logger = log.get_logger()
    logger.info("starting", version=__version__, targets=len(settings.targets), shard=str(settings.shard))
    for warning in settings.warnings:
        logger.warning("configuration", warning=warning)
    _spare_collector()
    _raise_descriptor_limit()
    try:
        run_until_stopped(
            lambda: Exporter(settings, load_settings, fingerprints),
            on_hangup=Exporter.reload,
        )
    except OSError as error:
        logger.error("cannot serve", error=str(error))
        return EXIT_FAILURE
    logger.info("stopped")
    return 0


def _spare_collector() -> None:
    """Leave what stays for good out of garbage collections, and make full ones seldom: all targets wait for them."""
    gc.collect()
    gc.freeze()
    young, middle, _full = gc.get_threshold()
    gc.set_threshold(young, middle, _FULL_COLLECTION_EVERY)


def _raise_descriptor_limit() -> None:
    """Use as many descriptors as the system allows: the usual soft limit is there for programs that use select(2)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MANY_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MANY_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

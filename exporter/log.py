"""Logs: logfmt or JSON, one line an event, on standard error. Losing a log line never stops the exporter."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TextIO

import structlog

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("logfmt", "json")
_FIRST = ("ts", "level", "msg")
_STANDARD_ERROR = 2


# Without the values of local variables, which are shown by default: some are secrets.
_tracebacks_as_values = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


class UnfailingStream:
    """A stream whose writes may be lost (closed, disk full), but never raise."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write if it can be done."""
        try:
            self._stream.write(text)
        except (OSError, ValueError):
            return

    def flush(self) -> None:
        """Flush if it can be done."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            return


def configure(level: str, log_format: str) -> None:
    """Set up structlog, and log the warnings of libraries in the same format."""
    _occupy_standard_streams()
    stream: Any = UnfailingStream(sys.stderr)
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", key="ts"),
    ]
    closing: list[Any] = [
        structlog.processors.EventRenamer("msg"),
        _put_first,
        _tracebacks_as_values if log_format == "json" else structlog.processors.format_exc_info,
        _renderer(log_format),
    ]
    structlog.configure(
        processors=[*shared, *closing],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *closing],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _occupy_standard_streams() -> None:
    """Open the null device in place of each closed standard stream.

    Otherwise the next connection would have its number, and printed text would go into that connection.
    """
    number = os.open(os.devnull, os.O_RDWR)
    while number <= _STANDARD_ERROR:
        number = os.open(os.devnull, os.O_RDWR)
    os.close(number)
    if sys.stderr is None:
        sys.stderr = os.fdopen(_STANDARD_ERROR, "w", closefd=False)


def _renderer(log_format: str) -> Any:
    if log_format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.processors.LogfmtRenderer(bool_as_flag=False)


def _put_first(_logger: object, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Return the line with its time, level and message first."""
    return {**{key: line[key] for key in _FIRST}, **line}


def get_logger() -> structlog.typing.FilteringBoundLogger:
    """Return the logger of the exporter."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger


def report_bug(where: str, error: Exception) -> None:
    """Log an exception that is a bug, with its traceback; for commands, which count nothing."""
    get_logger().error("unhandled error; please report it", where=where, exc_info=error)


def report_loop_errors(
    loop: asyncio.AbstractEventLoop, report_bug: Callable[[str, BaseException], None]
) -> None:
    """Report exceptions that no task handles. A failure of a connection that is being closed is not a bug."""

    def handle(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        # A handshake may fail at the same time as its round is cancelled, such as by a reload.
        is_handshake = type(context.get("future")) is asyncio.Future and isinstance(error, OSError)
        if "transport" in context or "protocol" in context or is_handshake:
            get_logger().debug("a connection was torn down", message=context["message"], error=repr(error))
            return
        report_bug("loop", error if isinstance(error, BaseException) else RuntimeError(context["message"]))

    loop.set_exception_handler(handle)

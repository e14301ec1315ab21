"""`check_onezone` and `check_oneprovider`: the worker's report as a plugin of Nagios and Icinga.

Names, options and exit codes are those of the plugins of 2018, except that TLS is verified.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from dataclasses import dataclass, replace
from typing import NoReturn
from urllib.parse import urlsplit

from exporter import log
from exporter.client.client import Client
from exporter.commands.exit_codes import drop_unwritable, run_to_exit_code
from exporter.commands.options import duration, file_name
from exporter.commands.parsing import CommandLineParser
from exporter.operations import worker_report
from exporter.operations.operation import Reply, Request
from exporter.operations.outcome import NotLearnt
from exporter.operations.worker_report import ReportStatus, WorkerReport
from exporter.reasons import Failure, Reason
from exporter.report.severity import Severity
from exporter.report.status_line import fault_line
from exporter.settings.errors import ConfigurationError
from exporter.settings.loading import load
from exporter.targets import AccessPath, Route, Schedule, Target
from exporter.version import __version__

_PATH = "/nagios"
_EXIT_CODES = """\
exit codes: 0 the workers of all nodes are ok; 1 of some; 2 of none, or the report cannot be fetched;
3 the report cannot be understood (also: bad usage)
"""


def check_onezone() -> int:
    """Check the workers of a Onezone; return the exit code."""
    return _main("check_onezone")


def check_oneprovider() -> int:
    """Check the workers of a Oneprovider; return the exit code."""
    return _main("check_oneprovider")


class _Parser(CommandLineParser):
    """A parser that ends with Nagios' exit code for what is not known, and one line on standard output."""

    def error(self, message: str) -> NoReturn:
        """End the process with the usage on standard error, and a line for Nagios."""
        with contextlib.suppress(SystemExit):
            super().error(message)
        print(fault_line("bad usage; see --help", Severity.UNKNOWN))
        sys.exit(Severity.UNKNOWN.exit_code)


@dataclass(frozen=True, slots=True)
class Workers:
    """How many nodes there are in a report, and on which of them the worker is not ok."""

    count: int
    not_ok: tuple[str, ...]

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        if not self.count:
            return Severity.UNKNOWN
        if not self.not_ok:
            return Severity.OK
        return Severity.WARNING if len(self.not_ok) < self.count else Severity.CRITICAL


def judge(report: WorkerReport) -> Workers:
    """Return which workers are ok. A worker without modules is, if the whole report is."""
    is_ok = {
        host: set(modules.values()) == {ReportStatus.OK} if modules else report.status is ReportStatus.OK
        for host, modules in report.modules.items()
    }
    return Workers(len(is_ok), tuple(sorted(host for host, ok in is_ok.items() if not ok)))


def _main(program: str) -> int:
    arguments = parser_of(program).parse_args()
    code = run_to_exit_code(_run, arguments, Severity.UNKNOWN.exit_code)
    drop_unwritable(sys.stderr)
    return code


def parser_of(program: str) -> CommandLineParser:
    """Return the parser of the command line of a plugin."""
    parser = _Parser(
        prog=program,
        description=__doc__,
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("-H", "--hostname", metavar="HOST", help="domain of the cluster")
    where.add_argument("-u", "--url", metavar="URL", help="the complete address of the report, with its path")
    parser.add_argument(
        "-p", "--port", type=int, default=443, help="port of the worker (default: %(default)s)"
    )
    parser.add_argument(
        "-t",
        "--timeout",
        metavar="SECONDS",
        type=duration,
        default="10",
        help="limit (default: %(default)s s)",
    )
    parser.add_argument("--ca-file", metavar="FILE", type=file_name, help="authorities to trust (PEM)")
    parser.add_argument("--insecure", action="store_true", help="do not verify the certificate")
    parser.add_argument("-V", "--version", action="version", version=f"{program} {__version__}")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    log.configure("error", "logfmt")
    began = time.perf_counter()
    try:
        target, path = _target(arguments)
    except ConfigurationError as error:
        print(fault_line(str(error).replace("\n", "; "), Severity.UNKNOWN))
        return Severity.UNKNOWN.exit_code
    reply = asyncio.run(_fetch(target, path))
    severity, words, performance = _account(reply)
    seconds = time.perf_counter() - began
    line = fault_line(f"{target.name}: {words}", severity)
    print(f"{line} | time={seconds:.3f}s;;;0;{arguments.timeout:g}{performance}")
    return severity.exit_code


def _target(arguments: argparse.Namespace) -> tuple[Target, str]:
    """Return the cluster that the options mean, and the path of its report.

    Raises:
        ConfigurationError: an option cannot be used.
    """
    url, path = f"https://{_bracketed(arguments.hostname or '')}:{arguments.port}", _PATH
    if arguments.url is not None:
        parts = urlsplit(arguments.url)
        url, path = f"{parts.scheme}://{parts.netloc}", parts.path or _PATH
        path += f"?{parts.query}" if parts.query else ""
    keys = {
        "url": url,
        "allow_http": url.lower().startswith("http:"),
        "tls": {
            "insecure_skip_verify": arguments.insecure,
            **({"ca_file": str(arguments.ca_file)} if arguments.ca_file else {}),
        },
    }
    target = load(None, {"targets": [keys]}, environ={}).targets[0]
    schedule = Schedule(2 * arguments.timeout, 2 * arguments.timeout, arguments.timeout)
    return replace(target, schedule=schedule), path


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


async def _fetch(target: Target, path: str) -> Reply[WorkerReport]:
    request = Request(path, worker_report.read, accept="*/*", max_body_bytes=worker_report.MAX_BODY_BYTES)
    client = Client(log.report_bug)
    try:
        async with client.connect(target, Route(AccessPath.PROXY, "")) as connection:
            reply, _exchanges = await connection.exchange(request)
            return reply
    finally:
        await client.close()


def _account(reply: Reply[WorkerReport]) -> tuple[Severity, str, str]:
    """Return the severity of a reply, its text, and the performance data."""
    if isinstance(reply, NotLearnt):
        return Severity.UNKNOWN, "the report is not learnt", ""
    if isinstance(reply, Failure):
        unclear = reply.reason is Reason.INVALID_BODY
        words = f"the worker's report cannot be {'understood' if unclear else 'fetched'}: {reply}"
        return (Severity.UNKNOWN if unclear else Severity.CRITICAL), words, ""
    workers = judge(reply)
    ok = workers.count - len(workers.not_ok)
    words = f"{ok} of {workers.count} workers ok"
    if workers.not_ok:
        words += f"; not ok: {', '.join(workers.not_ok)}"
    return workers.severity, words, f" workers_ok={ok};;;0;{workers.count}"

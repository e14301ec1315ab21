"""The queries for the status of a component, host by host: one unresponsive host costs no other host its status."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from exporter.operations.host_status import Status, read_word
from exporter.operations.operation import Request, Value, send
from exporter.operations.outcome import ROUND_ENDED, NotLearnt
from exporter.operations.responses import Response
from exporter.reasons import Failure, Reason

_MAX_BODY_BYTES = 1024 * 1024
_UNREACHABLE_ERRORS = frozenset({"errorOnNodes", "badValueListNotAllowed"})


def concerns_one_host(reply: Failure | NotLearnt) -> bool:
    """Return whether a request for all hosts may have failed only because of one of them."""
    return _names_unreachable_host(reply) or _is_silence(reply)


def _names_unreachable_host(reply: Failure | NotLearnt) -> bool:
    return isinstance(reply, Failure) and reply.error_id in _UNREACHABLE_ERRORS


def _is_silence(reply: Failure | NotLearnt) -> bool:
    return isinstance(reply, Failure) and reply.reason is Reason.TIMEOUT


@dataclass(slots=True)
class HostSurvey:
    """The queries for each host of a component, and what they found.

    `hosts` maps cleaned names to the names that Onepanel uses. `found` maps the hosts that this round has queried
    already to whether they are unreachable. A host without a status in its answer is left out of `words`. So is a
    host for which no time is left, unless it is doubtful. Doubtful hosts come first, as they wait longest. `reply` is
    the last reply without a status.
    """

    url: str
    hosts: Mapping[str, str]
    found: Mapping[str, bool]
    doubtful: tuple[str, ...]
    words: dict[str, str] = field(default_factory=dict)
    reply: Failure | NotLearnt | None = None
    silent: list[str] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)
    _answered: bool = False

    @property
    def only_silence(self) -> bool:
        """Return whether hosts were queried, and Onepanel answered for none of them."""
        return bool(self.silent) and not self._answered

    def ask(self) -> Generator[Request[object], Any, None]:
        """Query every host that is not known to be unreachable."""
        known_unreachable = [
            host for host, is_unreachable in self.found.items() if is_unreachable and host in self.hosts
        ]
        self.words |= dict.fromkeys(known_unreachable, Status.UNREACHABLE)
        for host in [*(host for host in self.hosts if host not in self.doubtful), *self.doubtful]:
            if not self.found.get(host):
                yield from self._ask_for(host)
        if self._answered or not all(self.found.values()):
            # A host that answered for another component is reachable: its service hangs.
            self.words |= {host: Status.UNREACHABLE for host in self.silent if host not in self.found}
            self.words = {**dict.fromkeys(self.not_asked, Status.UNREACHABLE), **self.words}

    def _ask_for(self, host: str) -> Generator[Request[object], Any, None]:
        is_doubtful = host in self.doubtful
        if self.reply is not ROUND_ENDED:
            where = f"{self.url}/{quote(self.hosts[host], safe='')}"
            word = yield from send(request_about(where, read_word, about_host=True, can_wait=is_doubtful))
            if isinstance(word, str):
                self.words[host], self._answered = word, True
            elif _names_unreachable_host(word):
                self.words[host], self._answered = Status.UNREACHABLE, True
            elif _is_silence(word):
                self.silent.append(host)
            else:
                self.reply = word
                is_stuck = isinstance(word, Failure) and word.reason is Reason.SERVER_ERROR
                self._answered |= isinstance(word, Failure) and word.from_onepanel and not is_stuck
        if self.reply is ROUND_ENDED and is_doubtful:
            self.not_asked.append(host)


def request_about(
    path: str,
    read: Callable[[Response], Value | Failure],
    *,
    about_host: bool = False,
    can_wait: bool = False,
) -> Request[Value]:
    """Return a request for details with credentials; `can_wait` leaves it to the rest of the round."""
    return Request(
        path,
        read,
        credentials=True,
        max_body_bytes=_MAX_BODY_BYTES,
        about_host=about_host,
        can_wait=can_wait,
    )

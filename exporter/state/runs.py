"""The runs of a state: times in which it did not change, in little room. Times are seconds since the epoch."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

# The oldest runs go first: a target that flaps in every round keeps the last hours only.
MOST_RUNS = 200
_GAP = 255

StateT = TypeVar("StateT", bound=StrEnum)


class Run(NamedTuple, Generic[StateT]):
    """A time in which a state did not change; the state is None while nothing was polled."""

    state: StateT | None
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """Return how long it lasted."""
        return self.ended - self.began


class Runs(Generic[StateT]):
    """The runs of one state, oldest first, without gaps: a time without rounds is a run of its own."""

    __slots__ = ("_began", "_codes", "_ended", "_states", "most")

    def __init__(self, states: type[StateT], most: int = MOST_RUNS) -> None:
        self._states = tuple(states)
        self.most = most
        self._began = array("d")
        self._codes = array("B")
        self._ended = 0.0

    def add(self, state: StateT, at: float, watched_since: float) -> None:
        """Add a state that was seen at a time.

        From the end of the last run to `watched_since` nothing was polled. If times do not increase, as after the
        clock was set back, the last run ends where it ended.
        """
        at = max(at, self._ended)
        is_gap = not self._codes or watched_since > self._ended
        if is_gap and self._codes:
            self._begin(_GAP, self._ended)
        self._begin(self._states.index(state), min(watched_since, at) if is_gap else at)
        self._ended = at

    def _begin(self, code: int, at: float) -> None:
        if self._codes and self._codes[-1] == code:
            return
        self._began.append(at)
        self._codes.append(code)
        too_many = len(self._codes) - self.most
        if too_many > 0:
            del self._began[:too_many], self._codes[:too_many]

    def restore(self, state: StateT | None, began: float, ended: float) -> None:
        """Append a run of an earlier process; runs come in their order."""
        self._begin(_GAP if state is None else self._states.index(state), began)
        self._ended = max(self._ended, ended)

    def forget_before(self, time: float) -> None:
        """Drop what ended before a time; a run that reaches beyond it begins there."""
        if not self._codes or self._ended <= time:
            del self._began[:], self._codes[:]
            return
        kept_from = max(0, bisect_right(self._began, time) - 1)
        del self._began[:kept_from], self._codes[:kept_from]
        self._began[0] = max(self._began[0], time)

    @property
    def ended(self) -> float:
        """Return the time of the last state that was seen; 0 if there is none."""
        return self._ended

    @property
    def last(self) -> Run[StateT] | None:
        """Return the last run."""
        if not self._codes:
            return None
        return Run(self._state(self._codes[-1]), self._began[-1], self._ended)

    def __iter__(self) -> Iterator[Run[StateT]]:
        ends = [*self._began[1:], self._ended] if self._began else []
        for code, began, ended in zip(self._codes, self._began, ends, strict=True):
            yield Run(self._state(code), began, ended)

    def latest_first(self) -> Iterator[Run[StateT]]:
        """Yield the runs from the latest to the oldest."""
        ended = self._ended
        for code, began in zip(reversed(self._codes), reversed(self._began), strict=True):
            yield Run(self._state(code), began, ended)
            ended = began

    def __len__(self) -> int:
        return len(self._codes)

    def _state(self, code: int) -> StateT | None:
        return None if code == _GAP else self._states[code]

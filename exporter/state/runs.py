"""The runs of a state: times in which it did not change, in little room. Times are seconds since the epoch."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import Generic, NamedTuple, TypeVar

# The oldest runs go first: a target that flaps in every round keeps the last hours only.
MOST_RUNS = 200
_BITS, _CODE = 8, 0xFF
_GAP = 0xFF
_PER_SECOND = 1000
_HALF = 0.0005

StateT = TypeVar("StateT", bound=StrEnum)
StateT_co = TypeVar("StateT_co", bound=StrEnum, covariant=True)


class Run(NamedTuple, Generic[StateT_co]):
    """A time in which a state did not change; the state is None while nothing was polled."""

    state: StateT_co | None
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """Return how long it lasted."""
        return self.ended - self.began


class Runs(Generic[StateT]):
    """The runs of one state, oldest first, without gaps: a time without rounds is a run of its own.

    A run is one number: when it began, in milliseconds, and the code of its state.
    """

    __slots__ = ("_ended", "_kind", "_runs", "most")

    def __init__(self, kind: type[StateT], most: int = MOST_RUNS) -> None:
        self._kind = kind
        self.most = most
        self._runs = array("Q")
        self._ended = 0.0

    def add(self, state: StateT, at: float, watched_since: float) -> None:
        """Add a state that was seen at a time.

        From the end of the last run to `watched_since` nothing was polled. If times do not increase, as after the
        clock was set back, the last run ends where it ended.
        """
        at = max(at, self._ended)
        is_gap = not self._runs or watched_since > self._ended
        if is_gap and self._runs:
            self._begin(_GAP, self._ended)
        self._begin(_states(self._kind).index(state), min(watched_since, at) if is_gap else at)
        self._ended = max(at, _began(self._runs[-1]))

    def _begin(self, code: int, at: float) -> None:
        if self._runs and self._runs[-1] & _CODE == code:
            return
        earliest = (self._runs[-1] >> _BITS) + 1 if self._runs else 0  # no two runs begin at the same time
        self._runs.append(max(earliest, int(at * _PER_SECOND)) << _BITS | code)
        too_many = len(self._runs) - self.most
        if too_many > 0:
            del self._runs[:too_many]

    def restore(self, state: StateT | None, began: float, ended: float) -> None:
        """Append a run of an earlier process; runs are restored in their order."""
        # Milliseconds are a little less than the time that they were made of.
        self._begin(_GAP if state is None else _states(self._kind).index(state), began + _HALF)
        self._ended = max(self._ended, ended)

    def forget_before(self, time: float) -> None:
        """Drop what ended before a time; a run that reaches beyond it begins there."""
        if not self._runs or self._ended <= time:
            del self._runs[:]
            return
        bound = int(time * _PER_SECOND) << _BITS
        kept_from = max(0, bisect_right(self._runs, bound | _CODE) - 1)
        del self._runs[:kept_from]
        self._runs[0] = max(self._runs[0], bound | self._runs[0] & _CODE)

    @property
    def ended(self) -> float:
        """Return the time of the last state that was seen; 0 if there is none."""
        return self._ended

    def __iter__(self) -> Iterator[Run[StateT]]:
        for number, each in enumerate(self._runs, start=1):
            ended = _began(self._runs[number]) if number < len(self._runs) else self._ended
            yield Run(self._state(each), _began(each), ended)

    def seconds_by_state(self, since: float) -> dict[StateT, float]:
        """Return how long each state lasted from a time on; times without rounds are left out."""
        by_code: dict[int, int] = {}
        earliest, ended = int(since * _PER_SECOND), int(self._ended * _PER_SECOND)
        for run in reversed(self._runs):
            if ended <= earliest:
                break
            began, code = run >> _BITS, run & _CODE
            by_code[code] = by_code.get(code, 0) + ended - max(began, earliest)
            ended = began
        states = _states(self._kind)
        return {states[code]: lasted / _PER_SECOND for code, lasted in by_code.items() if code != _GAP}

    def latest_first(self) -> Iterator[Run[StateT]]:
        """Yield the runs from the latest to the oldest."""
        ended = self._ended
        for each in reversed(self._runs):
            yield Run(self._state(each), _began(each), ended)
            ended = _began(each)

    def __len__(self) -> int:
        return len(self._runs)

    def _state(self, run: int) -> StateT | None:
        code = run & _CODE
        return None if code == _GAP else _states(self._kind)[code]


def _began(run: int) -> float:
    return (run >> _BITS) / _PER_SECOND


@cache
def _states(kind: type[StateT]) -> tuple[StateT, ...]:
    return tuple(kind)

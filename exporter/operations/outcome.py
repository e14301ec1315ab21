"""What becomes of an operation: facts, a failure with its reason, or nothing, as it was not asked to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from exporter.reasons import Failure


class Facts:
    """The result of an operation that succeeded. The facts of each operation are a frozen class of their own."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class NotLearnt:
    """Neither a result nor a failure: no request was sent, or it did not get its whole timeout.

    It is never counted as a failure and never judged. `detail` is one line for people.
    """

    detail: str

    def __str__(self) -> str:
        """Return the line for logs and pages."""
        return f"not learnt ({self.detail})"


Outcome: TypeAlias = Facts | Failure | NotLearnt

# The outcome of a request that was not sent, or did not get its whole timeout, because the round ends.
ROUND_ENDED = NotLearnt("round at its end")

"""The limit of requests per time, as a token bucket. Pure: the clock is given."""

from __future__ import annotations

import math

from exporter.settings.web_config import RateLimit


class TokenBucket:
    """Allows a burst of requests, and after it one per interval."""

    def __init__(self, limit: RateLimit, now: float) -> None:
        self._limit = limit
        self._tokens = float(limit.burst)
        self._updated = now

    def take(self, now: float) -> int:
        """Return 0 if a request is allowed, else after how many seconds the next one is."""
        interval, burst = self._limit
        self._tokens = min(float(burst), self._tokens + max(0.0, now - self._updated) / interval)
        self._updated = now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0
        return math.ceil((1.0 - self._tokens) * interval)

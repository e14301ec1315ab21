"""The routes of a round of details: which of them a request takes, and what becomes of it if there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exporter.operations.operation import Request, Value
from exporter.operations.outcome import NotLearnt
from exporter.reasons import Failure, Reason
from exporter.targets import AccessPath, Route

# These mean that the path is down: this request fails, and so do those that follow.
_PATH_FAILURES = frozenset(
    {
        Reason.RESOLVE,
        Reason.CONNECTION_REFUSED,
        Reason.CONNECT_TIMEOUT,
        Reason.CONNECT,
        Reason.CONNECTION_LOST,
    }
)


@dataclass(frozen=True, slots=True)
class RoutesSeen:
    """The routes of the latest round, and those over which Onepanel answered, in the order of preference.

    `why_down` is the reason of the failure if it answered over none.
    """

    routes: Sequence[Route]
    up: Sequence[Route]
    why_down: Reason | None = None


class OpenRoutes:
    """The routes over which Onepanel answers, as far as is known: the first one is asked first."""

    def __init__(self, seen: RoutesSeen) -> None:
        self._all = tuple(seen.routes)
        self._why_down = seen.why_down
        self._asked_last: Route | None = None
        self.up = list(seen.up)

    @property
    def first(self) -> Route:
        """Return the route that is asked first, if need be one that is down."""
        return (*self.up, *self._all)[0]

    @property
    def nothing_asked(self) -> NotLearnt:
        """Return the outcome of a request that no path is left for: with the reason of the path."""
        why = f" ({self._why_down})" if self._why_down else ""
        return NotLearnt(f"not asked: Onepanel answers over no path{why}")

    def of_worker(self, path: AccessPath) -> Route | None:
        """Return a route over a path, up or not: the worker may answer there while Onepanel does not."""
        return next((each for each in (*self.up, *self._all) if each.path is path), None)

    def candidates(self, request: Request[Value]) -> Iterator[Route]:
        """Yield the routes that a request may take, each once, as long as they stay open.

        A request that is to be made elsewhere takes the other nodes first, then the other path: behind one
        domain, it may lead to another node.
        """
        last = self._asked_last if request.elsewhere else None
        tried = {last}
        while True:
            open_routes = [
                each for each in self.up if each not in tried and request.over in {None, each.path}
            ]
            if not open_routes:
                return
            route = min(open_routes, key=lambda each: last is not None and each.node == last.node)
            self._asked_last = route
            tried.add(route)
            yield route

    def prefer(self, route: Route) -> None:
        """Ask over a route first from now on, and its node: it has answered what the first one could not."""
        self.up.sort(key=lambda each: (each != route, each.node != route.node))

    def leave_if_gone(self, route: Route, failure: Failure) -> bool:
        """Return whether a route is gone; it is not tried again."""
        if failure.reason not in _PATH_FAILURES:
            return False
        self.up[:] = [each for each in self.up if each != route]
        self._why_down = failure.reason
        return True

    def leave_if_helpless(self, route: Route, request: Request[Value], failure: Failure) -> bool:
        """Return whether the Onepanel of a route cannot answer the request, as another one may."""
        is_silent = failure.reason is Reason.TIMEOUT and not request.about_host
        is_stuck = failure.reason is Reason.SERVER_ERROR and failure.from_onepanel
        if is_silent or is_stuck:
            # The other nodes come first from now on: what is wrong with this one, its other path shares.
            self.up.sort(key=lambda each: each.node == route.node)
        return is_silent or is_stuck

"""The plot of both paths' latencies as SVG, with its text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from exporter.state.latencies import BUCKET_SECONDS, LatencyBucket
from exporter.state.timeline import Timeline
from exporter.targets import AccessPath
from exporter.web.charts import Window, percent
from exporter.web.filters import latency


class Plot(NamedTuple):
    """A plot of latencies, and its text. `maximum` is the upper end of its axis, in seconds."""

    picture: Markup
    maximum: float
    texts: Sequence[str]


_WIDTH, _HEIGHT = 720, 150
_HALF_POINT = 2.0


def latency_plot(timeline: Timeline, window: Window) -> Plot | None:
    """Return the plot of both paths: a line of means, and a band from the minimum to the p95; None without any."""
    series = {
        path: [
            each for each in timeline.latencies.get(path, ()) if each.began >= window.since - BUCKET_SECONDS
        ]
        for path in AccessPath
    }
    if not any(series.values()):
        return None
    highest = max(each.p95 for buckets in series.values() for each in buckets)
    maximum = _round_up(highest)
    parts = [Plotted(window, maximum).draw(path, buckets) for path, buckets in series.items()]
    texts = [
        *(
            f"{path.value.capitalize()} path: {_series_text(buckets)}"
            for path, buckets in series.items()
            if buckets
        ),
        *_share(series[AccessPath.PROXY], series[AccessPath.DIRECT]),
    ]
    picture = Markup(
        '<svg class="plot" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(_WIDTH, _HEIGHT, f"Latency of health. {'. '.join(texts)}", Markup("").join(parts))
    return Plot(picture, maximum, texts)


class Plotted(NamedTuple):
    """The scales of a plot."""

    window: Window
    maximum: float

    def x(self, bucket: LatencyBucket) -> float:
        """Return the place of the middle of five minutes."""
        share = (bucket.began + BUCKET_SECONDS / 2 - self.window.since) / self.window.seconds
        return _WIDTH * min(1.0, max(0.0, share))

    def y(self, seconds: float) -> float:
        """Return the place of a latency."""
        return _HEIGHT * (1 - min(1.0, seconds / self.maximum))

    def draw(self, path: AccessPath, buckets: Sequence[LatencyBucket]) -> Markup:
        """Return the band and the line of one path."""
        bands, lines = [], []
        for stretch in _contiguous(buckets):
            placed = [(self.x(each), each) for each in stretch]
            if len(stretch) == 1:  # a point becomes a short line
                ((x, only),) = placed
                placed = [(x - _HALF_POINT, only), (x + _HALF_POINT, only)]
            above = [f"{x:.1f},{self.y(each.p95):.1f}" for x, each in placed]
            below = [f"{x:.1f},{self.y(each.minimum):.1f}" for x, each in reversed(placed)]
            means = [f"{x:.1f},{self.y(each.mean):.1f}" for x, each in placed]
            bands.append(_shape("polygon", f"band {path.value}", above + below))
            lines.append(_shape("polyline", f"mean {path.value}", means))
        return Markup("").join([*bands, *lines])


def _shape(element: str, name: str, points: Sequence[str]) -> Markup:
    return Markup('<{} class="{}" points="{}"/>').format(element, name, " ".join(points))


def _contiguous(buckets: Sequence[LatencyBucket]) -> list[list[LatencyBucket]]:
    stretches: list[list[LatencyBucket]] = []
    for each in buckets:
        if stretches and each.began - stretches[-1][-1].began <= 2 * BUCKET_SECONDS:
            stretches[-1].append(each)
        else:
            stretches.append([each])
    return stretches


def _series_text(buckets: Sequence[LatencyBucket]) -> str:
    worst = max(each.p95 for each in buckets)
    return f"mean {latency(_mean(buckets))}, highest p95 of five minutes {latency(worst)}"


def _mean(buckets: Sequence[LatencyBucket]) -> float:
    count = sum(each.requests for each in buckets)
    return sum(each.mean * each.requests for each in buckets) / count


def _share(proxy: Sequence[LatencyBucket], direct: Sequence[LatencyBucket]) -> list[str]:
    """Return how much of the proxy path's latency is the proxy's own."""
    if not proxy or not direct:
        return []
    difference = _mean(proxy) - _mean(direct)
    if difference <= 0:
        return ["Proxy's share: none, the direct path is not faster"]
    return [
        f"Proxy's share: {latency(difference)}, {percent(difference / _mean(proxy))} of the proxy path's latency"
    ]


def _round_up(seconds: float) -> float:
    """Return the upper end of an axis."""
    step = 0.001
    while True:
        for factor in (1, 2, 5):
            if seconds <= step * factor:
                return step * factor
        step *= 10

"""What the judgement on a path and the text of a page rest on, word by word: found missing by mutation testing."""

from __future__ import annotations

import pytest

from exporter.diagnosis.rules import Diagnosis, Pair, diagnose
from exporter.diagnosis.symptoms import Symptom, symptom
from exporter.exposition.labels import escape, subject
from exporter.exposition.page import Exposition
from exporter.exposition.text_format import TextFormat, header, line_names, lines
from exporter.exposition.views import ExporterView
from exporter.metrics import Metric, MetricType, Reading, Scope
from exporter.observation import Connection, Exchange, Observation, Phase
from exporter.operations.health import Health
from exporter.operations.outcome import ROUND_ENDED, NotLearnt
from exporter.reasons import Failure, Reason
from exporter.state.store import Store
from exporter.targets import AccessPath, Route

ROUTE = Route(AccessPath.PROXY)
OK = (200, 50, None)
SILENT = (0, 0, Failure(Reason.TIMEOUT))
REFUSED = (0, 0, Failure(Reason.CONNECTION_REFUSED))
FULL = (503, 50, Failure(Reason.SERVICE_UNAVAILABLE, "HTTP 503", "serviceUnavailable"))
UNHEALTHY = (500, 50, Failure(Reason.UNHEALTHY, "HTTP 500", "internalServerError"))
ODD = (500, 50, Failure(Reason.SERVER_ERROR, "HTTP 500", "internalServerError"))
NO_HEALTH = (404, 0, Failure(Reason.NOT_FOUND, "HTTP 404"))
NO_HEALTH_BY_ONEPANEL = (404, 50, Failure(Reason.NOT_FOUND, "HTTP 404", "notFound"))
HTML = (502, 170, Failure(Reason.PROXY_UPSTREAM, "HTTP 502"))
LOST = (0, 0, Failure(Reason.CONNECTION_LOST))
BUSY = (503, 50, Failure(Reason.TEMPORARY_FAILURE, "HTTP 503", "temporaryFailure"))
CRASHED = (500, 0, Failure(Reason.SERVER_ERROR, "HTTP 500 with an empty body"))
EMPTY_204 = (204, 0, Failure(Reason.INVALID_BODY, "HTTP 204 with an empty body"))
LATE = (0, 0, ROUND_ENDED)
BUG = (0, 0, Failure(Reason.INTERNAL))
TCP = Connection({Phase.CONNECT: 0.1}, (), SILENT[2])
TLS = Connection({Phase.CONNECT: 0.1, Phase.TLS: 0.1})


def seen(status: int, body_bytes: int, outcome: Failure | NotLearnt | None) -> Observation:
    failure = outcome if isinstance(outcome, Failure) else None
    exchange = Exchange(ROUTE, status, None, body_bytes, failure, cut=isinstance(outcome, NotLearnt))
    return Observation("any", ROUTE, outcome or Health(), (exchange,))


@pytest.mark.parametrize(
    ("configuration", "health", "expected"),
    [
        pytest.param(OK, OK, Symptom.HEALTHY, id="both answered"),
        pytest.param(OK, UNHEALTHY, Symptom.UNHEALTHY, id="health reports a failure"),
        pytest.param(ODD, UNHEALTHY, Symptom.UNHEALTHY, id="500 to both: the panel's database is stopped"),
        pytest.param(
            LOST, UNHEALTHY, Symptom.UNHEALTHY, id="health reports a failure, the other one is lost"
        ),
        pytest.param(OK, SILENT, Symptom.UNHEALTHY, id="health never ends"),
        pytest.param(SILENT, OK, Symptom.HANGING, id="configuration never ends"),
        pytest.param(
            (503, 0, HTML[2]), OK, Symptom.HANGING, id="the proxy has waited for configuration in vain"
        ),
        pytest.param(OK, (503, 0, HTML[2]), Symptom.LOSSY, id="the proxy has waited for health in vain"),
        pytest.param(OK, ODD, Symptom.UNCLEAR, id="health fails for another reason"),
        pytest.param(OK, HTML, Symptom.LOSSY, id="health is answered by a proxy"),
        pytest.param(HTML, OK, Symptom.LOSSY, id="configuration is answered by a proxy"),
        pytest.param(OK, LOST, Symptom.LOSSY, id="health is lost"),
        pytest.param(LOST, OK, Symptom.LOSSY, id="configuration is lost"),
        pytest.param(REFUSED, OK, Symptom.LOSSY, id="one connection is refused"),
        pytest.param(OK, NO_HEALTH, Symptom.HEALTHY, id="older than health"),
        pytest.param(OK, NO_HEALTH_BY_ONEPANEL, Symptom.UNCLEAR, id="Onepanel answers not found"),
        pytest.param(FULL, FULL, Symptom.FULL, id="503 to both"),
        pytest.param(FULL, OK, Symptom.UNCLEAR, id="503 to the configuration alone"),
        pytest.param(OK, FULL, Symptom.UNCLEAR, id="503 to health alone"),
        pytest.param(BUSY, BUSY, Symptom.UNCLEAR, id="503 with another id to both"),
        pytest.param(ODD, ODD, Symptom.UNCLEAR, id="Onepanel's errors to both"),
        pytest.param(ODD, LOST, Symptom.UNCLEAR, id="an error and a loss"),
        pytest.param(OK, LATE, Symptom.UNFINISHED, id="the round ended before health"),
        pytest.param(OK, BUG, Symptom.UNFINISHED, id="a bug in place of health"),
        pytest.param(LATE, OK, Symptom.HEALTHY, id="the round ended before configuration"),
        pytest.param(LATE, FULL, Symptom.FULL, id="the round ended before configuration, and health is full"),
        pytest.param(
            LATE, UNHEALTHY, Symptom.UNHEALTHY, id="the round ended before configuration, and health fails"
        ),
        pytest.param(LATE, LATE, Symptom.UNSEEN, id="the round ended before anything"),
        pytest.param(SILENT, LATE, Symptom.SILENT, id="one had its time, and shows silence"),
        pytest.param((503, 0, HTML[2]), (503, 0, HTML[2]), Symptom.EMPTY_503, id="the empty 503"),
        pytest.param((503, 0, HTML[2]), SILENT, Symptom.EMPTY_503, id="the empty 503, then silence"),
        pytest.param((503, 1, HTML[2]), (503, 1, HTML[2]), Symptom.FOREIGN, id="a 503 with a byte"),
        pytest.param((504, 0, HTML[2]), (504, 0, HTML[2]), Symptom.FOREIGN, id="an empty 504"),
        pytest.param(CRASHED, CRASHED, Symptom.FAILING, id="an empty 500"),
        pytest.param(EMPTY_204, EMPTY_204, Symptom.FAILING, id="204"),
        pytest.param(HTML, HTML, Symptom.FOREIGN, id="HTML"),
        pytest.param(SILENT, SILENT, Symptom.SILENT, id="silence"),
        pytest.param(REFUSED, REFUSED, Symptom.REFUSED, id="refused"),
        pytest.param(LOST, REFUSED, Symptom.REFUSED, id="lost, then refused"),
        pytest.param((200, 0, LOST[2]), (200, 0, LOST[2]), Symptom.LOST, id="cut before its body"),
    ],
)
def test_the_symptom_of_a_path(
    configuration: tuple[int, int, Failure | NotLearnt | None],
    health: tuple[int, int, Failure | NotLearnt | None],
    expected: Symptom,
) -> None:
    assert symptom(seen(*configuration), seen(*health)) is expected


@pytest.mark.parametrize(
    ("connections", "expected"),
    [
        pytest.param((), Symptom.SILENT, id="nothing is known of the connection"),
        pytest.param((TCP,), Symptom.FROZEN, id="TCP alone"),
        pytest.param((TCP, TCP), Symptom.FROZEN, id="TCP alone, twice"),
        pytest.param((TCP, TLS), Symptom.SILENT, id="one handshake was finished"),
        pytest.param((TLS,), Symptom.SILENT, id="TLS, then silence"),
    ],
)
def test_a_port_that_never_answers_a_handshake_is_frozen(
    connections: tuple[Connection, ...], expected: Symptom
) -> None:
    assert symptom(seen(*SILENT), seen(*SILENT), connections) is expected
    assert symptom(seen(*OK), seen(*OK), connections) is Symptom.HEALTHY


def test_what_was_not_asked_shows_nothing() -> None:
    assert symptom(None, None) is Symptom.UNSEEN
    assert symptom(seen(*OK), None) is Symptom.UNSEEN
    assert symptom(None, seen(*OK)) is Symptom.UNSEEN


def test_only_the_expected_paths_decide_whether_a_target_is_unreachable() -> None:
    for proxy in (Symptom.FOREIGN, Symptom.CERTIFICATE, Symptom.FAILING):
        pair = Pair(proxy=proxy, direct=Symptom.REFUSED, expected=frozenset({AccessPath.DIRECT}))
        assert diagnose(pair) is Diagnosis.UNREACHABLE


def test_a_failure_names_its_reason_and_detail() -> None:
    assert str(Failure(Reason.RESOLVE, "no such name")) == "resolve: no such name"
    assert str(Failure(Reason.RESOLVE)) == "resolve"
    assert Failure(Reason.RESOLVE) == Failure(Reason.RESOLVE, "", "")


def _metric(kind: MetricType = MetricType.GAUGE, labels: tuple[str, ...] = ()) -> Metric[object]:
    return Metric(
        name="onedata_any",
        help='a "\\" and\nmore',
        scope=Scope.TARGET,
        see=lambda _subject: 1.0,
        read=lambda seen: [Reading(("x",), seen)],
        labels=labels,
        type=kind,
    )


def test_help_is_escaped_as_each_format_wants_it() -> None:
    classic = header(_metric(), TextFormat.CLASSIC)
    assert classic == '# HELP onedata_any a "\\\\" and\\nmore\n# TYPE onedata_any gauge\n'
    openmetrics = header(_metric(), TextFormat.OPENMETRICS)
    assert openmetrics == '# HELP onedata_any a \\"\\\\\\" and\\nmore\n# TYPE onedata_any gauge\n'


def test_the_content_types_are_those_of_the_formats() -> None:
    assert TextFormat.CLASSIC.value == "text/plain; version=0.0.4; charset=utf-8"
    assert TextFormat.OPENMETRICS.value == "application/openmetrics-text; version=1.0.0; charset=utf-8"


def test_a_family_may_be_asked_for_by_the_names_of_its_series() -> None:
    of_sum = {"onedata_any", "onedata_any_count", "onedata_any_sum"}
    assert line_names(_metric(MetricType.SUMMARY)) == of_sum
    assert line_names(_metric(MetricType.HISTOGRAM)) == of_sum | {"onedata_any_bucket"}
    assert line_names(_metric()) == {"onedata_any"}


@pytest.mark.parametrize("labels", [("a", "b"), ("path", "state"), ()], ids=["foreign", "closed", "none"])
def test_labels_that_do_not_fit_are_a_bug_that_is_noticed(labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="zip"):
        list(lines(_metric(labels=labels), [(subject(), 1.0)]))


def test_a_percent_sign_in_a_label_is_no_place_for_a_number() -> None:
    metric: Metric[object] = Metric(
        "onedata_any",
        "",
        Scope.TARGET,
        lambda _subject: "100 %s",
        lambda seen: [Reading((seen,), 1.0)],
        labels=("a",),
    )
    named = subject(("target", "b"), ("50%{}", "%d{0}"))
    text = "".join(lines(metric, [(named, metric.see(None))]))
    assert text == 'onedata_any{a="100 %s",b="%d{0}",target="50%{}"} 1.0\n'


async def test_metrics_of_the_process_are_in_the_requested_format() -> None:
    store = Store((), ())
    view = ExporterView(store, "1.2.3", "abc", "3.11", reload_successful=True, reloaded_at=0.0)
    pages = {
        text_format: b"".join([piece async for piece in Exposition(lambda: view).page(text_format)]).decode()
        for text_format in TextFormat
    }
    assert "# TYPE process_cpu_seconds_total counter" in pages[TextFormat.CLASSIC]
    assert "# TYPE process_cpu_seconds counter" in pages[TextFormat.OPENMETRICS]


def test_what_has_no_utf_8_is_replaced() -> None:
    assert escape('a\ud800\\"\n') == 'a?\\\\\\"\\n'

"""The table of diagnoses: (symptom of proxy, symptom of direct) -> Diagnosis.

`RULES` is the table, in order of precedence: the first rule that holds is the diagnosis.
`docs/diagnosis.md` is generated from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from exporter.diagnosis.symptoms import UP, Symptom
from exporter.diagnosis.wording import PAGE
from exporter.targets import AccessPath

_NO_ANSWER = frozenset({Symptom.REFUSED, Symptom.NO_CONNECTION, Symptom.LOST, Symptom.SILENT, Symptom.FROZEN})
_NOT_ONEPANEL = frozenset({Symptom.EMPTY_503, Symptom.FOREIGN, Symptom.FAILING})
_NO_PANEL_BEHIND = frozenset({Symptom.EMPTY_503, Symptom.SILENT})
_NOT_HEALTHY = frozenset({Symptom.UNHEALTHY, Symptom.UNCLEAR})
_HEALTHY = frozenset({Symptom.HEALTHY, Symptom.HANGING})
_SLOW = frozenset({Symptom.SILENT, Symptom.FROZEN})
# What leaves a path without Onepanel. The empty 503 of 443 is not among them: there the worker answers.
_DEAD = {
    AccessPath.PROXY: _NO_ANSWER | {Symptom.FOREIGN},
    AccessPath.DIRECT: _NO_ANSWER | {Symptom.FOREIGN, Symptom.EMPTY_503},
}
# The symptoms that can leave the diagnosis `unknown`, and why; with every other pair a rule holds.
UNDECIDED: Mapping[Symptom, str] = {
    Symptom.UNSEEN: "no request had its whole timeout: before the first round, "
    "in a probe with a short `--deadline`, or after a bug of the exporter",
    Symptom.UNFINISHED: "Onepanel is up, but the round ended before it could answer `health`",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """The two paths of one node, as the table sees them.

    `agree`, `deployed` and `zone_connected` are None when they are unknown. `waits_for_neighbour`: another
    node has stopped answering, and this one's Onepanel may hang for a round or two because of it.
    """

    proxy: Symptom
    direct: Symptom
    expected: frozenset[AccessPath] = frozenset(AccessPath)
    agree: bool | None = None
    deployed: bool | None = None
    zone_connected: bool | None = None
    waits_for_neighbour: bool = False

    def expected_symptoms(self) -> tuple[Symptom, ...]:
        """Return the symptoms of the paths that are expected to work."""
        return tuple(self.symptom(path) for path in AccessPath if path in self.expected)

    def symptom(self, path: AccessPath) -> Symptom:
        """Return the symptom of one path."""
        return self.proxy if path is AccessPath.PROXY else self.direct

    def up_symptoms(self) -> tuple[Symptom, ...]:
        """Return the symptoms of the paths over which Onepanel answered, expected or not."""
        return tuple(seen for seen in (self.proxy, self.direct) if seen in UP)


class Diagnosis(StrEnum):
    """The fault of a target or node; the metric label `diagnosis`. Exactly one holds."""

    OK = "ok"
    PROXY_DOWN = "proxy_down"
    PROXY_BROKEN = "proxy_broken"
    HOST_FROZEN = "host_frozen"
    PANEL_DOWN = "panel_down"
    DIRECT_DOWN = "direct_down"
    UNREACHABLE = "unreachable"
    UNHEALTHY = "unhealthy"
    DATABASE_FULL = "database_full"
    ZONE_DISCONNECTED = "zone_disconnected"
    CERTIFICATE = "certificate"
    MISMATCH = "mismatch"
    NOT_DEPLOYED = "not_deployed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table: when a diagnosis holds, what it means, and what to do first.

    `step` is a template of `Wording`, and holds where the reason of the failure adds nothing.
    """

    diagnosis: Diagnosis
    holds: Callable[[Pair], bool]
    meaning: str
    step: str

    @property
    def first_step(self) -> str:
        """Return the first step in the words of a page."""
        return PAGE.fill(self.step)


def _hangs_with_neighbour(pair: Pair) -> bool:
    return pair.waits_for_neighbour and not pair.up_symptoms() and pair.direct in _SLOW


def _panel_down(pair: Pair) -> bool:
    no_panel = _NO_ANSWER | {Symptom.FOREIGN, Symptom.EMPTY_503}
    return pair.proxy in _NO_PANEL_BEHIND and pair.direct in no_panel and not _hangs_with_neighbour(pair)


def _unreachable(pair: Pair) -> bool:
    if pair.up_symptoms() or _hangs_with_neighbour(pair):
        return False
    return all(pair.symptom(path) in _DEAD[path] for path in pair.expected)


def _proxy_fails(pair: Pair, how: frozenset[Symptom]) -> bool:
    return AccessPath.PROXY in pair.expected and pair.direct in UP and pair.proxy in how


def _proxy_broken(pair: Pair) -> bool:
    """Return whether the proxy path fails in a way that the Onepanel behind it does not explain."""
    if _proxy_fails(pair, _NOT_ONEPANEL):
        return True
    if pair.direct in _NOT_HEALTHY:
        return False
    loses = frozenset({Symptom.LOSSY} if pair.direct is Symptom.HANGING else {Symptom.LOSSY, Symptom.HANGING})
    return _proxy_fails(pair, loses)


def _unhealthy(pair: Pair) -> bool:
    up = pair.up_symptoms()
    expected = pair.expected_symptoms()
    only_direct_hangs = (pair.proxy, pair.direct) == (Symptom.HEALTHY, Symptom.HANGING)
    if (
        _NOT_HEALTHY & {*up}
        or Symptom.LOSSY in expected
        or (only_direct_hangs and Symptom.HANGING in expected)
    ):
        return True
    fails = not up and Symptom.FAILING in {pair.proxy, pair.direct}
    return fails or _hangs_with_neighbour(pair)


def _certificate(pair: Pair) -> bool:
    """Return whether a path fails for its certificate.

    The empty 503 beside a rejected certificate is the proxy rejecting the same certificate of 9443.
    """
    proxy_rejects_it = (pair.proxy, pair.direct) == (Symptom.EMPTY_503, Symptom.CERTIFICATE)
    return proxy_rejects_it or Symptom.CERTIFICATE in pair.expected_symptoms()


def _direct_down(pair: Pair) -> bool:
    is_down = pair.direct in _NO_ANSWER | _NOT_ONEPANEL
    return AccessPath.DIRECT in pair.expected and pair.proxy in UP and is_down


RULES: tuple[Rule, ...] = (
    Rule(
        Diagnosis.DATABASE_FULL,
        lambda pair: Symptom.FULL in pair.up_symptoms(),
        "Onepanel answers 503 `serviceUnavailable` to every public operation: its circuit breaker is open.",
        "Free space on the database's disk, or enlarge it; the breaker closes by itself.",
    ),
    Rule(
        Diagnosis.NOT_DEPLOYED,
        lambda pair: pair.deployed is False,
        "Onepanel is up, but the cluster is not deployed yet.",
        "Finish the installation in Onepanel's web interface, on port 9443.",
    ),
    Rule(
        Diagnosis.HOST_FROZEN,
        lambda pair: pair.proxy is pair.direct is Symptom.FROZEN,
        "Both ports accept connections, and neither finishes a TLS handshake: no process of the host runs.",
        "The host, not a service: log in over its console.",
    ),
    Rule(
        Diagnosis.PANEL_DOWN,
        _panel_down,
        "443 answers with the empty 503, or finishes TLS and then stays silent; direct is not up either.",
        "The worker runs, Onepanel does not: restart Onepanel on that host.",
    ),
    Rule(
        Diagnosis.UNREACHABLE,
        _unreachable,
        "There is no connection to any expected path, or only a foreign proxy answers.",
        "Check the host, then the network between it and the exporter.",
    ),
    Rule(
        Diagnosis.PROXY_DOWN,
        lambda pair: _proxy_fails(pair, _NO_ANSWER),
        "Direct is up, but 443 does not answer (refused, timeout, reset).",
        "The worker is down: restart it through the direct path (Onepanel on port 9443).",
    ),
    Rule(
        Diagnosis.PROXY_BROKEN,
        _proxy_broken,
        "Direct is up; 443 answers, but not with Onepanel's answers (empty 503, HTML 50x, 404), or loses requests.",
        "The worker cannot reach its own Onepanel: check the certificate chain of 9443 and the worker's log.",
    ),
    Rule(
        Diagnosis.MISMATCH,
        lambda pair: pair.agree is False,
        "The paths lead to different clusters or versions, or the cluster is not of the configured `kind`.",
        "Compare both answers {evidence}: DNS or a proxy leads elsewhere, or {kind}.",
    ),
    Rule(
        Diagnosis.UNHEALTHY,
        _unhealthy,
        "Onepanel reports that it is not healthy, answers and fails, or loses requests over the direct path.",
        "A Onepanel node of the cluster is unhealthy: find the one whose 9443 or port 80 does not answer.",
    ),
    Rule(
        Diagnosis.ZONE_DISCONNECTED,
        lambda pair: pair.zone_connected is False and not _HEALTHY.isdisjoint(pair.up_symptoms()),
        "The Oneprovider is up and healthy, but not connected to its zone.",
        "Check its clock, its version and the network towards the zone, then the worker's log.",
    ),
    Rule(
        Diagnosis.CERTIFICATE,
        _certificate,
        "A path fails for its certificate or TLS handshake, and nothing worse is wrong.",
        "Check the certificate {evidence}: renew it, or trust its authority {trust}.",
    ),
    Rule(
        Diagnosis.DIRECT_DOWN,
        _direct_down,
        "Proxy is up, but 9443 cannot be reached though it is expected to.",
        "A firewall, or Onepanel bound elsewhere; if that is meant to be, {only_proxy}.",
    ),
    Rule(
        Diagnosis.OK,
        lambda pair: _HEALTHY.issuperset(pair.expected_symptoms()),
        "Every expected path is up and healthy.",
        "Nothing to do.",
    ),
    Rule(
        Diagnosis.UNKNOWN,
        lambda _pair: True,
        "No round has finished yet, or the last one ended before it could learn enough.",
        "See {place} for what each path answered.",
    ),
)
RULE_OF: Mapping[Diagnosis, Rule] = {rule.diagnosis: rule for rule in RULES}

# From what matters most to `ok`: how several nodes' diagnoses become one word.
SEVERITY: tuple[Diagnosis, ...] = (
    *(rule.diagnosis for rule in RULES if rule.diagnosis is not Diagnosis.OK),
    Diagnosis.OK,
)


def diagnose(pair: Pair) -> Diagnosis:
    """Return the diagnosis of the first rule that holds. Total: the last one always does."""
    return next(rule.diagnosis for rule in RULES if rule.holds(pair))

"""What both paths together say: (symptom of proxy, symptom of direct) -> Diagnosis, as a table.

`RULES` is the table, in order of precedence: the first rule that holds is the diagnosis.
`docs/diagnosis.md` is generated from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from exporter.diagnosis.symptoms import UP, Symptom
from exporter.targets import AccessPath

_NOBODY = frozenset({Symptom.REFUSED, Symptom.NO_CONNECTION, Symptom.LOST, Symptom.SILENT})
_WORDLESS = frozenset({Symptom.EMPTY_503, Symptom.FOREIGN})
_NOBODY_BEHIND = frozenset({Symptom.EMPTY_503, Symptom.SILENT})


@dataclass(frozen=True, slots=True)
class Pair:
    """The two paths of one node, as the table sees them.

    `agree` and `deployed` are None when it could not be learnt.
    """

    proxy: Symptom
    direct: Symptom
    expected: frozenset[AccessPath] = frozenset(AccessPath)
    agree: bool | None = None
    deployed: bool | None = None

    def expected_symptoms(self) -> tuple[Symptom, ...]:
        """The symptoms of the paths that are expected to work."""
        return tuple(
            seen
            for path, seen in ((AccessPath.PROXY, self.proxy), (AccessPath.DIRECT, self.direct))
            if path in self.expected
        )

    def up_symptoms(self) -> tuple[Symptom, ...]:
        """The symptoms of the paths over which Onepanel answered, expected or not."""
        return tuple(seen for seen in (self.proxy, self.direct) if seen in UP)


class Diagnosis(StrEnum):
    """What is broken; the metric label `diagnosis`. Exactly one holds for a target or node."""

    OK = "ok"
    PROXY_DOWN = "proxy_down"
    PROXY_BROKEN = "proxy_broken"
    PANEL_DOWN = "panel_down"
    DIRECT_DOWN = "direct_down"
    UNREACHABLE = "unreachable"
    UNHEALTHY = "unhealthy"
    DATABASE_FULL = "database_full"
    CERTIFICATE = "certificate"
    MISMATCH = "mismatch"
    NOT_DEPLOYED = "not_deployed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table: when a diagnosis holds, what it means, and what to do first."""

    diagnosis: Diagnosis
    holds: Callable[[Pair], bool]
    meaning: str
    first_step: str


def _unreachable(pair: Pair) -> bool:
    if pair.up_symptoms() or pair.proxy in _NOBODY_BEHIND:
        return False
    return all(seen in _NOBODY for seen in pair.expected_symptoms())


def _panel_down(pair: Pair) -> bool:
    return pair.proxy in _NOBODY_BEHIND and pair.direct in _NOBODY | _WORDLESS


def _proxy_fails(pair: Pair, how: frozenset[Symptom]) -> bool:
    return AccessPath.PROXY in pair.expected and pair.direct in UP and pair.proxy in how


def _unhealthy(pair: Pair) -> bool:
    return Symptom.UNHEALTHY in pair.up_symptoms() or Symptom.LOSSY in pair.expected_symptoms()


def _certificate(pair: Pair) -> bool:
    """The empty 503 beside a refused certificate is the proxy refusing the same certificate of 9443."""
    proxy_refuses_it = (pair.proxy, pair.direct) == (Symptom.EMPTY_503, Symptom.CERTIFICATE)
    return proxy_refuses_it or Symptom.CERTIFICATE in pair.expected_symptoms()


def _direct_down(pair: Pair) -> bool:
    return AccessPath.DIRECT in pair.expected and pair.proxy in UP and pair.direct in _NOBODY | _WORDLESS


RULES: tuple[Rule, ...] = (
    Rule(
        Diagnosis.DATABASE_FULL,
        lambda pair: set(pair.up_symptoms()) == {Symptom.FULL},
        "Onepanel answers 503 `service_unavailable` to every public operation: its circuit breaker is open.",
        "Free space on the database's disk, or enlarge it; the breaker closes by itself.",
    ),
    Rule(
        Diagnosis.NOT_DEPLOYED,
        lambda pair: pair.deployed is False,
        "Onepanel is up, but the cluster is not deployed yet.",
        "Finish the installation in Onepanel's web interface, on port 9443.",
    ),
    Rule(
        Diagnosis.PANEL_DOWN,
        _panel_down,
        "443 answers with the empty 503, or accepts connections and stays silent; direct is not up either.",
        "The worker runs, Onepanel does not: restart Onepanel on that host.",
    ),
    Rule(
        Diagnosis.UNREACHABLE,
        _unreachable,
        "There is no connection to any expected path.",
        "Check the host, then the network between it and the exporter.",
    ),
    Rule(
        Diagnosis.PROXY_DOWN,
        lambda pair: _proxy_fails(pair, _NOBODY),
        "Direct is up, but nobody answers on 443 (refused, timeout, reset).",
        "The worker is down: restart it through the direct path (Onepanel on port 9443).",
    ),
    Rule(
        Diagnosis.PROXY_BROKEN,
        lambda pair: _proxy_fails(pair, _WORDLESS | {Symptom.LOSSY}),
        "Direct is up; 443 answers, but not with Onepanel's words (empty 503, HTML 50x, 404), or loses requests.",
        "The worker cannot reach its own Onepanel: check the certificate chain of 9443 and the worker's log.",
    ),
    Rule(
        Diagnosis.MISMATCH,
        lambda pair: pair.agree is False,
        "The paths lead to different clusters or versions, or to another kind of cluster than `kind` says.",
        "Compare what both paths say on the target's page: DNS or a proxy leads elsewhere, or `kind` is wrong.",
    ),
    Rule(
        Diagnosis.UNHEALTHY,
        _unhealthy,
        "Onepanel itself says that it is not healthy, its health check never ends, or direct loses requests.",
        "A Onepanel node of the cluster is sick: find the one whose 9443 or port 80 does not answer.",
    ),
    Rule(
        Diagnosis.CERTIFICATE,
        _certificate,
        "A path fails for its certificate or TLS handshake, and nothing worse is wrong.",
        "Look at the certificate on the target's page: renew it, or trust its authority with `tls.ca_file`.",
    ),
    Rule(
        Diagnosis.DIRECT_DOWN,
        _direct_down,
        "Proxy is up, but 9443 cannot be reached though it is expected to.",
        "A firewall, or Onepanel bound elsewhere; if that is meant to be, set `paths: [proxy]`.",
    ),
    Rule(
        Diagnosis.OK,
        lambda pair: set(pair.expected_symptoms()) == {Symptom.HEALTHY},
        "Every expected path is up and healthy.",
        "Nothing to do.",
    ),
    Rule(
        Diagnosis.UNKNOWN,
        lambda _pair: True,
        "No round is finished yet, or none of the other rows holds.",
        "See the target's page for what each path answered.",
    ),
)
RULE_OF: Mapping[Diagnosis, Rule] = {rule.diagnosis: rule for rule in RULES}

# From what matters most to `ok`: how several nodes' diagnoses become one word.
SEVERITY: tuple[Diagnosis, ...] = (
    *(rule.diagnosis for rule in RULES if rule.diagnosis is not Diagnosis.OK),
    Diagnosis.OK,
)


def diagnose(pair: Pair) -> Diagnosis:
    """The first rule that holds. Total: the last one always does."""
    return next(rule.diagnosis for rule in RULES if rule.holds(pair))

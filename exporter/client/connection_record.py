"""What the connections and exchanges of one route showed in one round."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.certificates import ParsedCertificate, parse_chain
from exporter.client.chains import strict_objection
from exporter.client.connection_timer import ConnectionTimer, Stage
from exporter.client.exchange_log import Observe, readable
from exporter.client.failures import describe_address, describe_attempts
from exporter.client.reading import Draft
from exporter.client.redaction import Redaction
from exporter.client.tls import TlsContexts
from exporter.client.transcripts import transcribe
from exporter.observation import Certificate, Connection, Exchange, Trace, Transcript
from exporter.operations.operation import Request, Value
from exporter.operations.outcome import ROUND_ENDED
from exporter.reasons import CERTIFICATE_REASONS, Failure
from exporter.targets import Route, Target


class ConnectionRecord:
    """The connections, exchanges and transcripts of one route; `observe` receives every exchange in full.

    `untrusted` is the failure of a certificate, which the next request would meet again.
    """

    def __init__(
        self, target: Target, origin: str, tls: TlsContexts, redaction: Redaction, observe: Observe | None
    ) -> None:
        self.connections: list[Connection] = []
        self.transcripts: list[Transcript] = []
        self.untrusted: Failure | None = None
        self._target = target
        self._origin = origin
        self._tls = tls
        self._redaction = redaction
        self._observe = observe

    def add(
        self, route: Route, request: Request[Value], reply: object, draft: Draft, timer: ConnectionTimer
    ) -> list[Exchange]:
        """Keep what opening the connection showed, and return the exchange; nothing if nothing was sent."""
        failure = reply if isinstance(reply, Failure) else None
        is_cut = reply is ROUND_ENDED
        connection = self._connection(timer, failure)
        if connection is not None:
            self.connections.append(connection)
        if is_cut and not timer.is_sent:
            return []
        public = not request.credentials
        exchange = Exchange(route, draft.status, draft.seconds, draft.body_bytes, failure, public, cut=is_cut)
        if public:
            self.transcripts.append(
                transcribe(exchange, request.method, self._origin + request.path, draft, self._redaction)
            )
        if self._observe is not None:
            self._observe(self._trace(request, exchange, draft, connection))
        return [exchange]

    def _trace(
        self,
        request: Request[object],
        exchange: Exchange,
        draft: Draft,
        connection: Connection | None,
    ) -> Trace:
        """Return an exchange in full. `connection` is None if it used one that was open."""
        return Trace(
            exchange,
            request.method,
            self._origin + request.path,
            readable(draft.response.request_info.headers, self._redaction) if draft.response else (),
            readable(draft.response.headers, self._redaction) if draft.response else (),
            connection is not None,
            (connection.chain or None) if connection else None,
            connection.attempts if connection else (),
        )

    def _clean_chain(self, chain: Sequence[ParsedCertificate]) -> tuple[Certificate, ...]:
        return tuple(self._redaction.certificate(each.shown) for each in chain)

    def _connection(self, timer: ConnectionTimer, failure: Failure | None) -> Connection | None:
        """Return what opening the connection showed; None if the request used one that was open."""
        if timer.stage is Stage.IDLE:
            return None
        is_open = timer.stage is Stage.OPEN
        verified = is_open and not self._target.tls.insecure_skip_verify
        objection = ""
        if is_open:
            failure = None
        elif failure is not None and failure.reason in CERTIFICATE_REASONS:
            self.untrusted = failure  # the next request would meet the same certificate
        if verified:
            way = parse_chain(timer.verified_chain, verified=True)
            self._tls.intermediates.add(way)
            objection = self._redaction.text(strict_objection(way))
        return Connection(
            timer.phases,
            self._clean_chain(parse_chain(timer.served_chain, verified=verified)),
            failure,
            describe_attempts(timer),
            timer.addresses,
            objection,
            describe_address(timer),
        )

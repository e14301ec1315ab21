"""`GET http://DOMAIN/`: whether port 80 answers with its redirect, as the challenge of Let's Encrypt needs; public.

It is asked only where Onepanel uses Let's Encrypt. The redirect is not followed. From outside the port may still be
closed: the exporter sees it from its own place.
"""

from __future__ import annotations

from dataclasses import dataclass

from exporter.operations.operation import Cadence, Conversation, Known, Operation, Request, send
from exporter.operations.outcome import Facts
from exporter.operations.responses import Response
from exporter.operations.web_certificate import OPERATION as WEB_CERTIFICATE
from exporter.operations.web_certificate import WebCertificate
from exporter.targets import AccessPath

_REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class Port80(Facts):
    """Port 80 answers, with this HTTP status."""

    status: int

    @property
    def redirects(self) -> bool:
        """Return whether the answer is a redirect, as the worker's own is."""
        return self.status in _REDIRECTS


def read(answer: Response) -> Port80:
    """Return the facts of an answer of any status."""
    return Port80(answer.status)


def _conversation(_known: Known) -> Conversation[Port80]:
    return (yield from send(Request("/", read, accept="*/*", over=AccessPath.PROXY, plain=True)))


def _applies(known: Known) -> bool:
    web_certificate = known.learnt.get(WEB_CERTIFICATE.name)
    return (
        known.has_port_80
        and isinstance(web_certificate, WebCertificate)
        and web_certificate.lets_encrypt is True
    )


OPERATION: Operation[Port80] = Operation(
    name="port_80",
    summary="whether port 80 answers with its redirect, as the challenge of Let's Encrypt needs",
    conversation=_conversation,
    cadence=Cadence.DETAILS,
    paths=(AccessPath.PROXY,),
    needs_credentials=True,
    applies=_applies,
)

"""HTTP over TLS on one port: reads requests and sends answers, or fails as its behaviour demands."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from exporter.simulator import delivery
from exporter.simulator.authority import Authority, Credential, ObservedTls
from exporter.simulator.behaviour import Behaviour, Listening
from exporter.simulator.listener import Listener, reset_on_close
from exporter.simulator.messages import Reply, Request, read_request
from exporter.simulator.request_log import RequestLog
from exporter.simulator.timing import Timing

Response: TypeAlias = Callable[[Request], Awaitable[Reply]]

_FIRST_REQUEST_SECONDS = 30.0
_IDLE_SECONDS = 60.0
_PIECE_BYTES = 65536
_BAD_REQUEST = Reply(400, closing=True)
_HEAD_TOO_LARGE = Reply(431, closing=True)


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """What never changes of a server.

    `requests_per_connection` is 0 for no limit. `names` are those of its certificates, by default those of
    the authority. `aliases` are further addresses that it listens on.
    """

    authority: Authority
    timing: Timing
    requests_per_connection: int = 0
    names: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class Server:
    """A server on one port, closed until its behaviour changes."""

    def __init__(self, host: str, config: ServerConfig, answer: Response) -> None:
        self.request_log = RequestLog()
        self._config = config
        self._answer = answer
        self._behaviour = Behaviour(listening=Listening.CLOSED)
        self._lossy_connections = 0
        self._turns = 0
        self._listener = Listener((host, *config.aliases), self._serve)

    @property
    def port(self) -> int:
        """The port that was last reserved; 0 before that."""
        return self._listener.port

    def reserve(self, port: int) -> None:
        """Take a port, 0 being any free one; raises OSError when it is taken already."""
        self._listener.reserve(port)

    async def behave(self, behaviour: Behaviour) -> None:
        """Replace the behaviour: its certificate for new connections, everything else at once."""
        self._lossy_connections = self._lossy_connections if behaviour.lossy else 0
        self._behaviour = behaviour
        await self._listener.move(behaviour.listening)

    async def release(self) -> None:
        """Stop, reset all connections and give the port back."""
        await self._listener.release()

    async def _serve(self, connection: socket.socket) -> None:
        # Whatever goes wrong on a connection is for its client to notice. TimeoutError and SSLError are OSErrors.
        with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
            reader, writer = await self._greet(connection)
            try:
                await self._conversation(reader, writer, lost=self._is_lost())
            except (asyncio.CancelledError, ConnectionError):
                reset_on_close(connection)
                raise
            finally:
                writer.transport.abort()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()

    async def _greet(self, connection: socket.socket) -> tuple[StreamReader, StreamWriter]:
        loop = asyncio.get_running_loop()
        behaviour = self._behaviour
        context = None if behaviour.plain else self._context(self._certificate())
        reader = StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport, _protocol = await loop.connect_accepted_socket(lambda: protocol, connection, ssl=context)
        writer = StreamWriter(transport, protocol, reader, loop)
        tls = writer.get_extra_info("ssl_object")
        self.request_log.note_connection(tls.server_name if isinstance(tls, ObservedTls) else None)
        return reader, writer

    def _is_lost(self) -> bool:
        """Return whether a new connection is among those that are reset."""
        if not self._behaviour.lossy:
            return False
        self._lossy_connections += 1
        return self._lossy_connections % 2 == 1

    def _certificate(self) -> Credential:
        """Return the certificate of a new connection."""
        behaviour = self._behaviour
        self._turns += 1
        return behaviour.in_turn if behaviour.in_turn and self._turns % 2 == 0 else behaviour.certificate

    def _context(self, certificate: Credential) -> ssl.SSLContext:
        names = (self._config.names,) if self._config.names else ()
        return self._config.authority.server_context(certificate, *names)

    async def _conversation(self, reader: StreamReader, writer: StreamWriter, *, lost: bool) -> None:
        timeout_seconds = _FIRST_REQUEST_SECONDS
        remaining = self._config.requests_per_connection
        closing = False
        while not closing:
            try:
                async with asyncio.timeout(timeout_seconds):
                    request = await read_request(reader)
            except ValueError:
                await delivery.whole(writer, _BAD_REQUEST)
                break
            except asyncio.LimitOverrunError:
                await delivery.whole(writer, _HEAD_TOO_LARGE)
                break
            if lost:
                self.request_log.note(request, 0)
                raise ConnectionAbortedError
            remaining -= 1
            closing = await self._respond(request, reader, writer, last=remaining == 0)
            timeout_seconds = _IDLE_SECONDS
        writer.close()
        await writer.wait_closed()

    async def _respond(
        self, request: Request, reader: StreamReader, writer: StreamWriter, *, last: bool
    ) -> bool:
        """Answer one request; whether the connection is to be closed then."""
        behaviour = self._behaviour
        reply = None if _never_answers(behaviour) else behaviour.instead or await self._answer(request)
        if reply is None or reply.silent:
            self.request_log.note(request, 0)
            while await reader.read(_PIECE_BYTES):
                pass  # until the client gives up; nothing of what it still sends is kept
            return True
        reply = behaviour.distort(reply) if behaviour.distort else reply
        await self._take_time(reply, slow=behaviour.slow)
        closing = last or request.wants_close
        body = b"" if request.method == "HEAD" else reply.body
        self.request_log.note(request, reply.status)
        await behaviour.deliver(writer, replace(reply, body=body, closing=closing))
        return closing or behaviour.deliver is not delivery.whole

    async def _take_time(self, reply: Reply, *, slow: bool) -> None:
        timing = self._config.timing
        seconds = reply.seconds * timing.scale
        seconds += timing.latency_seconds if slow else 0.0
        if seconds > 0.0:
            await asyncio.sleep(seconds)


def _never_answers(behaviour: Behaviour) -> bool:
    return behaviour.silent or behaviour.listening is Listening.FROZEN

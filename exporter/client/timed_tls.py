"""The handshake of a connection, reported to its timer."""

from __future__ import annotations

import ssl

from exporter.client.chains import served_chain, verified_chain
from exporter.client.connection_timer import Stage, current_timer
from exporter.observation import Phase


class TimedSSLObject(ssl.SSLObject):
    """An SSL object that reports the begin and the end of its handshake to the timer."""

    def do_handshake(self) -> None:
        """Continue the handshake: called again and again until it no longer raises SSLWantReadError."""
        timer = current_timer.get()
        if timer is None:
            super().do_handshake()
            return
        if timer.ssl_object is not self:
            timer.connected()
            timer.ssl_object = self
            timer.begin(Stage.HANDSHAKING)
        else:
            timer.server_spoke = True
        super().do_handshake()
        timer.finish(Phase.TLS)
        timer.stage = Stage.OPEN
        # Taken at once: an SSL object that has failed since then no longer returns them.
        timer.served_chain, timer.verified_chain = served_chain(self), verified_chain(self)

"""Secrets that a target sends back: removed from all of its answer before it is read. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import replace

from exporter.credentials import PASSPHRASE_USER
from exporter.observation import Certificate

_REDACTED = "<redacted>"
# A shorter secret would be found in ordinary words, and could be guessed anyway.
_LEAST_CHARACTERS = 6


def _forms(secret: str) -> Iterable[str]:
    """Yield a secret as it may be sent back: as it is, in JSON, and in base64, alone or with the user's name."""
    yield secret
    yield json.dumps(secret)[1:-1]
    for plain in (secret, f"{PASSPHRASE_USER}:{secret}"):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(plain.encode()).decode().rstrip("=")


class Redaction:
    """The removal of known secrets from foreign text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        long_enough = (each for each in secrets if len(each) >= _LEAST_CHARACTERS)
        forms = {form for secret in long_enough for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)

    def text(self, text: str) -> str:
        """Return a text without the secrets."""
        for form in self._forms:
            text = text.replace(form, _REDACTED)
        return text

    def data(self, data: bytes) -> bytes:
        """Return bytes without the secrets."""
        for form in self._forms:
            data = data.replace(form.encode(), _REDACTED.encode())
        return data

    def certificate(self, certificate: Certificate) -> Certificate:
        """Return a certificate whose names are without the secrets."""
        if not self._forms:
            return certificate
        subject, issuer = self.text(certificate.subject), self.text(certificate.issuer)
        return replace(certificate, subject=subject, issuer=issuer)

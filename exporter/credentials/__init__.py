"""Credentials: which ones a target has, how a request sends them, what a response and a token state about them."""

from __future__ import annotations

from exporter.credentials.authentication import (
    PASSPHRASE_USER,
    Auth,
    AuthMethod,
    Secret,
    Verdict,
    headers,
    judge,
)

__all__ = ["PASSPHRASE_USER", "Auth", "AuthMethod", "Secret", "Verdict", "headers", "judge"]

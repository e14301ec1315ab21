"""Basic authentication against bcrypt hashes, such that guessing costs the guesser and not the exporter."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import Executor

import bcrypt

_MOST_ACCEPTED = 128
_MOST_AT_ONCE = 16
_BCRYPT_BYTES = 72  # bcrypt reads no more, and the library refuses more
_SALT_END = 29
_HASH_LENGTH = 31


class Busy(Exception):  # noqa: N818 - a state, no error
    """Too many passwords are being compared already."""


class Passwords:
    """The users and their hashes. Comparing takes a tenth of a second or more, so it is done in `pool`.

    A pair that was right is remembered, as a keyed digest, so that a scraper's password is compared once.
    Names that no user has take as long as those of the users. At most so many comparisons wait at once; a
    further request is rejected and may retry, while a remembered pair is accepted at once.
    """

    def __init__(self, users: Iterable[tuple[str, str]], pool: Executor) -> None:
        self._hashes = {name.encode(): hashed.encode() for name, hashed in users}
        self._decoys = [_decoy(hashed) for hashed in self._hashes.values()]
        self._pool = pool
        self._key = secrets.token_bytes(32)
        self._accepted: OrderedDict[bytes, None] = OrderedDict()
        self._running: dict[bytes, asyncio.Future[bool]] = {}

    @property
    def wanted(self) -> bool:
        """Whether requests need a password."""
        return bool(self._hashes)

    async def accept(self, authorization: str) -> bool:
        """Return whether the value of a request's `Authorization` header is right.

        Raises:
            Busy: too many comparisons wait.
        """
        pair = parse_authorization(authorization)
        if pair is None:
            return False
        name, password = pair
        proof = self._digest(b"%d:%b%b" % (len(name), name, password))
        if proof in self._accepted:
            self._accepted.move_to_end(proof)
            return True
        return await asyncio.shield(self._running.get(proof) or self._start(proof, name, password))

    def _start(self, proof: bytes, name: bytes, password: bytes) -> asyncio.Future[bool]:
        if len(self._running) >= _MOST_AT_ONCE:
            raise Busy
        running = asyncio.ensure_future(self._compare(proof, name, password))
        self._running[proof] = running
        running.add_done_callback(lambda _: self._running.pop(proof, None))
        return running

    async def _compare(self, proof: bytes, name: bytes, password: bytes) -> bool:
        hashed = self._hashes.get(name, self._decoy_for(name))
        loop = asyncio.get_running_loop()
        matches = await loop.run_in_executor(self._pool, bcrypt.checkpw, password[:_BCRYPT_BYTES], hashed)
        if not matches or name not in self._hashes:
            return False
        self._accepted[proof] = None
        while len(self._accepted) > _MOST_ACCEPTED:
            self._accepted.popitem(last=False)
        return True

    def _decoy_for(self, name: bytes) -> bytes:
        """Return a hash with the cost of some user's: always the same for one name, its time discloses nothing."""
        return self._decoys[int.from_bytes(self._digest(name)[:8]) % len(self._decoys)]

    def _digest(self, text: bytes) -> bytes:
        return hmac.digest(self._key, text, "sha256")


def _decoy(hashed: bytes) -> bytes:
    """Return a hash of the same cost that no password has."""
    salt = bcrypt.gensalt(int(hashed[4:6]))
    return salt[:_SALT_END] + b"." * _HASH_LENGTH


def parse_authorization(authorization: str) -> tuple[bytes, bytes] | None:
    """Return name and password of a header `Authorization`; None when it has none."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if colon else None

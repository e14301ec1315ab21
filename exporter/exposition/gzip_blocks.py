"""Gzip made of blocks that were compressed for themselves, each of which may be used again. Pure.

A compressed block refers to nothing before it, so that blocks make a valid stream in any order. What a
gzip file has of its whole text are two numbers at its end: the length, and the checksum (CRC-32), which
can be told from the checksums and lengths of the blocks alone (RFC 1952; the arithmetic is that of
polynomials over GF(2), as in zlib's `crc32_combine`).
"""

from __future__ import annotations

import struct
import zlib
from functools import reduce
from typing import NamedTuple

# Much faster than the highest level, and hardly longer: metrics repeat themselves.
_LEVEL = 3
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK = b"\x03\x00"
# A polynomial's coefficients are the bits of a number, that of x^0 the highest.
_DIVISOR = 0xEDB88320
_ONE = 1 << 31
_MASK = 0xFFFFFFFF


class GzipBlock(NamedTuple):
    """A text compressed for itself: its bytes, and the text's length and checksum.

    `shift` is what the checksum of all that comes before is multiplied with.
    """

    data: bytes
    length: int
    checksum: int
    shift: int


def pack(text: bytes) -> GzipBlock:
    """Compress a text for itself."""
    packer = zlib.compressobj(_LEVEL, wbits=-zlib.MAX_WBITS)
    data = packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH)
    return GzipBlock(data, len(text), zlib.crc32(text), _power_of_x(8 * len(text)))


def unpack(block: GzipBlock) -> bytes:
    """The text of a block."""
    return zlib.decompress(block.data + _LAST_BLOCK, wbits=-zlib.MAX_WBITS)


class GzipStream:
    """A gzip file that is written block by block: `begin`, `add` for each, `end`."""

    def __init__(self) -> None:
        self._length = 0
        self._checksum = 0

    def begin(self) -> bytes:
        """The bytes before the first block."""
        return _HEAD

    def add(self, block: GzipBlock) -> bytes:
        """The bytes of the next block."""
        self._length += block.length
        self._checksum = _product(self._checksum, block.shift) ^ block.checksum
        return block.data

    def end(self) -> bytes:
        """The bytes after the last block."""
        return _LAST_BLOCK + struct.pack("<LL", self._checksum, self._length & _MASK)


def _product(left: int, right: int) -> int:
    """The product of two polynomials, modulo the divisor of CRC-32."""
    found = 0
    while left:
        if left & _ONE:
            found ^= right
        left = left << 1 & _MASK
        right = right >> 1 ^ (_DIVISOR if right & 1 else 0)
    return found


def _squares() -> tuple[int, ...]:
    """x^(2^n) for n = 0, 1, …: enough for the bits of the longest text that fits into memory."""
    squares = [_ONE >> 1]
    for _ in range(63):
        squares.append(_product(squares[-1], squares[-1]))
    return tuple(squares)


_SQUARES = _squares()


def _power_of_x(exponent: int) -> int:
    """X to this power, modulo the divisor of CRC-32."""
    bits = (_SQUARES[place] for place in range(exponent.bit_length()) if exponent >> place & 1)
    return reduce(_product, bits, _ONE)

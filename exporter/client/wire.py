"""The bytes of an answer before they are parsed: counted, and with equal `Content-Length` lines made one. Pure."""

from __future__ import annotations

import re

# Interim answers, empty lines and the head of an answer together.
MAX_HEAD_BYTES = 64 * 1024
MAX_EMPTY_LINES = 16
MAX_INTERIM_ANSWERS = 16
# Chunks may be short, and each has a line of its own: a body may take this many times its length.
WIRE_BYTES_PER_BODY_BYTE = 2

_INTERIM = re.compile(rb"HTTP/1\.\d 1(?!01)\d\d")
_LENGTH = b"content-length"


class TooLargeError(Exception):
    """The answer is longer than the request allows."""


def wire_limit(max_body_bytes: int) -> int:
    """Return how many bytes an answer may take in all."""
    return MAX_HEAD_BYTES + WIRE_BYTES_PER_BODY_BYTE * max_body_bytes


class AnswerFilter:
    """What passes to the parser of one answer, line by line until its head is complete."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._empty_lines = 0
        self._interim_answers = 0
        self._line = bytearray()
        self._passed = 0  # of the line that is not complete
        self._begins = True
        self._is_interim = False
        self._lengths: set[bytes] = set()
        self._has_head = False

    def feed(self, data: bytes) -> bytes:
        """Return what passes of the next bytes; raise TooLargeError as soon as there are too many."""
        self._bytes += len(data)
        if self._bytes > self._max_bytes:
            raise TooLargeError(f"the answer takes more than {self._max_bytes} bytes on the wire")
        if self._has_head:
            return data
        if self._bytes - len(data) > MAX_HEAD_BYTES:
            raise TooLargeError(f"the head of the answer takes more than {MAX_HEAD_BYTES} bytes")
        return self._feed_head(data)

    def _feed_head(self, data: bytes) -> bytes:
        passing: list[bytes] = []
        start = 0
        while not self._has_head and (end := data.find(b"\n", start) + 1):
            self._line += data[start:end]
            start = end
            passing.append(self._complete_line())
        if self._has_head:
            passing.append(data[start:])
        else:
            self._line += data[start:]
            if not self._may_be_a_length():
                passing.append(bytes(self._line[self._passed :]))
                self._passed = len(self._line)
        return b"".join(passing)

    def _may_be_a_length(self) -> bool:
        """Return whether the line that is not complete has to wait for its end."""
        begin = bytes(self._line[: len(_LENGTH)]).lower()
        return not self._begins and bool(begin) and not self._passed and _LENGTH.startswith(begin)

    def _complete_line(self) -> bytes:
        line, passed = bytes(self._line), self._passed
        self._line.clear()
        self._passed = 0
        content = line.rstrip(b"\r\n")
        if self._begins:
            if content:
                self._begins, self._is_interim = False, _INTERIM.match(content) is not None
                self._lengths.clear()
            else:
                self._empty_lines += 1
                if self._empty_lines > MAX_EMPTY_LINES:
                    raise TooLargeError(f"more than {MAX_EMPTY_LINES} empty lines before the answer")
        elif not content:
            self._end_of_head()
        else:
            return self._header(line, passed)
        return line[passed:]

    def _end_of_head(self) -> None:
        if not self._is_interim:
            self._has_head = True
            return
        self._begins = True
        self._interim_answers += 1
        if self._interim_answers > MAX_INTERIM_ANSWERS:
            raise TooLargeError(f"more than {MAX_INTERIM_ANSWERS} interim answers (1xx)")

    def _header(self, line: bytes, passed: int) -> bytes:
        """Return what passes of a header: equal lengths pass once, different ones all, for the parser to refuse."""
        name, _, value = line.partition(b":")
        if passed or name.lower() != _LENGTH:
            return line[passed:]
        lengths = {each.strip() for each in value.split(b",")}
        if len(lengths) > 1 or not lengths.isdisjoint(self._lengths):
            return line if len(lengths) > 1 else b""
        self._lengths |= lengths
        return b"Content-Length: " + lengths.pop() + b"\r\n"

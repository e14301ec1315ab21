"""Gzip made of blocks is read by any gunzip, whatever the blocks and their order."""

from __future__ import annotations

import gzip
import zlib
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from exporter.exposition.gzip_blocks import GzipStream, pack

texts = st.binary(max_size=200) | st.integers(0, 100_000).map(
    lambda length: b"onedata 1.0\n" * (length // 12)
)


def packed(parts: list[bytes]) -> bytes:
    stream = GzipStream()
    return b"".join([stream.begin(), *(stream.add(pack(part)) for part in parts), stream.end()])


@given(st.lists(texts, max_size=6))
def test_any_blocks_are_read_as_one_file(parts: list[bytes]) -> None:
    assert gzip.decompress(packed(parts)) == b"".join(parts)


@given(st.lists(texts, min_size=1, max_size=6), st.randoms())
def test_blocks_may_be_used_again_in_another_order(parts: list[bytes], chance: Random) -> None:
    blocks = [pack(part) for part in parts]
    order = [chance.randrange(len(blocks)) for _ in range(8)]
    stream = GzipStream()
    body = b"".join([stream.begin(), *(stream.add(blocks[each]) for each in order), stream.end()])
    assert gzip.decompress(body) == b"".join(parts[each] for each in order)


def test_it_is_one_member_for_clients_that_read_no_second_one() -> None:
    reader = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    assert reader.decompress(packed([b"a" * 1000, b"b"])) == b"a" * 1000 + b"b"
    assert reader.eof
    assert reader.unused_data == b""


def test_a_block_is_shorter_than_its_text() -> None:
    text = b"".join(b'onedata_onepanel_up{path="proxy",target="zone-%d"} 1.0\n' % each for each in range(100))
    assert len(pack(text).data) < len(text) / 5

"""MLLP frames are cut by bytes, however they come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.agent.mllp.frames import MOST_NOISE, FrameFault, FrameReader, frame

CONTENT = st.binary(max_size=60).map(lambda b: b.replace(b"\x0b", b"").replace(b"\x1c", b""))


@given(
    st.lists(st.tuples(CONTENT, st.sampled_from([b"", b"\r", b"\r\r", b"\r\n"])), max_size=6),
    st.lists(st.integers(1, 40), max_size=40),
)
def test_any_cut_of_the_bytes_gives_the_same_messages(
    sent: list[tuple[bytes, bytes]], cuts: list[int]
) -> None:
    """The last byte, 0x0D, may be missing or doubled; several messages may come at once."""
    stream = b"".join(b"\x0b" + content + b"\x1c" + end for content, end in sent)
    reader, found, at = FrameReader(), [], 0
    for size in [*cuts, len(stream)]:
        found += reader.feed(stream[at : at + size])
        at += size
    assert found == [content for content, _ in sent]
    assert not reader.inside


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_no_bytes_make_the_reader_fail_otherwise_than_it_says(parts: list[bytes]) -> None:
    reader = FrameReader(longest=500)
    try:
        for part in parts:
            reader.feed(part)
            assert reader.held <= 500
    except FrameFault as fault:
        assert fault.code in ("noise", "too-large")


def test_a_message_that_another_one_cuts_off_is_none() -> None:
    reader = FrameReader()
    assert reader.feed(b"\x0bhalf\x0bwhole\x1c\r") == [b"whole"]
    assert reader.broken == 1


def test_limits() -> None:
    reader = FrameReader(longest=100)
    assert reader.feed(frame(b"x" * 100)) == [b"x" * 100], "the control"
    with pytest.raises(FrameFault, match="too-large"):
        reader.feed(b"\x0b" + b"x" * 101)
    reader = FrameReader()
    assert reader.feed(b"\r\n" * MOST_NOISE) == []
    with pytest.raises(FrameFault, match="noise"):
        reader.feed(b"GET / HTTP/1.1\r\n" * 1000)

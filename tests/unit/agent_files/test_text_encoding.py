"""Text in any encoding that old systems write, and what no codec reads."""

from pathlib import Path

import pytest

from records.agent.files.private_use import (
    LOST,
    REAL,
    ROWS,
    list_user_made,
    mend_private_use,
)
from records.agent.files.text_encoding import find_encoding, open_text

TEXT = "姓名,结果\r\n王芳,谷丙转氨酶 52↑\r\n䶮,€\r\n"


def save(folder: Path, data: bytes) -> Path:
    path = folder / "a.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "codec"),
    [
        (TEXT.encode("utf-8"), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (TEXT.encode("gb18030"), "gb18030"),
        (TEXT.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16"),
        (("abc,def,1234567890\r\n" * 9).encode("utf-16-le"), "utf-16-le"),
        (("abc,def,1234567890\r\n" * 9).encode("utf-16-be"), "utf-16-be"),
        (b"a,b\r\n1,2\r\n", "utf-8"),
    ],
)
def test_encoding_is_found_and_text_is_whole(tmp_path: Path, data: bytes, codec: str) -> None:
    path = save(tmp_path, data)
    found, stream = open_text(path)
    with stream:
        read = stream.read()
    assert found == codec
    assert "\ufffd" not in read
    assert read.lstrip("\ufeff").startswith(("姓名", "abc", "a,b"))


def test_a_broken_byte_does_not_turn_utf8_into_another_language(tmp_path: Path) -> None:
    lines = "姓名,结果\n" + "王芳,阴性\n" * 50
    data = lines.encode().replace("芳".encode(), b"\xe8\x8a", 1)
    assert find_encoding(save(tmp_path, data)) == "utf-8"
    data = lines.encode("gb18030").replace("芳".encode("gb18030"), b"\xb7\xff", 1)
    assert find_encoding(save(tmp_path, data)) == "gb18030"


@pytest.mark.parametrize(("coded", "private", "real"), ROWS)
def test_the_codec_gives_what_the_table_mends(coded: str, private: int, real: int) -> None:
    given = bytes.fromhex(coded).decode("gb18030")
    assert mend_private_use(given) == chr(real)
    assert mend_private_use(chr(private)) == chr(real)


def test_the_swapped_pair_is_one_letter() -> None:
    assert bytes.fromhex("8135F437").decode("gb18030") == "\u1e3f"
    assert mend_private_use(bytes.fromhex("A8BC").decode("gb18030")) == "\u1e3f"


def test_private_characters_without_a_real_one_stay() -> None:
    assert {chr(c) for c in range(0xE000, 0xE766)} & set(map(chr, REAL)) == set()
    made = bytes.fromhex("AAA1").decode("gb18030")
    assert mend_private_use(made) == made
    assert list_user_made(f"王{made}{made}") == [f"U+{ord(made):04X}"]


def test_what_was_lost_before_is_seen() -> None:
    assert LOST.search("南桥镇锟斤拷村")
    assert LOST.search("\ufffd")
    assert not LOST.search("南桥镇烫金厂")

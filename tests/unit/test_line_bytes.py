"""A line has the same bytes whichever encoder writes them: seals and proofs stand on that."""

import pytest

from consent.audit.canonical_line import FIELDS, encode_canonical_json, encode_canonical_line
from consent.audit.sealed_cells import FORMULA_STARTS, escape_formula
from consent.audit.workbook import split_cell_text
from records.audit_events.audit_event import drop_blanks

STEP = 4096
CHARACTERS = [
    "".join(chr(n) for n in range(first, first + STEP) if not 0xD800 <= n < 0xE000)
    for first in range(0, 0x110000, STEP)
]


def test_each_character_is_written_alike() -> None:
    for text in CHARACTERS:
        line = {"v": 1, "detail": text, "refs": [text, ""]}
        assert encode_canonical_line(line) == encode_canonical_json(line), hex(ord(text[:1] or "0"))


@pytest.mark.parametrize("number", [0, 1, 2**31, 2**63 - 1, -(2**63)])
def test_keys_numbers_and_nothing_are_written_alike(number: int) -> None:
    values = [number, None, [], ["b", "a"], "", "\u2028\u2029", '"\\/'] * 3
    line = {"v": 2, **dict(zip(FIELDS, values, strict=False)), "persons": ["b", "a"]}
    assert encode_canonical_line(line) == encode_canonical_json(line)


def test_what_a_spreadsheet_would_run_is_defused() -> None:
    for start in FORMULA_STARTS:
        assert escape_formula(f"{start}1+1") == f"'{start}1+1"
        assert escape_formula([f"{start}a", "b"]) == f"'{start}a b"
    assert [escape_formula(x) for x in (None, "", [], 7, "1=1")] == ["", "", "", "7", "1=1"]


def test_a_cell_is_split_where_it_is_full_and_nowhere_else() -> None:
    assert split_cell_text("字" * 6, 6) == ["字" * 6]
    assert split_cell_text("𠀀" * 3, 6) == ["𠀀" * 3], "two units each"
    assert split_cell_text("𠀀" * 4, 6) == ["𠀀" * 3, "𠀀"]


def test_blanks_go_and_nothing_else() -> None:
    given = {
        "a": " ",
        "b": [{}, {"c": ""}, "x", 0, None, False],
        "code": "  x \n y ",
        "d": {"e": [[]], "f": 0.0},
        "g": " x ",
    }
    assert drop_blanks(given) == {
        "b": ["x", 0, None, False],
        "code": "x y",
        "d": {"f": 0.0},
        "g": " x ",
    }

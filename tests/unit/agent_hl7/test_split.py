"""Messages are cut by their own separators, whatever ends their lines and whatever encodes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.agent.hl7.message import parse_message
from records.agent.hl7.read_hl7_file import read_hl7_bytes
from records.agent.hl7.separators import NoHeader, Separators
from records.agent.hl7.split_messages import split_messages

from .messages import NOW, PID, PV1, body, codes, header, only, origin, read, write

USUAL = Separators()


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e\f"),
        (r"line\.br\next", "line\nnext"),
        (r"two\.sp2\down", "two\n\ndown"),
        (r"\H\bold\N\ plain", "bold plain"),
        ("\\XE9AB98\\", "高"),
        (r"\X0D0A\x", "\nx"),
        (r"unknown\Zabc\stays", r"unknown\Zabc\stays"),
        (r"no end\F", r"no end\F"),
        (r"C:\dir\F\x", r"C:\dir|x"),
        ("\\\\F\\", "\\|"),
    ],
)
def test_escape_sequences(sent: str, meant: str) -> None:
    assert USUAL.unescape(sent) == meant


@given(
    st.text(
        alphabet=st.characters(
            codec="utf-8", exclude_characters="\r\n\t\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029"
        ),
        max_size=40,
    )
)
def test_what_is_escaped_is_read_back(text: str) -> None:
    assert USUAL.unescape(USUAL.escaped(text)) == " ".join(text.split())


def test_other_separators_than_the_usual_ones() -> None:
    message = parse_message("MSH#*!@%#HIS##A\nPID#1##12*x%y!13")
    (pid,) = message.segments
    assert pid.text(3) == "12"
    assert pid.text(3, 2, 2) == "y"
    assert [r.text(1) for r in pid.repetitions(3)] == ["12", "13"]
    assert message.header.text(3) == "HIS"


@pytest.mark.parametrize(
    "head", ["MSH", "MSH|", "MSH|||||", "MSHAAAAAA", "PID|^~\\&|", "MSH|^^\\&|"]
)
def test_a_header_without_separators_is_refused(head: str) -> None:
    with pytest.raises(NoHeader):
        parse_message(head)
    assert parse_message("MSH|^~\\&|").header.text(1) == "|", "the control"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\r"])
def test_line_ends_of_all_kinds(end: str) -> None:
    items, refusals = read_hl7_bytes(write(header(), PID, PV1, end=end), origin(), NOW)
    assert [i.type for i in items] == ["Patient", "Encounter"]
    assert not refusals


def test_several_messages_and_a_batch_in_one_file() -> None:
    content = b"".join(
        (
            write("FHS|^~\\&|HIS", "BHS|^~\\&|HIS"),
            write(header(number="M1"), PID),
            write(header(number="M2"), PID.replace("00012345", "00012346")),
            write("BTS|2", "FTS|1"),
        )
    )
    messages, stray = split_messages(content)
    assert ([m.line for m in messages], stray) == ([3, 5], [])
    items, _ = read_hl7_bytes(content, origin(), NOW)
    assert [i.record for i in items] == ["00012345", "00012346"]


@pytest.mark.parametrize(
    ("said", "codec", "configured"),
    [
        ("UNICODE UTF-8", "utf-8", ""),
        ("GB 18030-2000", "gb18030", ""),
        ("~GB 18030-2000", "gb18030", ""),
        ("", "utf-8", ""),
        ("", "gb18030", ""),
        ("", "gb18030", "gb18030"),
        ("ASCII", "gb18030", ""),
    ],
)
def test_characters_by_msh_18_else_as_configured_else_what_fits(
    said: str, codec: str, configured: str
) -> None:
    rows = (header().replace("UNICODE UTF-8", said), PID.replace("小明", "喆𠮷镕"))
    items, refusals = read_hl7_bytes(write(*rows, codec=codec), origin(encoding=configured), NOW)
    assert only(items, "Patient")["name"][0]["text"] == "王喆𠮷镕"
    assert not refusals


def test_a_wrong_msh_18_is_read_as_what_it_is_and_told() -> None:
    items, refusals = read_hl7_bytes(write(header(), PID, codec="gb18030"), origin(), NOW)
    assert only(items, "Patient")["name"][0]["text"] == "王小明"
    assert [(r.rule.code, r.warning, r.value) for r in refusals] == [
        ("hl7.characters-said", True, "UNICODE UTF-8")
    ]


def test_characters_of_neither_kind_are_refused_and_neighbours_kept() -> None:
    broken = header(number="M1").encode() + b"\rPID|1||7||\xff\xff\x80\r"
    items, refusals = read_hl7_bytes(broken + write(header(number="M2"), PID), origin(), NOW)
    assert [i.record for i in items] == ["00012345"]
    assert [(r.rule.code, r.row, r.warning) for r in refusals] == [("hl7.characters", 1, False)]


def test_an_unreadable_line_is_told_with_its_place_and_the_others_are_taken() -> None:
    items, refusals = read(header(), PID, "王小明，男", PV1)
    assert [i.type for i in items] == ["Patient", "Encounter"]
    assert [(r.rule.code, r.row, r.value) for r in refusals] == [("hl7.line", 3, "王小明，男")]


def test_stray_lines_and_files_without_a_message() -> None:
    _, refusals = read_hl7_bytes(b"\xef\xbb\xbf" + write("hello", header(), PID), origin(), NOW)
    assert [(r.rule.code, r.row) for r in refusals] == [("hl7.stray-line", 1)]
    items, refusals = read_hl7_bytes(b"PK\x03\x04", origin(), NOW)
    assert (items, codes(refusals)) == ([], ["hl7.no-message"])
    items, refusals = read_hl7_bytes(write("MSH|||||"), origin(), NOW)
    assert (items, codes(refusals)) == ([], ["hl7.header"])


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail(content: bytes) -> None:
    items, refusals = read_hl7_bytes(content, origin(), NOW)
    assert items or refusals


FIELD = st.text(alphabet='A01^~\\&|."<>-+:20260503王 X', max_size=24)
SEGMENTS = st.sampled_from(
    [
        "PID",
        "PV1",
        "PV2",
        "OBR",
        "OBX",
        "NTE",
        "ORC",
        "AL1",
        "IAM",
        "DG1",
        "NK1",
        "MRG",
        "EVN",
        "SPM",
        "TQ1",
        "RXA",
    ]
)


@given(
    st.sampled_from(
        ["ADT^A01", "ADT^A03", "ADT^A40", "ADT^A60", "ORU^R01", "ORM^O01", "OML^O21", "SIU^S12"]
    ),
    st.lists(st.tuples(SEGMENTS, st.lists(FIELD, max_size=30)), max_size=12),
)
def test_no_message_makes_the_mapping_fail(kind: str, rows: list[tuple[str, list[str]]]) -> None:
    """And each item that comes of it may be sent: what the outbox would refuse is never made."""
    from records.agent.item_line import check_item

    segments = ["|".join((name, *fields)) for name, fields in rows]
    items, refusals = read(header(kind), PID, *segments)
    assert items or refusals
    for item in items:
        check_item(item)
        if item.action == "put":
            assert body(item)["resourceType"] == item.type

"""What is printed: every page with its patient, its number and its code, and no character silently
lost.
"""

import io
from collections.abc import Callable

import pytest
from pypdf import PdfReader

from records.printing import page_layout
from records.printing.han_font import GlyphCheck, has_glyph
from records.printing.line_breaking import break_lines, text_width
from records.printing.page_codes import (
    PageCode,
    is_genuine,
    make_page_code,
    make_print_code,
    parse_page_code,
)
from records.printing.pdf_writer import WrittenPdf, write_pdf
from records.printing.printed_content import (
    Column,
    FixedWords,
    PageMark,
    PrintedContent,
    PrintedSection,
    TableRow,
)

RARE = "㛃䶮𬭎𬭊𫖳𬸪𪩘𬍛䲟㑇𠅤"
KEY = bytes(range(32))
WORDS = FixedWords(
    "（续）",
    "无法打印的字符",
    lambda number, point, name: f"〓[{number}] {point} {name}",
    lambda page, pages: f"第 {page} 页，共 {pages} 页",
    lambda pages: f"仅打印前 {pages} 页",
)


def mark(page: int) -> PageMark:
    code = str(make_page_code(KEY, "7KQM4T2PX9DW", page))
    return PageMark(code, f"https://hospital.example/print/verify/?code={code}")


def write(*sections: PrintedSection, name: str = "张三", **more: str) -> WrittenPdf:
    return write_pdf(
        PrintedContent(
            "病历摘要",
            name,
            more.get("identity", "男 · 67岁 · 病案号 XL0001"),
            "病历摘要 · 杏林中心医院",
            ("王医生 打印",),
            "王医生 2026-11-30",
            sections,
            WORDS,
        ),
        mark,
    )


def texts(pdf: WrittenPdf) -> list[str]:
    """Of each page, without line ends: long texts go over several lines."""
    found = [p.extract_text().replace("\n", "") for p in PdfReader(io.BytesIO(pdf.data)).pages]
    assert len(found) == pdf.pages
    return found


def table(rows: list[tuple[str, str]], title: str = "检验结果") -> PrintedSection:
    return PrintedSection(
        title, (Column("项目", 1), Column("结果", 2)), tuple(map(TableRow, rows)), "暂无记录"
    )


def test_the_font_has_all_of_gbk_but_one() -> None:
    gbk = set()
    for code in range(0x8140, 0xFEFF):
        try:
            gbk.add(code.to_bytes(2, "big").decode("gbk"))
        except UnicodeDecodeError:
            continue
    characters = {c for c in gbk if len(c) == 1}
    assert len(characters) > 21_000
    assert {c for c in characters if not has_glyph(c)} == {"≒"}
    assert all(map(has_glyph, RARE))
    assert all(has_glyph(chr(c)) for c in range(0x3400, 0x4DB6)), "Extension A of GB 18030"


def test_rare_characters_are_read_from_the_pdf_as_they_are() -> None:
    assert f"欧阳{RARE}" in texts(write(name=f"欧阳{RARE}"))[0]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("T₃ 与 m²", "T3 与 m²"),
        ("6.8 ×10⁹/L、10⁻¹² mol", "6.8 ×10^9/L、10^-12 mol"),
        ("1½ 1⅓ ㎎", "1½ 1〓[1] ㎎"),
        ("王\U00020045", "王〓[1]"),
        ("\ue000\ue000\U00020045", "〓[1]〓[1]〓[2]"),
        ("a\tb\x00c", "a b c"),
        ("葛\U000e0100\u200b\u202e", "葛"),
        ("", ""),
    ],
)
def test_what_the_font_has_not(text: str, printed: str) -> None:
    assert GlyphCheck().printable(text) == printed


def test_a_character_that_is_missing_is_named_at_the_end() -> None:
    found = "".join(texts(write(table([("王\U00020045", "\ue123")]))))
    assert "王〓[1]" in found
    assert "〓[1] U+20045 CJK UNIFIED IDEOGRAPH-20045" in found
    assert "〓[2] U+E123" in found
    assert "无法打印" not in "".join(texts(write(table([("王", "1")])))), "the control"


def test_long_lists_flow_and_each_page_says_whose_it_is() -> None:
    pdf = write(table([(f"钾 {n}", f"{n}.5 mmol/L") for n in range(2000)]), table([], "过敏"))
    found = texts(pdf)
    assert pdf.pages > 30
    for number, text in enumerate(found, 1):
        for words in (
            "张三",
            "病案号 XL0001",
            f"第 {number} 页，共 {pdf.pages} 页",
            mark(number).code,
            "王医生 2026-11-30",
        ):
            assert words in text, (number, words)
        assert ("项目" in text) == ("mmol/L" in text), "heads stand again over what goes on"
    for n in range(2000):
        assert sum(f"钾 {n}{n}.5 mmol/L" in text for text in found) == 1, n
    assert "过敏暂无记录" in found[-1]


def test_one_text_longer_than_pages() -> None:
    told = [f"第{n}句。" for n in range(3000)]
    found = "".join(texts(write(table([("病程", "".join(told))]))))
    assert all(sentence in found or len(sentence) > 3 for sentence in told)
    assert found.count("检验结果（续）") >= 2


def test_a_name_without_end_leaves_room_for_the_page() -> None:
    pdf = write(table([("全名", "张" * 5000)]), name="张" * 5000, identity="病案号" * 500)
    found = texts(pdf)
    assert "…" in found[0] and sum(t.count("张") for t in found) >= 5000


def test_a_print_without_end_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_layout, "MAX_PAGES", 3)
    found = texts(write(table([(f"钾 {n}", "4.5") for n in range(500)])))
    assert len(found) == 3 and "第 3 页，共 3 页" in found[-1]
    assert "仅打印前 3 页" in found[-1] and "仅打印" not in found[0]
    assert "仅打印" not in "".join(texts(write(table([("钾", "4.5")])))), "the control"


@pytest.mark.parametrize("width", [30.0, 80.0, 200.0])
@pytest.mark.parametrize(
    "text",
    [
        "患者男性，67岁。（既往高血压）“三级”，Amlodipine/Valsartan 5 mg/80 mg 每日一次。",
        "x" * 300,
        "一行\n\n又一行",
    ],
)
def test_lines_fit_and_lose_nothing(text: str, width: float) -> None:
    lines = break_lines(text, width, 9)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")
    assert all(text_width(x, 9) <= width for x in lines)
    assert not any(x[:1] in set("，。）”；") for x in lines if width > 30)


def test_a_code_is_read_as_people_type_it() -> None:
    code = make_page_code(KEY, make_print_code(), 12)
    for typed in (
        str(code),
        str(code).lower(),
        f"  {str(code).replace('-', ' ')} ",
        str(code).replace("-12-", "-012-").replace("0", "O").replace("1", "l"),
        str(code).replace("-", "–"),
    ):
        assert parse_page_code(typed) == code, typed
    for wrong in ("", "张三", "7KQM-4T2P", "7KQM-4T2P-X9DW", "7KQM-4T2P-X9DW-3-H7RAU", "1-2-3"):
        assert parse_page_code(wrong) is None, wrong


CHANGES: list[Callable[[PageCode], PageCode]] = [
    lambda c: PageCode(c.print_code, c.page + 1, c.proof),
    lambda c: PageCode("0" * 12, c.page, c.proof),
    lambda c: PageCode(c.print_code, c.page, c.proof[1:] + ("1" if c.proof[0] == "0" else "0")),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_page_of_another_print_does_not_fit(change: Callable[[PageCode], PageCode]) -> None:
    code = make_page_code(KEY, make_print_code(), 3)
    assert is_genuine(KEY, code), "the control"
    assert not is_genuine(KEY, change(code))
    assert not is_genuine(bytes(32), code), "nor under the key of another"

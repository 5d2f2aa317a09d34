"""`check`, `push` and `templates` as an IT clerk runs them."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from records.agent.cli import main
from records.agent.files.open_tables import open_tables
from tests.factories.clinic_exports import write_exports
from tests.support.agent_tables import save

PATIENTS = "病人ID,姓名,性别,身份证号\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "agent.ini").write_text("[platform]\nurl = https://x.invalid\nhospital = nanqiao\n")
    return folder


def run(home: Path, *arguments: str | Path, language: str = "zh") -> int:
    return main(["--home", str(home), "--language", language, *map(str, arguments)])


def items_of(home: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(home / "outbox.db") as connection:
        return connection.execute(
            "SELECT r.type, r.record FROM items i JOIN records r ON r.id = i.record ORDER BY i.seq"
        ).fetchall()


def test_check_says_why_and_how_to_mend(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"{i},王{i},女,1.10101E+17\n" for i in range(9)) + "99,张伟,男,\n"
    path = save(tmp_path, "患者.csv", PATIENTS + rows)
    assert run(home, "check", path) == 1
    said = capsys.readouterr().out
    assert "按“患者”读取，gb18030，表头在第 1 行；10 行，拒收 9 行" in said
    assert "[拒收] cell.rounded-number · 身份证号 × 9" in said
    assert "“文本”格式" in said
    assert "患者.csv 第 2 行：1.10101E+17" in said
    assert "还有 4 处" in said
    assert not (home / "outbox.db").exists()
    assert run(home, "check", path, language="en") == 1
    assert "[refused] cell.rounded-number" in capsys.readouterr().out


def test_check_json_is_what_the_protocol_says(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(tmp_path, "a.csv", PATIENTS + "1,王芳,先生,\n2,张伟,男,\n")
    assert run(home, "check", path, "--json") == 1
    said = json.loads(capsys.readouterr().out)
    assert said == {
        "rows": 2,
        "accepted": 1,
        "refused": [
            {
                "file": "a.csv",
                "row": 2,
                "column": "性别",
                "value": "先生",
                "rule": "code.unknown",
                "why": "“性别”里的“先生”不认识。",
                "mend": "可以填：男、女、未说明。",
            }
        ],
    }


def test_exit_status_tells_clean_refused_and_unreadable(home: Path, tmp_path: Path) -> None:
    good = save(tmp_path, "good.csv", PATIENTS + "1,王芳,女,\n")
    bad = save(tmp_path, "bad.csv", PATIENTS + "1,王芳,先生,\n")
    none = save(tmp_path, "none.csv", "收入\n1\n")
    assert run(home, "check", good) == 0
    assert run(home, "check", bad) == 1
    assert run(home, "check", good, none) == 2
    assert run(home, "check", tmp_path / "missing.csv") == 2


def test_the_workbook_of_a_check_marks_bad_cells_and_can_be_put_in_again(
    home: Path, tmp_path: Path
) -> None:
    path = save(
        tmp_path, "患者.csv", PATIENTS + "0012,=cmd|' /C calc'!A0,先生,\n2,张伟,男,\n3,李娜,x,\n"
    )
    out, page = tmp_path / "out.xlsx", tmp_path / "out.html"
    assert run(home, "check", path, "--xlsx", out, "--html", page) == 1
    tables = {t.sheet: t for t in open_tables(out)}
    rows = list(tables["患者"].read_rows())
    assert rows[0][1] == ["原行号", "拒收原因", "怎么改", "病人ID", "姓名", "性别", "身份证号"]
    assert rows[1][1][:1] + rows[1][1][3:6] == ["2", "0012", "=cmd|' /C calc'!A0", "先生"]
    assert set(tables) == {"患者", "拒收汇总", "拒收明细"}
    assert "先生" in page.read_text()
    assert "<script" not in page.read_text()
    assert run(home, "check", out) == 1  # its data are still wrong, and its own sheets no data


def test_a_page_escapes_what_files_say(home: Path, tmp_path: Path) -> None:
    path = save(tmp_path, "a.csv", PATIENTS + "1,王芳,<script>alert(1)</script>,\n")
    run(home, "check", path, "--html", tmp_path / "out.html")
    page = (tmp_path / "out.html").read_text()
    assert "&lt;script&gt;" in page
    assert "<script>" not in page


def test_push_fills_the_outbox_and_the_same_file_again_sends_nothing(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planted = write_exports(tmp_path / "in", patients=30, seed=3)
    assert run(home, "push", tmp_path / "in") == 1
    first = items_of(home)
    assert len(first) == sum(planted.accepted.values()) + planted.reports
    assert first[0][0] == "Patient"
    assert run(home, "push", tmp_path / "in") == 1
    assert items_of(home) == first
    assert "已放入待发库 0 条" in capsys.readouterr().out


def test_an_older_file_put_in_again_undoes_nothing(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = save(tmp_path, "old.csv", PATIENTS + "1,王芳,女,\n")
    new = save(tmp_path, "new.csv", PATIENTS + "1,王小芳,女,\n")
    for path in (old, new, old):
        assert run(home, "push", path) == 0
    assert items_of(home) == [("Patient", "1")] * 2
    assert "已经收过" in capsys.readouterr().out
    assert run(home, "push", "--again", old) == 0
    assert len(items_of(home)) == 3


def test_push_asks_for_enrolment_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = save(tmp_path, "a.csv", PATIENTS + "1,王芳,女,\n")
    assert run(tmp_path / "nowhere", "push", path) == 2
    assert "enrol" in capsys.readouterr().err


def test_templates_are_written_and_clean(home: Path, tmp_path: Path) -> None:
    assert run(home, "templates", tmp_path / "t") == 0
    written = sorted(p.name for p in (tmp_path / "t").iterdir())
    assert written == sorted(
        f"{name}.xlsx"
        for name in ("患者", "就诊", "诊断", "医嘱处方", "检验", "检查报告", "文书", "过敏", "接种")
    )
    for name in ("患者", "检验", "医嘱处方"):
        assert run(home, "check", tmp_path / "t" / f"{name}.xlsx") == 0
    (tmp_path / "t" / "WS000101.pdf").write_bytes(b"%PDF-1.4")
    assert run(home, "check", tmp_path / "t") == 0


def test_the_readers_import_nothing_from_outside() -> None:
    """`check` works without cryptography and without Django."""
    code = (
        "import sys; sys.modules['cryptography'] = None; sys.modules['django'] = None;"
        "from records.agent.commands import check; from records.agent import folder;"
        "print(sorted(m for m in sys.modules if m.partition('.')[0] in"
        " ('consent', 'alliance', 'orjson', 'openpyxl') or m.startswith('records.fhir')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

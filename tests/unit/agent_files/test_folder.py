"""The drop folder: what is taken when, where it goes, and what a cut leaves."""

import io
import json
import os
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

from records.agent import folder as folder_module
from records.agent.context import AgentContext
from records.agent.files.open_tables import open_tables
from records.agent.folder import DropFolder, move_late, take_folder, watch_folder
from records.agent.mapping.file_content import read_content
from records.agent.mapping.row_rules import FILE_MISSING
from records.agent.notices import list_notices
from records.agent.outbox import Outbox
from records.agent.outbox_faults import DiskFull
from records.agent.reports import fault_book
from records.agent.reports.workbook import Workbook
from records.agent.settings import read_settings
from tests.support.agent_tables import save
from tests.wait_until import wait_until

PATIENTS = "病人ID,姓名,性别\n"
LAB = "报告单号,病人ID,项目名称,结果,检验日期\n"


@pytest.fixture
def context(tmp_path: Path):  # type: ignore[no-untyped-def]
    home, drop = tmp_path / "home", tmp_path / "drop"
    home.mkdir()
    drop.mkdir()
    (home / "agent.ini").write_text(
        f"[platform]\nhospital = nanqiao\n[folder]\npath = {drop}\nsettle = 0\nevery = 0.05\n"
    )
    outbox = Outbox(home)
    made = AgentContext(home, read_settings(home), outbox, None, threading.Event())  # type: ignore[arg-type]
    yield made
    made.stopping.set()
    outbox.close()


@pytest.fixture
def drop(tmp_path: Path, context: AgentContext) -> DropFolder:
    return DropFolder(tmp_path / "drop", 5.0)


def records_of(context: AgentContext) -> list[tuple[str, str]]:
    return context.outbox.read(
        "SELECT r.type, r.record FROM items i JOIN records r ON r.id = i.record ORDER BY i.seq"
    ).fetchall()


def names(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_file_is_taken_when_it_has_stopped_growing(drop: DropFolder) -> None:
    path = save(drop.root, "a.csv", PATIENTS)
    assert drop.list_ready(0.0) == []
    path.write_text(PATIENTS + "1,王芳,女\n")
    assert drop.list_ready(4.0) == []
    assert drop.list_ready(8.9) == []
    assert drop.list_ready(9.0) == [path]


def test_a_folder_is_taken_as_a_whole(drop: DropFolder) -> None:
    first = save(drop.root, "a.csv", PATIENTS)
    drop.list_ready(0.0)
    second = save(drop.root, "b.csv", LAB)
    assert drop.list_ready(6.0) == []
    assert drop.list_ready(11.0) == [first, second]


def test_uploads_and_locks_are_waited_for(drop: DropFolder) -> None:
    path = save(drop.root, "检验.xlsx", "x")
    save(drop.root, "b.csv.part", "x")
    drop.list_ready(0.0)
    assert drop.list_ready(10.0) == []  # an upload is under way
    assert drop.list_ready(101.0) == [path]  # it was broken off
    save(drop.root, "~$检验.xlsx", "x")
    assert drop.list_ready(200.0) == []
    (drop.root / "~$检验.xlsx").unlink()
    save(drop.root, ".~lock.检验.xlsx#", "x")
    assert drop.list_ready(201.0) == []
    (drop.root / ".~lock.检验.xlsx#").unlink()
    assert drop.list_ready(202.0) == [path]


def test_what_was_taken_is_moved_and_what_was_refused_is_written(
    context: AgentContext, drop: DropFolder
) -> None:
    good = save(drop.root, "检验.csv", LAB + "R1,1,钾,3.5,20260503\n")
    bad = save(drop.root, "患者.csv", PATIENTS + "1,王芳,女\n2,张伟,先生\n")
    none = save(drop.root, "收入.csv", "日期,收入\n1,2\n")
    take_folder(context, drop, [good, bad, none])
    assert records_of(context) == [
        ("Patient", "1"),
        ("Observation", "R1/钾"),
        ("DiagnosticReport", "R1"),
    ]
    assert names(drop.root) == [
        "done/患者.csv",
        "done/检验.csv",
        "refused/患者-拒收.html",
        "refused/患者-拒收.xlsx",
        "refused/收入-拒收.html",
        "refused/收入.csv",
    ]
    rows = list(open_tables(drop.root / "refused/患者-拒收.xlsx")[0].read_rows())
    assert rows[1][1][3:] == ["2", "张伟", "先生"]
    notice = next(n for n in list_notices(context.outbox) if n.name == "folder.refused")
    assert not notice.ok
    assert "1 行被拒收" in notice.zh
    assert json.loads(context.outbox.kept("folder.last") or "")["refused"] == 1


def test_the_mended_workbook_is_put_in_and_taken(context: AgentContext, drop: DropFolder) -> None:
    path = save(drop.root, "患者.csv", PATIENTS + "1,王芳,女\n2,张伟,先生\n")
    take_folder(context, drop, [path])

    rows = [cells for _, cells in open_tables(drop.root / "refused/患者-拒收.xlsx")[0].read_rows()]
    mended = drop.root / "患者-改.xlsx"
    with Workbook(mended) as workbook:
        workbook.add_sheet("患者", [rows[0], [*rows[1][:5], "男"]])
    take_folder(context, drop, [mended])
    assert records_of(context) == [("Patient", "1"), ("Patient", "2")]


def test_a_mended_result_joins_the_others_of_its_report(
    context: AgentContext, drop: DropFolder
) -> None:
    text = LAB + "R1,1,钾,3.5,20260503\nR1,1,钠,140,20260230\nR1,1,氯,100,20260503\n"
    take_folder(context, drop, [save(drop.root, "a.csv", text)])
    mended = save(drop.root, "b.csv", LAB + "R1,1,钠,140,20260503\n")
    take_folder(context, drop, [mended])
    (body,) = context.outbox.read(
        "SELECT i.body FROM items i JOIN records r ON r.newest_seq = i.seq"
        " WHERE r.type = 'DiagnosticReport'"
    ).fetchone()
    assert len(json.loads(body)["result"]) == 3
    before = len(records_of(context))
    again = save(drop.root, "c.csv", LAB + "R1,1,钠,140,20260503\n\n")
    take_folder(context, drop, [again])
    assert len(records_of(context)) == before


def test_a_mended_result_with_a_number_of_its_own_joins_its_report(
    context: AgentContext, drop: DropFolder
) -> None:
    head = "结果号,报告单号,病人ID,项目名称,结果,检验日期\n"
    text = head + "101,R1,1,钾,3.5,20260503\n102,R1,1,钠,140,20260230\n103,R1,1,氯,100,20260503\n"
    take_folder(context, drop, [save(drop.root, "a.csv", text)])
    take_folder(context, drop, [save(drop.root, "b.csv", head + "102,R1,1,钠,140,20260503\n")])
    query = (
        "SELECT i.body FROM items i JOIN records r ON r.newest_seq = i.seq"
        " WHERE r.type = 'DiagnosticReport'"
    )
    (body,) = context.outbox.read(query).fetchone()
    assert sorted(r["reference"] for r in json.loads(body)["result"]) == [
        "Observation/his-101",
        "Observation/his-102",
        "Observation/his-103",
    ]
    gone = "结果号,报告单号,病人ID,项目名称,结果,删除标志,检验日期\n103,R1,1,氯,100,是,20260503\n"
    take_folder(context, drop, [save(drop.root, "c.csv", gone)])
    take_folder(context, drop, [save(drop.root, "d.csv", head + "104,R1,1,钙,2.2,20260503\n")])
    (body,) = context.outbox.read(query).fetchone()
    assert "Observation/his-103" not in body.decode()
    assert len(json.loads(body)["result"]) == 3


def test_a_file_whose_refusals_are_not_kept_is_not_taken_as_whole(
    context: AgentContext, drop: DropFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fault_book, "MOST_KEPT", 2)
    monkeypatch.setattr(fault_book, "MOST_OF_FILE", 1)
    bad = "".join(f"{n},甲,无此性别\n" for n in range(3))
    first = save(drop.root, "a.csv", PATIENTS + bad)
    second = save(drop.root, "b.csv", PATIENTS + "7,乙,无此性别\n")
    whole = save(drop.root, "c.csv", PATIENTS + "8,丙,男\n")
    data = second.read_bytes()
    take_folder(context, drop, [first, second, whole])
    assert "refused/b-拒收.html" in names(drop.root)
    assert "refused/c-拒收.html" not in names(drop.root)
    again = drop.root / "b2.csv"
    again.write_bytes(data)
    taken = take_folder(context, drop, [again])
    assert taken.counts.refused == 1


def test_the_same_name_again_overwrites_nothing(context: AgentContext, drop: DropFolder) -> None:
    for number in range(3):
        path = save(drop.root, "患者.csv", PATIENTS + f"{number},王芳,先生\n")
        take_folder(context, drop, [path])
    assert len(list((drop.root / "done").iterdir())) == 3
    assert len(list((drop.root / "refused").glob("*.xlsx"))) == 3


def test_documents_go_along_with_their_table(context: AgentContext, drop: DropFolder) -> None:
    (drop.root / "pdf").mkdir()
    (drop.root / "pdf/1.pdf").write_bytes(b"%PDF")
    text = "文书编号,病人ID,文书类别,文件名,书写时间\n1,9,出院记录,pdf/1.pdf,20260503\n"
    take_folder(context, drop, [save(drop.root, "文书.csv", text)])
    assert names(drop.root) == ["done/pdf/1.pdf", "done/文书.csv"]


def test_a_cut_between_outbox_and_move_sends_nothing_twice(
    context: AgentContext, drop: DropFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two days' exports; the power fails after the first was moved: the second is read again."""
    old = save(drop.root, "z.csv", PATIENTS + "1,王芳,女\n")
    new = save(drop.root, "a.csv", PATIENTS + "1,王小芳,女\n")
    os.utime(old, (1, 1))
    moved: list[Path] = []

    class Cut(BaseException):
        pass

    real = folder_module.move_aside

    def cut(path: Path, target: Path) -> Path:
        if moved:
            raise Cut
        moved.append(path)
        return real(path, target)

    monkeypatch.setattr(folder_module, "move_aside", cut)
    with pytest.raises(Cut):
        take_folder(context, drop, [old, new])
    monkeypatch.undo()
    assert moved == [old]  # the older one first: what is left is the newer
    before = records_of(context)
    take_folder(context, drop, [new])
    assert records_of(context) == before == [("Patient", "1")] * 2
    assert names(drop.root) == ["done/a.csv", "done/z.csv"]


def test_a_file_that_another_program_holds_is_moved_later(
    context: AgentContext, drop: DropFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(drop.root, "a.csv", PATIENTS + "1,王芳,女\n")
    drop.list_ready(0.0)

    def held(path: Path, target: Path) -> Path:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(folder_module, "move_aside", held)
    take_folder(context, drop, drop.list_ready(9.0))
    assert drop.list_ready(20.0) == []  # it was taken: not again
    monkeypatch.undo()
    move_late(drop)
    assert names(drop.root) == ["done/a.csv"]
    assert not path.exists()


def test_a_full_disk_moves_nothing(
    context: AgentContext, drop: DropFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(drop.root, "a.csv", PATIENTS + "1,王芳,女\n")
    monkeypatch.setattr(context.outbox.room, "check", lambda: False)
    with pytest.raises(DiskFull):
        take_folder(context, drop, [path])
    assert names(drop.root) == ["a.csv"]
    monkeypatch.undo()
    take_folder(context, drop, [path])
    assert names(drop.root) == ["done/a.csv"]
    assert records_of(context) == [("Patient", "1")]


def test_the_loop_takes_what_is_dropped_and_tells_of_a_folder_that_is_away(
    context: AgentContext, tmp_path: Path
) -> None:
    root = tmp_path / "drop"
    root.rename(tmp_path / "away")
    loop = threading.Thread(target=watch_folder, args=(context,), daemon=True)
    loop.start()

    def told(ok: bool) -> bool:
        return any(n.name == "folder.away" and n.ok is ok for n in list_notices(context.outbox))

    wait_until(lambda: told(False), "the folder is away")
    (tmp_path / "away").rename(root)
    save(root, "a.csv", PATIENTS + "1,王芳,女\n")
    wait_until(lambda: names(root) == ["done/a.csv"], "the file is taken")
    wait_until(lambda: told(True), "the folder is back")
    context.stopping.set()
    loop.join(10)
    assert not loop.is_alive()


def test_a_file_that_no_reader_understands_stops_no_other(
    context: AgentContext, drop: DropFolder
) -> None:
    """Each of these broke the loop, which then met the same file again, for ever."""
    number = xlsx(styles='<styleSheet><cellXfs><xf numFmtId="abc"/></cellXfs></styleSheet>')
    half = xlsx(
        rows=[["病人ID", "姓名", "性别"], ["1", "_xD800_", "怪"], ["2", "_xD83D__xDE00_", "女"]]
    )
    broken = bytearray(xlsx())
    place = broken.find(b"xl/worksheets/sheet1.xml") + len("xl/worksheets/sheet1.xml")
    broken[place + 8 : place + 24] = b"\xff" * 16
    files = {
        "number.xlsx": number,
        "half.xlsx": half,
        "broken.xlsx": bytes(broken),
        "long.csv": PATIENTS.encode() + b"1," + b"x" * (17 << 20) + b",f\n",
        "half.ndjson": b'{"resourceType":"Patient","id":"\\ud800"}\n{"resourceType":"Patient","id":"7"}\n',
        "control.csv": PATIENTS.encode() + "1\x01,王芳,女\n".encode(),
    }
    for name, content in files.items():
        (drop.root / name).write_bytes(content)
    save(drop.root, "good.csv", PATIENTS + "3,李雷,男\n")
    taken = take_folder(context, drop, sorted(drop.root.iterdir()))
    assert ("Patient", "3") in records_of(context), "the control"
    assert {("Patient", "7"), ("Patient", "2")} <= set(records_of(context)), "the good rows beside"
    assert not [p for p in drop.root.iterdir() if p.is_file()], "none lies there for ever"
    assert {"number.xlsx", "broken.xlsx", "long.csv"} <= {p.name for p in taken.unread}
    damaged = [r for r in taken.book.kept if r.rule.code == "file.damaged"]
    assert damaged and all("王" not in r.why("zh") for r in damaged)


def test_links_and_pipes_are_not_followed(context: AgentContext, drop: DropFolder) -> None:
    """Whoever may write to the folder must not read with the agent's rights, nor stop it."""
    secret = save(drop.root.parent, "secret.csv", PATIENTS + "1,秘密,怪\n")
    os.symlink(secret, drop.root / "link.csv")
    os.mkfifo(drop.root / "pipe.csv")
    path = save(drop.root, "good.csv", PATIENTS + "3,李雷,男\n")
    drop.list_ready(0.0)
    assert drop.list_ready(10.0) == [path]
    os.mkfifo(drop.root / "report.pdf")
    rule, _ = read_content(drop.root, {"file": "report.pdf"})
    assert rule.code == FILE_MISSING.code
    (drop.root / "real.pdf").write_bytes(b"%PDF")
    assert read_content(drop.root, {"file": "real.pdf"}) == drop.root / "real.pdf", "the control"


def test_reports_are_not_written_through_links(context: AgentContext, drop: DropFolder) -> None:
    victim = save(drop.root.parent, "victim", "mine")
    refused = drop.root / "refused"
    refused.mkdir()
    os.symlink(victim, refused / ".a-拒收.new")
    path = save(drop.root, "a.csv", PATIENTS + "1,王芳,怪\n")
    take_folder(context, drop, [path])
    assert victim.read_text() == "mine"
    assert (refused / "a-拒收.html").exists(), "the control"


def xlsx(rows: Any = None, styles: str = "") -> bytes:
    """A workbook as a hostile or broken program writes it."""
    cells = "".join(
        f'<row r="{i}">'
        + "".join(
            f'<c r="{chr(65 + j)}{i}" t="inlineStr"><is><t>{text}</t></is></c>'
            for j, text in enumerate(row)
        )
        + "</row>"
        for i, row in enumerate(rows or [["病人ID", "姓名", "性别"], ["9", "韩梅梅", "女"]], 1)
    )
    parts = {
        "_rels/.rels": '<R><Relationship Id="a" Type="x/officeDocument" Target="xl/workbook.xml"/></R>',
        "xl/workbook.xml": '<workbook><sheets><sheet name="a" r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<R><Relationship Id="a" Type="x/worksheet"'
        ' Target="worksheets/sheet1.xml"/><Relationship Id="b" Type="x/styles"'
        ' Target="styles.xml"/></R>',
        "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{cells}</sheetData></worksheet>",
        **({"xl/styles.xml": styles} if styles else {}),
    }
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return whole.getvalue()

"""The grid: what stands apart, in which panel, row and cell; nothing lost, nothing twice."""

import re
from typing import Any

import pytest
from django.utils.translation import override

from alliance.models import Hospital
from records.meaning.laboratory_panels import PANEL_TITLES, find_panel_place, places_by_code
from records.meaning.reference_ranges import PatientTraits
from records.meaning.result_kinds import ResultKind, kind_of_observation
from records.meaning.trend import trend_order
from records.operations.shared_record import RowPosition, ShownResource
from records.web.newest_results import list_newest_results
from records.web.page_position import read_row_position, write_row_position
from records.web.result_display import ResultLine, build_result_lines
from records.web.result_grid import MOST_COLUMNS, build_grids, name_panels
from tests.support.results import observation, quantity

A, B = (
    Hospital(pk=1, code="a", name_zh="甲院", name_en="A"),
    Hospital(pk=2, code="b", name_zh="乙院", name_en="B"),
)
LAB, VITAL, FINDING = ResultKind


def category(*codes: str, text: str = "") -> dict[str, Any]:
    return {"category": [{"coding": [{"code": c} for c in codes], "text": text}]}


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, LAB),
        ({"code": "", "text": "某项目", "valueQuantity": quantity(3, "U/L")}, LAB),
        ({"code": "", "text": "乙肝表面抗原", "valueString": "阴性"}, LAB),
        ({"code": "", "text": "体温", "valueQuantity": quantity(36.6, "Cel")}, VITAL),
        ({"code": "", "text": "血压(坐位)"}, VITAL),
        ({"code": "8867-4"}, VITAL),
        ({"code": "8867-4", **category("laboratory")}, VITAL),
        ({"code": "72514-3", **category("vital-signs")}, FINDING),
        ({"code": "72166-2", **category("laboratory")}, FINDING),
        ({"code": "", "text": "吸烟状态", "valueString": "已戒烟"}, FINDING),
        ({"code": "", "text": "胸部听诊", "valueString": "呼吸音清"}, FINDING),
        ({"code": "", "text": "某指标", **category("vital-signs")}, VITAL),
        ({"code": "", "text": "某指标", **category(text="检验")}, LAB),
        ({"code": "", "text": "某指标", **category("nonsense")}, FINDING),
        ({"code": "", "text": "", "category": "broken"}, FINDING),
    ],
)
def test_kinds(more: dict[str, Any], kind: ResultKind) -> None:
    assert kind_of_observation(observation(**more)) is kind


def test_panels_by_code_and_by_name() -> None:
    for loinc, title, panel in (
        ("6690-2", "", "blood-count"),
        ("", "白细胞(WBC)", "blood-count"),
        ("", "hs-CRP", "inflammation"),
        ("14682-9", "白细胞", "kidney"),
        ("", "某项目", ""),
    ):
        assert find_panel_place(loinc, title).panel == panel
    assert {p.panel for p in places_by_code().values()} == set(PANEL_TITLES)


def lines_of(*sent: tuple[Hospital, dict[str, Any]]) -> list[ResultLine]:
    return [
        line
        for n, (at, more) in enumerate(sent)
        for line in build_result_lines(
            ShownResource(observation(**more), at, f"x/{at.code}/Observation/{n}"), PatientTraits()
        )
    ]


def test_every_value_stands_in_one_cell() -> None:
    days = [f"2026-{m:02d}-{d:02d}" for m in (9, 10) for d in range(1, 24)]
    lines = lines_of(
        *(
            (at, {"at": day, "code": code, "valueQuantity": quantity(1000 + n, "mmol/L")})
            for n, (day, at, code) in enumerate(
                (day, at, code) for day in days for at in (A, B) for code in ("2823-3", "2951-2")
            )
        )
    )
    [section] = build_grids(lines, {})
    [panel] = section.panels
    assert section.kind is LAB and all(len(b.columns) <= MOST_COLUMNS for b in panel.blocks)
    cells = "".join(c for b in panel.blocks for _row, cells in b.rows for c in cells)
    assert sorted(re.findall(r">(1\d{3})<", cells)) == [str(1000 + n) for n in range(len(lines))]
    columns = [(c.day, c.hospital.code) for b in panel.blocks for c in b.columns]
    assert len(columns) == len(set(columns)) == 2 * len(days)
    assert [d for d, _h in columns] == sorted((d for d, _h in columns), reverse=True)


def test_rows_of_one_name_and_of_several_kinds() -> None:
    local = {"code": "", "text": "某项目", "valueQuantity": quantity(3, "U/L")}
    marked = local | {"text": "【全国HR】某项目", "at": "2026-10-04"}
    words = local | {"valueQuantity": None, "valueString": "溶血"}
    lines = lines_of(
        (A, local), (A, marked), (A, words), (B, local), (A, {"code": "8867-4", "text": "心率"})
    )
    laboratory, vital = build_grids(lines, {})
    [panel] = laboratory.panels
    with override("zh-hans"):
        assert vital.kind is VITAL and panel.blocks
    rows = [row for block in panel.blocks for row, _cells in block.rows]
    assert [(str(r.owner), len(r.lines)) for r in rows] == [(str(A), 3), (str(B), 1)]
    named = name_panels(
        [
            ShownResource(
                {"code": {"text": "某组合"}, "result": [{"reference": "Observation/3"}]}, B, ""
            )
        ],
        [],
    )
    titles = [p.title for p in build_grids(lines, named)[0].panels]
    assert "某组合" in titles and len(titles) == 2


def test_critical_and_abnormal_come_first_in_short() -> None:
    def sent(name: str, day: int, mark: str = "") -> tuple[Hospital, dict[str, Any]]:
        more = {"interpretation": [{"coding": [{"code": mark}]}]} if mark else {}
        return A, {"code": "", "text": name, "at": f"2026-10-{day:02d}", **more}

    found = list_newest_results(
        lines_of(
            *(sent(f"项目{n}", 20 + n % 5) for n in range(20)),
            sent("高", 3, "H"),
            sent("曾危急", 2, "LL"),
            sent("曾危急", 9),
            sent("危急", 1, "HH"),
        )
    )
    assert [r.line.title for r in found][:3] == ["危急", "曾危急", "高"] and len(found) == 15
    assert found[1].earlier and found[1].earlier.critical and not found[1].line.critical


def test_positions_are_read_as_written_and_nothing_else() -> None:
    for dated in ("-infinity", "2026-10-01 00:00:00-15:59", "0001-12-31 15:54:17.5+00 BC"):
        position = RowPosition(dated, 77)
        assert read_row_position(write_row_position(position)) == position
    for forged in (
        "",
        "~1",
        "infinity~1",
        "2026-02-30 00:00:00+00~1",
        "2026-10-01~1",
        "2026-10-01 00:00:00-16~1",
        "-infinity BC~1",
        "-infinity~x",
    ):
        assert read_row_position(forged) is None


def pressure(at: str, systolic: float | None, diastolic: float | None, **more: Any) -> Any:
    """Diastolic first, as some senders have it."""
    parts = (("8462-4", "Diastolic", diastolic), ("8480-6", "Systolic", systolic))
    return {
        "code": "85354-9",
        "text": "Blood pressure",
        "at": at,
        "valueQuantity": None,
        "component": [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": c}], "text": name},
                "valueQuantity": quantity(v, "mmHg"),
            }
            for c, name, v in parts
            if v is not None
        ],
        **more,
    }


def test_a_blood_pressure_is_one_pair_the_systolic_first() -> None:
    lines = lines_of(
        (A, {"code": "9279-1", "text": "Breaths", "at": "2026-10-03"}),
        (A, pressure("2026-10-02", 120, 80)),
        (A, pressure("2026-10-01", None, 70)),
        (A, {"code": "8310-5", "text": "Temperature", "at": "2026-09-01"}),
    )
    assert [x.title for x in sorted(lines, key=trend_order)][1:3] == ["Systolic", "Diastolic"]
    with override("en"):
        [vital] = build_grids(lines, {})
    [block] = vital.panels[0].blocks
    assert [row.newest.title for row, _cells in block.rows] == [
        "Temperature",
        "Breaths",
        "Systolic",
    ]
    shown = {
        c.day: " ".join(re.sub("<[^>]+>", " ", cell).split())
        for c, cell in zip(block.columns, block.rows[-1][1], strict=True)
    }
    assert shown["2026-10-02"] == "120 / 80" and shown["2026-10-01"] == "Diastolic 70"
    assert shown["2026-10-03"] == ""


def test_pressures_of_two_moments_are_no_pair_and_those_of_one_moment_are() -> None:
    def alone(code: str, text: str, at: str, value: int) -> tuple[Hospital, dict[str, Any]]:
        return A, {"code": code, "text": text, "at": at, "valueQuantity": quantity(value, "mmHg")}

    lines = lines_of(
        alone("8480-6", "收缩压", "2026-10-02T08:00:00+08:00", 121),
        alone("8462-4", "舒张压", "2026-10-02T08:00:00+08:00", 81),
        alone("8480-6", "收缩压", "2026-10-01T08:00:00+08:00", 122),
        alone("8462-4", "舒张压", "2026-10-01T20:00:00+08:00", 82),
    )
    [vital] = build_grids(lines, {})
    [(_row, cells)] = vital.panels[0].blocks[0].rows
    first, second = (" ".join(re.sub("<[^>]+>", " ", c).split()) for c in cells)
    assert first == "121 / 81"
    assert second.startswith("收缩压 122") and "舒张压 82" in second and "/" not in second

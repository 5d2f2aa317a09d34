"""Say what a comparison has found, so that a clerk knows what to do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable

if TYPE_CHECKING:
    from .reconcile import DayDifference, Lacking, Reconciliation

NAMED = 20  # record numbers in one sentence
# type -> (zh, counted in, en)
TYPES = {
    "Patient": ("患者", "人", "patients"),
    "Encounter": ("就诊", "次", "visits"),
    "Condition": ("诊断", "条", "diagnoses"),
    "Observation": ("检验结果", "条", "results"),
    "DiagnosticReport": ("检验检查报告", "份", "reports"),
    "MedicationRequest": ("处方", "条", "prescriptions"),
    "ServiceRequest": ("医嘱", "条", "orders"),
    "DocumentReference": ("文书", "份", "documents"),
    "AllergyIntolerance": ("过敏", "条", "allergies"),
    "Immunization": ("接种", "条", "vaccinations"),
    "Procedure": ("手术操作", "条", "procedures"),
}


def say_day(day: str, language: str) -> str:
    if not day:
        return "没有日期的" if language == "zh" else "without a day"
    year, _, rest = day.partition("-")
    if language != "zh":
        return day
    month, _, number = rest.partition("-")
    return f"{year}年{int(month)}月{int(number)}日"


def say_difference(found: DayDifference, language: str) -> list[str]:
    """A sentence of how many, and one for each thing to do."""
    zh, unit, en = TYPES.get(found.type, (found.type, "条", found.type))
    day = say_day(found.day, language)
    if language == "zh":
        parts = [f"贵院{zh} {found.ours:,} {unit}，平台 {found.theirs:,} {unit}"]
        parts += list_numbers("缺", [one.record for one in found.missing], language)
        parts += list_numbers("内容不同", [one.record for one in found.other], language)
        parts += list_numbers("贵院没有而平台有", found.surplus, language)
        parts += list_numbers("被退回", found.refused, language)
        parts += list_numbers("等关联数据", found.waiting, language)
        return [f"{day}：{'，'.join(parts)}。", *say_mends(found, language)]
    parts = [f"you have {found.ours:,} {en}, the platform {found.theirs:,}"]
    parts += list_numbers("missing", [one.record for one in found.missing], language)
    parts += list_numbers("other content", [one.record for one in found.other], language)
    parts += list_numbers("the platform alone has", found.surplus, language)
    parts += list_numbers("refused", found.refused, language)
    parts += list_numbers("waiting for others", found.waiting, language)
    return [f"{day}: {'; '.join(parts)}.", *say_mends(found, language)]


def list_numbers(word: str, numbers: list[str], language: str) -> list[str]:
    if not numbers:
        return []
    shown, more = numbers[:NAMED], len(numbers) - NAMED
    if language == "zh":
        rest = f"等 {len(numbers):,} 个" if more > 0 else ""
        return [f"{word}：{'、'.join(shown)}{rest}"]
    rest = f" and {more:,} more" if more > 0 else ""
    return [f"{word}: {', '.join(shown)}{rest}"]


def say_mends(found: DayDifference, language: str) -> Iterable[str]:
    lacking: list[Lacking] = [*found.missing, *found.other]
    again = sum(one.again for one in lacking)
    gone = [one for one in lacking if not one.again]
    zh = language == "zh"
    for one in [one for one in lacking if one.changed_by][:NAMED]:
        yield (
            f"  {one.record} 在平台上被 {one.changed_by} 改过。同一条数据只应由一个系统发送："
            "以本机为准，要改请在贵院的来源系统里改。"
            if zh
            else f"  {one.record} was changed on the platform by {one.changed_by}. One system alone"
            " should send a record: ours counts; change it in your source system."
        )
    if again:
        yield (
            f"  {again:,} 条已重新放入待发，不用您管。"
            if zh
            else f"  {again:,} were put into the outbox again; nothing to do."
        )
    for one in gone[:NAMED]:
        place = one.at or ("出处没有记下" if zh else "its place was not noted")
        yield (
            f"  {one.record} 的内容本机已不保存，请重新导出：{place}。"
            if zh
            else f"  {one.record}: its content is gone here; export it again: {place}."
        )
    if len(gone) > NAMED:
        rest = len(gone) - NAMED
        yield (
            f"  还有 {rest:,} 条也要重新导出（加 --json 看全部）。"
            if zh
            else f"  {rest:,} more are to be exported again (--json lists all)."
        )
    if found.surplus:
        yield (
            "  平台多出的，请核对：本院确实没有的，在导出表里把它的“删除标志”填“是”，再放进文件夹。"
            if zh
            else "  Look at what the platform alone has: where it should go, mark its row deleted"
            " in an export."
        )
    if found.refused:
        yield (
            "  被退回的，请看 xinglin-agent status，改好后再发。"
            if zh
            else "  For what was refused see xinglin-agent status; mend it and send it again."
        )


def say_result(results: list[Reconciliation], language: str) -> str:
    """One sentence for `status`."""
    records = sum(result.records for result in results)
    days = sum(len(result.days) for result in results)
    again = sum(result.again for result in results)
    if language == "zh":
        if not days:
            return f"和平台对过账：{records:,} 条全部一致。"
        mended = f"，其中 {again:,} 条已重新放入待发" if again else ""
        return (
            f"和平台对过账：{records:,} 条里有 {days:,} 天对不上{mended}。"
            "详情请运行 xinglin-agent reconcile。"
        )
    if not days:
        return f"Compared with the platform: all {records:,} records agree."
    return (
        f"Compared with the platform: of {records:,} records {days:,} days differ; {again:,} were"
        " put into the outbox again. See xinglin-agent reconcile."
    )

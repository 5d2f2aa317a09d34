"""Say a status report in sentences, in Chinese or English: for the terminal and for the page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .platform_clock import TOLD_FROM

if TYPE_CHECKING:
    from .outbox_status import RefusedGroup
    from .status_report import StatusReport

OUTCOMES = {
    "stored": ("已入库", "stored"),
    "unchanged": ("平台已有", "there already"),
    "superseded": ("平台有更新的", "older than the platform's"),
    "deleted": ("已删除", "deleted"),
    "recalled": ("已撤回", "recalled"),
    "waiting": ("等关联数据", "waiting for what they refer to"),
    "refused": ("被退回", "refused"),
}


def pick(language: str, zh: str, en: str) -> str:
    return zh if language == "zh" else en


def list_facts(report: StatusReport, language: str) -> list[tuple[bool, str]]:
    """(good, sentence) each, the most pressing first."""
    say = [say_running, say_disk, say_exchange, say_backlog, say_clock, say_outcomes]
    facts = [fact for speak in say for fact in speak(report, language)]
    facts += [
        (notice.ok, say_when(notice.say(language), ago(report.at - notice.at, language), language))
        for notice in report.notices
        if notice.name != "exchange"
    ]
    return sorted(facts, key=lambda fact: fact[0])


def say_when(sentence: str, when: str, language: str) -> str:
    """The time belongs into the sentence: before its full stop."""
    if language == "zh":
        return f"{sentence.rstrip('。')}（{when}）。"
    return f"{sentence.rstrip('.')} ({when})."


def end_sentence(text: str, language: str) -> str:
    """The platform's words come without a full stop."""
    stop = pick(language, "。", ".")
    return text if not text or text.endswith(("。", ".", "！", "？", "!", "?")) else text + stop


def say_running(report: StatusReport, language: str) -> list[tuple[bool, str]]:
    if report.running:
        return [(True, pick(language, "程序正在运行。", "The agent runs."))]
    stopped = pick(
        language,
        "程序没在运行：数据只存着，不会发送。请启动服务，或运行 xinglin-agent run。",
        "The agent does not run: nothing is sent. Start the service, or xinglin-agent run.",
    )
    return [(False, stopped)]


def say_disk(report: StatusReport, language: str) -> list[tuple[bool, str]]:
    free = size_words(report.outbox.free_bytes)
    used = size_words(report.outbox.bytes)
    if report.outbox.full:
        full = pick(
            language,
            f"磁盘快满了（剩 {free}）：新数据暂不接收，已收下的照常发送。请清出空间。",
            f"The disk is full ({free} left): nothing more is taken, what was taken is sent. Make"
            " room.",
        )
        return [(False, full)]
    return [
        (
            True,
            pick(
                language,
                f"磁盘还剩 {free}，待发库占 {used}。",
                f"{free} free on the disk; the outbox takes {used}.",
            ),
        )
    ]


def say_exchange(report: StatusReport, language: str) -> list[tuple[bool, str]]:
    notice = report.notice("exchange")
    if notice is None:
        return [(True, pick(language, "还没和平台通过信。", "No exchange with the platform yet."))]
    when = ago(report.at - notice.at, language)
    if notice.ok:
        return [
            (
                True,
                pick(
                    language, f"最近一次和平台通信：{when}，正常。", f"Last exchange: {when}, well."
                ),
            )
        ]
    return [(False, say_when(notice.say(language), when, language))]


def say_backlog(report: StatusReport, language: str) -> list[tuple[bool, str]]:
    waiting = report.outbox.backlog
    if not waiting:
        return [(True, pick(language, "没有待发的，全部发完了。", "Nothing waits: all was sent."))]
    oldest = span(report.outbox.oldest, language)
    return [
        (
            True,
            pick(
                language,
                f"待发 {waiting:,} 条，最早的已等 {oldest}。",
                f"{waiting:,} items wait, the oldest for {oldest}.",
            ),
        )
    ]


def say_clock(report: StatusReport, language: str) -> list[tuple[bool, str]]:
    if abs(report.clock) < TOLD_FROM:
        return []
    off = span(abs(report.clock), language)
    slow = report.clock > 0
    return [
        (
            False,
            pick(
                language,
                f"本机时间比平台{'慢' if slow else '快'}了 {off}，请校准。不影响发送。",
                f"This machine's clock is {off} {'behind' if slow else 'ahead of'} the platform's:"
                " set it. Sending goes on.",
            ),
        )
    ]


def say_outcomes(report: StatusReport, language: str) -> list[tuple[bool, str]]:
    told = [
        f"{pick(language, *words)} {report.outbox.outcomes[name]:,}"
        for name, words in OUTCOMES.items()
        if report.outbox.outcomes.get(name)
    ]
    if not told:
        return []
    joined = pick(language, "、", ", ").join(told)
    return [(True, pick(language, f"平台处理过的：{joined}。", f"Answered so far: {joined}."))]


def say_group(group: RefusedGroup, language: str) -> str:
    why = end_sentence(group.why.get(language) or group.rule, language)
    mend = end_sentence(group.mend.get(language, ""), language)
    places = pick(language, "、", "; ").join(group.places)
    more = group.count - len(group.places)
    if language == "zh":
        head = "等关联数据" if group.outcome == "waiting" else "被退回"
        rest = f"，还有 {more} 条" if more > 0 else ""
        field = f"{group.field}；" if group.field else ""
        return f"{head} {group.count} 条：{why}{mend}（{field}{places}{rest}）"
    head = "wait" if group.outcome == "waiting" else "refused"
    rest = f", and {more} more" if more > 0 else ""
    field = f"{group.field}; " if group.field else ""
    return f"{group.count} {head}: {why} {mend} ({field}{places}{rest})"


def span(seconds: float, language: str) -> str:
    for size, zh, en in ((86400, "天", "d"), (3600, "小时", "h"), (60, "分钟", "min")):
        if seconds >= 2 * size or (seconds >= size and size < 3600):
            return pick(language, f"{seconds / size:.0f} {zh}", f"{seconds / size:.0f} {en}")
    return pick(language, f"{seconds:.0f} 秒", f"{seconds:.0f} s")


def ago(seconds: float, language: str) -> str:
    if seconds < 10:
        return pick(language, "刚才", "just now")
    return pick(language, f"{span(seconds, language)}前", f"{span(seconds, language)} ago")


def size_words(count: int) -> str:
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{count / 2**20:.0f} MB"


def clock_words(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))

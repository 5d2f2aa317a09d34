"""Print what was tried and what passed: in the terminal, and as a page to print and sign."""

from __future__ import annotations

import html
import time
from dataclasses import dataclass
from pathlib import Path

STYLE = (
    "body{font:14px/1.6 'Microsoft YaHei',sans-serif;max-width:52em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #888;padding:.3em .6em;"
    "text-align:left;vertical-align:top}.no{font-weight:bold}small{color:#444}"
    "@media print{body{margin:0}}"
)


@dataclass(frozen=True)
class Line:
    """passed: None where it was not tried, or need not pass."""

    zh: str
    en: str
    passed: bool | None
    found: str = ""
    mend_zh: str = ""
    mend_en: str = ""


@dataclass(frozen=True)
class Report:
    hospital: str
    client: str
    platform: str
    lines: tuple[Line, ...]
    at: float = 0.0

    @property
    def passed(self) -> bool:
        return all(line.passed is not False for line in self.lines)

    @property
    def counts(self) -> tuple[int, int]:
        """(passed, not passed)."""
        return (
            sum(line.passed is True for line in self.lines),
            sum(line.passed is False for line in self.lines),
        )


def format_line(line: Line, zh: bool) -> str:
    marks: dict[bool | None, str] = (
        {True: "[通过]", False: "[不通过]", None: "[未见]"}
        if zh
        else {True: "[ok]  ", False: "[FAIL]", None: "[--]  "}
    )
    mark = marks[line.passed]
    said = f"{mark} {line.zh if zh else line.en}"
    if line.passed is True:
        return said
    mend = line.mend_zh if zh else line.mend_en
    beside = " ".join(part for part in (line.found and f"（{line.found}）", mend) if part)
    return f"{said}\n        {beside}" if beside else said


def format_verdict(report: Report, zh: bool) -> str:
    good, bad = report.counts
    if zh:
        return f"通过 {good} 项，不通过 {bad} 项：{'验收通过' if report.passed else '还不行'}。"
    return f"{good} passed, {bad} did not: {'accepted' if report.passed else 'not yet'}."


def write_page(report: Report, path: Path) -> None:
    path.write_text(build_page(report), encoding="utf-8")


def build_page(report: Report) -> str:
    """In Chinese, with the English below each line."""
    rows = "".join(build_row(i, line) for i, line in enumerate(report.lines, 1))
    at = time.strftime("%Y-%m-%d %H:%M", time.localtime(report.at or time.time()))
    facts = "".join(
        f"<tr><th>{name}</th><td>{html.escape(value)}</td></tr>"
        for name, value in (
            ("沙箱 Sandbox", report.hospital),
            ("系统 System", report.client),
            ("平台 Platform", report.platform),
            ("时间 Time", at),
            ("结论 Verdict", f"{format_verdict(report, True)} {format_verdict(report, False)}"),
        )
    )
    return (
        f'<!DOCTYPE html><html lang="zh"><meta charset="utf-8"><title>接入验收报告</title>'
        f"<style>{STYLE}</style><h1>接入验收报告 <small>Acceptance report</small></h1>"
        f"<table>{facts}</table><h2>逐项结果 <small>Results</small></h2>"
        f"<table><tr><th>#</th><th>项目 Item</th><th>结果 Result</th></tr>{rows}</table>"
        "<p>签字 Signed: ____________________　日期 Date: ____________</p></html>"
    )


def build_row(number: int, line: Line) -> str:
    verdicts: dict[bool | None, str] = {
        True: "通过 passed",
        False: '<span class="no">不通过 failed</span>',
        None: "未见 not seen",
    }
    verdict = verdicts[line.passed]
    beside = (
        ""
        if line.passed is True
        else "<br>".join(
            html.escape(text) for text in (line.found, line.mend_zh, line.mend_en) if text
        )
    )
    return (
        f"<tr><td>{number}</td><td>{html.escape(line.zh)}<br><small>{html.escape(line.en)}</small>"
        f"</td><td>{verdict}{'<br><small>' + beside + '</small>' if beside else ''}</td></tr>"
    )

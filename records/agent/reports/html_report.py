"""The report as one page that needs nothing beside it."""

from __future__ import annotations

from html import escape

from ..mapping.intake import Counts, ReadTable
from .fault_book import FaultBook
from .text_report import head_lines, say_place
from .words import say

STYLE = (
    "body{font:15px/1.6 'Microsoft YaHei','PingFang SC',sans-serif;margin:2em auto;max-width:70em;"
    "padding:0 1em;color:#1c2733}h1{font-size:1.4em}section{border:1px solid #c9d3dc;border-left:6px "
    "solid #c0392b;padding:.6em 1em;margin:1em 0}section.note{border-left-color:#c98a00}h2{font-size:"
    "1.05em;margin:.2em 0}table{border-collapse:collapse;margin:.5em 0}td,th{border:1px solid #c9d3dc"
    ";padding:.2em .6em;text-align:left;vertical-align:top}td.bad{background:#ffd9d6;overflow-wrap:anywhere}"
)


def html_report(book: FaultBook, tables: list[ReadTable], counts: Counts, language: str) -> str:
    title = say(language, "title")
    parts = [
        f'<!doctype html><html lang="{"zh-CN" if language == "zh" else "en"}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style><h1>{title}</h1>"
    ]
    lines = "".join(f"<li>{escape(line)}</li>" for line in head_lines(tables, counts, language))
    parts.append(f"<ul>{lines}</ul>")
    if not book.groups:
        parts.append(f"<p>{say(language, 'clean')}</p>")
    for group in book.sorted_groups():
        first = group.first
        kind = say(language, "warned" if first.warning else "refused")
        column = f" · {escape(first.column)}" if first.column else ""
        parts.append(
            f'<section class="{"note" if first.warning else "refused"}"><h2>{kind}：'
            f"{escape(first.why(language))}</h2><p><b>{say(language, 'mend')}</b>："
            f"{escape(first.mend(language))}</p><p>{escape(first.rule.code)}{column}，"
            f"{say(language, 'sharing')} {say(language, 'count', count=group.count)}</p>"
            f"<table><tr><th>{say(language, 'place')}</th><th>{say(language, 'column')}</th>"
            f"<th>{say(language, 'value')}</th></tr>"
        )
        for refusal in group.shown:
            parts.append(
                f"<tr><td>{escape(say_place(refusal, language))}</td>"
                f'<td>{escape(refusal.column)}</td><td class="bad">{escape(refusal.value)}</td></tr>'
            )
        parts.append("</table></section>")
    return "".join(parts)

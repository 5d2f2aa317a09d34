"""Serve the status as a page of this machine alone: http://127.0.0.1:8765/. It only tells; nothing
can be changed by it.
"""

from __future__ import annotations

import html
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from .settings import read_number
from .status_report import StatusReport, build_report
from .status_words import clock_words, list_facts, pick, say_group

if TYPE_CHECKING:
    from .context import AgentContext

ADDRESS = "127.0.0.1"
NAMES = ("127.0.0.1", "localhost")
SECURE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STYLE = """body{font:16px/1.6 "Microsoft YaHei","Noto Sans CJK SC",sans-serif;max-width:52em;
margin:2em auto;padding:0 1em;color:#222}h1{font-size:1.3em}li{margin:.4em 0;overflow-wrap:anywhere}
h2{font-size:1.1em}
.good::marker{color:#18794e}.bad{color:#a40000;font-weight:bold}
.foot{color:#666;font-size:.85em}"""


class StatusServer(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False  # on Windows it would let another program take the port as well

    def __init__(self, context: AgentContext, port: int) -> None:
        super().__init__((ADDRESS, port), StatusHandler)
        self.context = context


class StatusHandler(BaseHTTPRequestHandler):
    server_version = "xinglin-agent"
    sys_version = ""
    timeout = 10
    server: StatusServer

    def do_GET(self) -> None:
        """Another site's page that has its name lead here (DNS rebinding) sends its own name."""
        host, _, port = self.headers.get("Host", "").rpartition(":")
        if host not in NAMES or port != str(self.server.server_address[1]):
            self._answer(421, "text/plain", "This page is for this machine: http://127.0.0.1/")
            return
        address = urlsplit(self.path)
        if address.path not in ("/", "/status.json"):
            self._answer(404, "text/plain", "There is / and /status.json")
            return
        try:
            report = build_report(self.server.context)
        finally:
            self.server.context.outbox.close_reader()  # each request is a thread
        if address.path == "/status.json":
            self._answer(200, "application/json", json.dumps(report.as_json(), ensure_ascii=False))
            return
        asked = parse_qs(address.query).get("language", [""])[0]
        language = asked if asked in ("zh", "en") else self.server.context.language
        self._answer(200, "text/html", render_page(report, language))

    def _answer(self, status: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in SECURE.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nobody needs to know who looked."""


def serve_status(context: AgentContext) -> None:
    port = int(read_number(context.settings, "status", "port", 0, 65535))
    if not port:  # switched off
        context.stopping.wait()
        return
    server = StatusServer(context, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.2,), daemon=True)
    thread.start()
    try:
        context.stopping.wait()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def render_page(report: StatusReport, language: str) -> str:
    title = pick(language, "杏林数据上传", "Xinglin agent")
    facts = "".join(
        f'<li class="{"good" if good else "bad"}">{html.escape(sentence)}</li>'
        for good, sentence in list_facts(report, language)
    )
    groups = "".join(
        f"<li>{html.escape(say_group(group, language))}</li>" for group in report.refused
    )
    none = pick(language, "没有。", "None.")
    other = pick(language, '<a href="?language=en">English</a>', '<a href="?language=zh">中文</a>')
    return f"""<!DOCTYPE html>
<html lang="{pick(language, "zh-CN", "en")}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="10"><title>{title}</title><style>{STYLE}</style></head>
<body><h1>{title} · {html.escape(report.hospital)}</h1><ul>{facts}</ul>
<h2>{pick(language, "被退回和等待的", "Refused and waiting")}</h2>
{f"<ol>{groups}</ol>" if groups else f"<p>{none}</p>"}
<p class="foot">{html.escape(report.platform)} · {html.escape(report.version)} ·
{clock_words(report.at)} · {other}</p></body></html>
"""

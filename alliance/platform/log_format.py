"""Log lines with a time, a code and the request id; never a name, an id number, a query string
or a body.
"""

import json
import logging
import re
from contextvars import ContextVar
from typing import Any

from alliance.platform.environment import read_setting

OTHERS = ("gunicorn", "psycopg", "asyncio", "concurrent")
CODE = re.compile(r"[A-Z]+[0-9]{3}\b")
ABOUT = (
    "door",
    "interaction",
    "member",
    "status",
    "milliseconds",
)  # what a line of a request says besides
SIGNAL = re.compile(r"SIG[A-Z0-9]+!?")
request_id: ContextVar[str] = ContextVar("request_id", default="-")


class CodedFormatter(logging.Formatter):
    """`2026-01-31T08:00:00+0800 WARNING xinglin.fhir r=4f1c… message`. Exceptions keep their
    stack, not their values.
    """

    default_time_format = "%Y-%m-%dT%H:%M:%S%z"
    default_msec_format = ""

    def format(self, record: logging.LogRecord) -> str:
        line = (
            f"{self.formatTime(record)} {record.levelname} {record.name} r={request_id.get()}"
            f" {self.safe_message(record)}"
        )
        if record.exc_info and record.exc_info[0]:
            line += "\n" + self.format_frames(record)
        return line

    def safe_message(self, record: logging.LogRecord) -> str:
        """Django's request lines quote the path, and a path may hold a number that a member
        chose as id: the status alone. Of what others say, gunicorn and the job worker, what they
        always say: what they put into it may be an address, or the text of an error.
        """
        if record.name.startswith("django.request"):
            return f"HTTP{getattr(record, 'status_code', '')}"
        if record.name.startswith("procrastinate"):
            return str(getattr(record, "action", "job worker"))
        return mask_values(record) if record.name.startswith(OTHERS) else record.getMessage()

    def format_frames(self, record: logging.LogRecord) -> str:
        """File, line and function of each frame and the exception's type: its text may quote a
        patient.
        """
        return "\n".join(f"  {frame}" for frame in self.list_frames(record))

    def list_frames(self, record: logging.LogRecord) -> list[str]:
        frames = []
        kind, _, trace = record.exc_info  # type: ignore[misc]
        while trace is not None:
            code = trace.tb_frame.f_code
            frames.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        return [*frames, kind.__name__ if kind else "?"]


class JSONFormatter(CodedFormatter):
    """The same as an object a line: time, level, logger, code, request, text; of a request door,
    interaction, member, status, milliseconds; of an exception its stack.
    """

    def format(self, record: logging.LogRecord) -> str:
        text = self.safe_message(record)
        code = CODE.match(text)
        line: dict[str, Any] = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "code": code[0] if code else "",
            "request": request_id.get(),
            "text": text,
        }
        about = getattr(record, "about", {})
        line |= {name: about[name] for name in ABOUT if name in about}
        if record.exc_info and record.exc_info[0]:
            line["stack"] = self.list_frames(record)
        return json.dumps(line, ensure_ascii=False)


def make_formatter() -> logging.Formatter:
    """As $XINGLIN_LOG_FORMAT says."""
    return JSONFormatter() if read_setting("XINGLIN_LOG_FORMAT") == "json" else CodedFormatter()


def mask_values(record: logging.LogRecord) -> str:
    """The sentence with its numbers and signals; "…" for whatever else was put into it."""
    if not isinstance(record.msg, str):
        return type(record.msg).__name__
    kept = (
        tuple(a if isinstance(a, int) or SIGNAL.fullmatch(str(a)) else "…" for a in record.args)
        if isinstance(record.args, tuple)
        else ()
    )
    try:
        return record.msg % kept if record.args else record.msg
    except (TypeError, ValueError):
        return record.msg

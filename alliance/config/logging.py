"""Log lines with a time, a code and the request id; never a name, an id number, a query string or a body."""

import logging
import re
from contextvars import ContextVar

OTHERS = ("gunicorn", "psycopg", "asyncio", "concurrent")
SIGNAL = re.compile(r"SIG[A-Z0-9]+!?")
request_id: ContextVar[str] = ContextVar("request_id", default="-")


class CodedFormatter(logging.Formatter):
    """`2026-01-31T08:00:00+0800 WARNING xinglin.fhir r=4f1c… message`. Exceptions keep their stack, not their values."""

    default_time_format = "%Y-%m-%dT%H:%M:%S%z"
    default_msec_format = ""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{self.formatTime(record)} {record.levelname} {record.name} r={request_id.get()} {self.says(record)}"
        if record.exc_info and record.exc_info[0]:
            line += "\n" + self.stack(record)
        return line

    def says(self, record: logging.LogRecord) -> str:
        """Django's request lines quote the path, and a path may hold a number that a member chose as id: the status alone. Of what others say, gunicorn and the job
        worker, what they always say: what they put into it may be an address, or the text of an error."""
        if record.name.startswith("django.request"):
            return f"HTTP{getattr(record, 'status_code', '')}"
        if record.name.startswith("procrastinate"):
            return str(getattr(record, "action", "job worker"))
        return without_values(record) if record.name.startswith(OTHERS) else record.getMessage()

    def stack(self, record: logging.LogRecord) -> str:
        """File, line and function of each frame and the exception's type: its text may quote a patient."""
        frames = []
        kind, _, trace = record.exc_info  # type: ignore[misc]
        while trace is not None:
            code = trace.tb_frame.f_code
            frames.append(f"  {code.co_filename}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        return "\n".join(frames + [f"  {kind.__name__ if kind else '?'}"])


def without_values(record: logging.LogRecord) -> str:
    """The sentence with its numbers and signals; "…" for whatever else was put into it."""
    if not isinstance(record.msg, str):
        return type(record.msg).__name__
    kept = tuple(a if isinstance(a, int) or SIGNAL.fullmatch(str(a)) else "…" for a in record.args) if isinstance(record.args, tuple) else ()
    try:
        return record.msg % kept if record.args else record.msg
    except (TypeError, ValueError):
        return record.msg

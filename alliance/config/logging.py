"""Log lines with a time, a code and the request id; never a name, an id number, a query string or a body."""

import logging
from contextvars import ContextVar

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
        """Django's request lines quote the path, and a path may hold a number that a member chose as id: the status alone."""
        if record.name.startswith("django.request"):
            return f"HTTP{getattr(record, 'status_code', '')}"
        return record.getMessage()

    def stack(self, record: logging.LogRecord) -> str:
        """File, line and function of each frame and the exception's type: its text may quote a patient."""
        frames = []
        kind, _, trace = record.exc_info  # type: ignore[misc]
        while trace is not None:
            code = trace.tb_frame.f_code
            frames.append(f"  {code.co_filename}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        return "\n".join(frames + [f"  {kind.__name__ if kind else '?'}"])

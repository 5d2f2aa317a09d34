"""Write the answer to a message (HL7 v2, original mode): AA taken, AE its content is at fault,
AR not now.
"""

from __future__ import annotations

import datetime as dt
import uuid

from ..hl7.message import Message
from ..refusal import Refusal

TAKEN, FAULTY, LATER = "AA", "AE", "AR"
MOST_ERRORS = 10  # told in one answer
LONGEST_TEXT = 200


def write_answer(
    message: Message | None,
    code: str,
    refusals: list[Refusal],
    language: str = "zh",
    text: str = "",
) -> bytes:
    """message: None where its header could not be read; then nobody can be named."""
    if message is None:
        return _plain_answer(code, refusals, language, text)
    header, separators = message.header, message.header.separators
    field = separators.field
    now = dt.datetime.now().astimezone().strftime("%Y%m%d%H%M%S%z")
    event = header.raw(9).split(separators.component)
    marks = header.raw(2)
    kind = separators.component.join(("ACK", *event[1:2]))
    named = header.raw(18)
    rows = [
        f"MSH{field}{marks}{field}"
        + field.join(
            (
                header.raw(5),
                header.raw(6),
                header.raw(3),
                header.raw(4),
                now,
                "",
                kind,
                uuid.uuid4().hex[:20],
                header.raw(11),
                header.raw(12),
                *(("", "", "", "", "", named) if named else ()),
            )
        ),
        field.join(("MSA", code, header.raw(10), *((separators.escaped(text),) if text else ()))),
    ]
    for refusal in [r for r in refusals if not r.warning][:MOST_ERRORS]:
        rows.append(_error_row(refusal, language, field, separators.component, separators.escaped))
    return "".join(f"{row}\r" for row in rows).encode(header.codec, "replace")


def _error_row(refusal: Refusal, language: str, field: str, component: str, escaped: object) -> str:
    """ERR of v2.5: where, what by table 0357, how bad, and words for people."""
    assert callable(escaped)
    segment, _, number = refusal.column.partition("-")
    place = component.join((segment, "1", number)) if segment else ""
    words = f"{refusal.why(language)}{refusal.mend(language)}"
    return field.join(
        (
            "ERR",
            "",
            place,
            component.join(("207", "Application error", "HL70357")),
            "E",
            "",
            "",
            escaped(refusal.rule.code),
            escaped(words[:LONGEST_TEXT]),
        )
    )


def _plain_answer(code: str, refusals: list[Refusal], language: str, text: str) -> bytes:
    now = dt.datetime.now().astimezone().strftime("%Y%m%d%H%M%S%z")
    words = text or next((r.why(language) for r in refusals), "")
    clean = "".join(" " if c in "|^~\\&\r\n" else c for c in words)[:LONGEST_TEXT]
    header = f"MSH|^~\\&|||||{now}||ACK|{uuid.uuid4().hex[:20]}|P|2.5||||||UNICODE UTF-8"
    return f"{header}\rMSA|{code}||{clean}\r".encode()

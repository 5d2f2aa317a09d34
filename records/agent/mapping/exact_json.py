"""Write a resource as one line of JSON in which a Decimal keeps its digits: 5.60 stays 5.60 (FHIR
R4 json.html#primitive).
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

MARK = re.compile(r'"\\u0000([^"]*)"')  # no value of a row holds a NUL: it would be taken out


def mark_decimal(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"\0{value}"
    raise TypeError(f"{type(value).__name__} is no JSON")


ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=mark_decimal)


def encode_exactly(resource: dict[str, Any]) -> bytes:
    line = ENCODER.encode(resource)
    return (MARK.sub(r"\1", line) if "\\u0000" in line else line).encode()


def decode_exactly(line: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(line, parse_float=Decimal)
    return found

"""The header of an opinion's signature, and the parts of a detached JWS (RFC 7515). Pure."""

import base64
import json
from typing import Any


def encode_part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def read_header(jws: str) -> dict[str, Any]:
    part = jws.split(".")[0]
    header: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return header

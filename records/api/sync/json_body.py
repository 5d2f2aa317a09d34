"""Read the JSON object that a request of sync holds."""

import json
from typing import Any

from django.http import HttpRequest

from records.api.sync.read_body import read_body
from records.sync.sync_error import SyncError

LARGEST = 8 * 1024 * 1024  # bytes, unpacked; a day's prints are the longest


def read_json_body(request: HttpRequest, detail: str) -> dict[str, Any]:
    """detail: what the object holds. Raises SyncError."""
    try:
        content = json.loads(read_body(request, LARGEST))
    except (ValueError, RecursionError) as error:
        raise SyncError("body", detail=detail) from error
    if not isinstance(content, dict):
        raise SyncError("body", detail=detail)
    return content

"""The SHA-256 by which a resource is known to be the same, whoever wrote it down."""

import hashlib
import json
from typing import Any


def digest_resource(resource: dict[str, Any]) -> str:
    """Of it as canonical JSON: sorted, without blanks."""
    text = json.dumps(resource, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()

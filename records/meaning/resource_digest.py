"""SHA-256 by which a record that goes along with a referral is known again. Pure."""

import hashlib
import json
from typing import Any

from records.meaning.medicine import separate_medication


def digest_resource(resource: dict[str, Any]) -> str:
    """Of it as canonical JSON: sorted, without blanks and nulls, and without a Medication that a
    page has joined to it.
    """
    text = json.dumps(
        separate_medication(resource), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(text.encode()).hexdigest()

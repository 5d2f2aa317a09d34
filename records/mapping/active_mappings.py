"""The approved mappings of a hospital, as writers add them: believed for some seconds, so that a
write asks the database for nothing. What is written meanwhile by older ones is mended by the job
that follows the store (records/mapping/follow_store.py).
"""

import threading
import time

from django.db import transaction

from records.mapping.apply_mappings import MappedTarget, Mappings
from records.models import CodeMapping

BELIEVED_SECONDS = 5.0
lock = threading.Lock()
believed: dict[int, tuple[float, Mappings]] = {}


def get_active_mappings(hospital_id: int) -> Mappings:
    """Of this process's memory where they are fresh."""
    known = believed.get(hospital_id)
    if known is not None and time.monotonic() - known[0] < BELIEVED_SECONDS:
        return known[1]
    found = load_active_mappings(hospital_id)
    with lock:
        believed[hospital_id] = (time.monotonic(), found)
    return found


def forget_active_mappings() -> None:
    """The next who asks asks the database: in this process, as soon as a change is committed."""
    transaction.on_commit(believed.clear)


def load_active_mappings(hospital_id: int) -> Mappings:
    rows = (
        CodeMapping.objects.filter(hospital_id=hospital_id, state=CodeMapping.State.APPROVED)
        .order_by("code_id", "target_system")
        .values_list(
            "code__key",
            "target_system",
            "target_code",
            "target_display",
            "kind",
            "version",
            "hospital__code",
        )
    )
    found: dict[str, tuple[MappedTarget, ...]] = {}
    for key, system, code, display, kind, version, hospital in rows:
        target = MappedTarget(system, code, display, f"{map_url(hospital, kind)}|{version}")
        found[key] = (*found.get(key, ()), target)
    return found


def map_url(hospital: str, kind: str) -> str:
    """The canonical address of a hospital's map of one kind."""
    return f"urn:xinglin:map:{hospital}:{kind}"

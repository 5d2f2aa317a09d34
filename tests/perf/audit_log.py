"""How fast the audit log is sealed beside the running site, verified from nothing and from the last
mark, and how fast tools/verify.py reads an evidence package. BENCH_AUDIT sets how many lines.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.factories.evidence_packages import LOG_KEY, fingerprint, make_line, make_package
from tests.perf.installation import ROOT, Installation
from tests.perf.load import tell

LINES = int(os.environ.get("BENCH_AUDIT", "200000"))
AT_ONCE = 5000
WRITE = f"""
from django.db import connection
for n in range({LINES // AT_ONCE}):
    with connection.cursor() as c:
        c.execute("INSERT INTO consent_audit_event (code, actor_kind, actor, actor_hospital, role,"
                  " purpose, outcome, reason, person, target, detail, refs, address, request_id)"
                  " SELECT 'records:record:read', 'staff', (n % 400)::text, 'donghu', 'clinician',"
                  " 'TREAT', 'success', '', gen_random_uuid(), 'donghu/Observation/' || n,"
                  " 'results', ARRAY['donghu/Observation/' || n || '/1'], '10.0.0.7',"
                  " md5(n::text) FROM generate_series(1, {AT_ONCE}) n")
"""
LEFT = (
    "SELECT count(*) FROM consent_audit_event e WHERE NOT EXISTS (SELECT FROM consent_audit_leaf l"
    " WHERE l.event_id = e.id)"
)


def processor_time(work: Callable[[], Any]) -> float:
    """Of the processes that it starts, and of this one, in seconds."""

    def used() -> float:
        return sum(
            u.ru_utime + u.ru_stime
            for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        )

    before = used()
    work()
    return used() - before


def load_verifier() -> ModuleType:
    """As it lies in the release; it needs nothing of ours."""
    spec = spec_from_file_location("stand_alone_verifier", ROOT / "tools/verify.py")
    assert spec and spec.loader
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measured(home: Installation) -> None:
    began = time.monotonic()
    home.manage("shell", "-c", WRITE)
    while home.sql(LEFT)[0][0] > AT_ONCE:
        time.sleep(0.2)
    wall = time.monotonic() - began
    tell("audit log: written and sealed", lines=LINES, per_s=round(LINES / wall))
    total = home.sql("SELECT count(*) FROM consent_audit_leaf")[0][0]
    for what, how in (
        ("from nothing", ("--since-last",)),
        ("since the last time", ("--since-last",)),
    ):
        spent = processor_time(lambda how=how: home.manage("audit_verify", *how))  # type: ignore[misc]
        tell(f"audit_verify, {what}", lines=total, processor_s=round(spent, 1))
    verified()


def verified() -> None:
    """The stand-alone verifier, on a package of its own."""
    verifier = load_verifier()
    log = [make_line(n) | {"recorded": f"2026-11-02T07:30:{n % 60:02d}Z"} for n in range(LINES)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "package.zip"
        make_package(log=log, exported=list(range(LINES))).write(path)
        pins = verifier.parse_keys(fingerprint(LOG_KEY))
        spent = processor_time(lambda: verifier.verify_package(path, pins))
    tell("tools/verify.py", lines=LINES, per_processor_s=round(LINES / spent))


if __name__ == "__main__":
    verified()
